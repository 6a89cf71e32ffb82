package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.udp.MulticastGroup.Membership;
import io.netty.channel.ChannelException;
import io.netty.channel.socket.DatagramChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.ClosedChannelException;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** The memberships of one endpoint in one group. Any thread. */
public final class Memberships {

    /** Changes a membership of the channel. */
    private interface Change {
        Future<?> apply(DatagramChannel channel, NetworkInterface networkInterface);
    }

    private final EndpointSocket socket;
    private final InetSocketAddress group;
    /** Loop only; what others see is a copy. */
    private final Set<Membership> members = new HashSet<>();

    private volatile Set<Membership> current = Set.of();

    /** None yet. */
    public Memberships(EndpointSocket socket, InetSocketAddress group) {
        this.socket = socket;
        this.group = group;
    }

    /** An address of multicast with a port. */
    public static void requireGroup(InetSocketAddress group) {
        Datagrams.requireRecipient("group", group);
        if (!group.getAddress().isMulticastAddress()) {
            throw new IllegalArgumentException(
                    "group: " + group + " (must be a multicast address: 224.0.0.0 to 239.255.255.255, or ff00::/8)");
        }
    }

    /** Those of now; none once the endpoint is closed. */
    public Set<Membership> current() {
        DatagramChannel channel = socket.channel();
        return channel == null || !channel.isOpen() ? Set.of() : current;
    }

    /** Becomes a member; {@code source} is null for all. */
    public CompletableFuture<@Nullable Void> join(String networkInterface, @Nullable InetAddress source) {
        Membership membership = membership(networkInterface, source);
        return onLoop((channel, future) -> {
            if (members.contains(membership)) {
                future.succeed(null);
                return;
            }
            if (members.stream()
                    .anyMatch(other -> other.networkInterface().equals(networkInterface)
                            && (other.source() == null) != (source == null))) {
                future.fail(new IllegalStateException("group " + group + " has been joined on " + networkInterface
                        + (source == null ? " for single senders" : " for all senders") + ": leave it there first"));
                return;
            }
            change(channel, membership, future, (it, on) -> it.joinGroup(group.getAddress(), on, source));
        });
    }

    /** Ends a membership. */
    public CompletableFuture<@Nullable Void> leave(String networkInterface, @Nullable InetAddress source) {
        Membership membership = membership(networkInterface, source);
        return onLoop((channel, future) -> {
            if (members.contains(membership)) {
                change(channel, membership, future, (it, on) -> it.leaveGroup(group.getAddress(), on, source));
            } else {
                future.fail(new IllegalStateException("group " + group + " has not been joined on " + networkInterface
                        + (source == null ? "" : " for " + source)));
            }
        });
    }

    private Membership membership(String networkInterface, @Nullable InetAddress source) {
        Objects.requireNonNull(networkInterface, "networkInterface: must not be null");
        Class<?> version = group.getAddress().getClass();
        if (source != null && (source.getClass() != version || source.isMulticastAddress())) {
            throw new IllegalArgumentException("source: " + source
                    + " (must be the address of one sender, of the IP version of the group " + group + ")");
        }
        Datagrams.open(socket);
        InetSocketAddress local = Objects.requireNonNull(socket.local());
        if (local.getAddress().getClass() != version) {
            throw new IllegalArgumentException(
                    "group: " + group + " (must be of the IP version of the endpoint's address " + local + ")");
        }
        return new Membership(networkInterface, source);
    }

    private interface Action {
        void run(DatagramChannel channel, ToolkitFuture<@Nullable Void> future);
    }

    private CompletableFuture<@Nullable Void> onLoop(Action action) {
        DatagramChannel channel = Datagrams.open(socket);
        ToolkitFuture<@Nullable Void> future = new ToolkitFuture<>(socket.loop());
        try {
            socket.loop().execute(() -> {
                if (channel.isOpen()) {
                    run(action, channel, future);
                } else {
                    fail(future, new ClosedChannelException());
                }
            });
        } catch (RejectedExecutionException loopIsGone) {
            fail(future, loopIsGone);
        }
        return future;
    }

    private void run(Action action, DatagramChannel channel, ToolkitFuture<@Nullable Void> future) {
        try {
            action.run(channel, future);
        } catch (ChannelException refused) {
            // The native transports throw what the system says, where nio fails its promise with the IOException.
            fail(future, new IOException(refused.getMessage(), refused));
        } catch (RuntimeException failure) {
            fail(future, failure);
        }
    }

    private void change(
            DatagramChannel channel, Membership membership, ToolkitFuture<@Nullable Void> future, Change change) {
        NetworkInterface networkInterface;
        try {
            networkInterface = SocketSettings.interfaceOf(membership.networkInterface());
        } catch (IOException missing) {
            fail(future, missing);
            return;
        }
        // Done when it returns: the loop is this thread.
        change.apply(channel, networkInterface).addListener(done -> {
            if (!done.isSuccess()) {
                fail(future, done.cause());
                return;
            }
            if (!members.remove(membership)) {
                members.add(membership);
            }
            current = Set.copyOf(members);
            future.succeed(null);
        });
    }

    private void fail(ToolkitFuture<@Nullable Void> future, Throwable cause) {
        future.fail(NetException.of(cause, Operation.BIND, socket.local(), group, null));
    }
}

package io.nettoolkit.udp;

import io.nettoolkit.udp.internal.datagram.Memberships;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A group of multicast as one endpoint sees it: joins it, leaves it, sends to it.
 *
 * <pre>{@code
 * DatagramEndpoint endpoint = DatagramEndpoint.builder(handler)
 *         .reuseAddress(true) // others on this host may listen to the group too
 *         .multicastInterface("eth0")
 *         .build();
 * endpoint.bind(new InetSocketAddress("0.0.0.0", 5000)).join();
 * MulticastGroup group = MulticastGroup.of(endpoint, new InetSocketAddress("239.1.2.3", 5000));
 * group.join("eth0").join();
 * group.send(datagram);
 * }</pre>
 *
 * <p>What members send comes to the endpoint's handler like any other datagram. A membership is one of a network interface,
 * and either for all senders or for one ({@link #join(String, InetAddress)}, source-specific multicast). One need not be a
 * member to send. How far multicast goes, by which interface it leaves, and whether this host hears itself are options of
 * the endpoint: {@link DatagramEndpoint.Builder#multicastTimeToLive}, {@link DatagramEndpoint.Builder#multicastInterface},
 * {@link DatagramEndpoint.Builder#multicastLoopback}.
 *
 * <p>The endpoint has to be bound to an address of the group's IP version: {@code 0.0.0.0} or {@code ::}, or, where nothing
 * but the group is to be heard and the system allows it, the group's address itself.
 *
 * <p><b>Threading.</b> Any thread may call every method; changes take effect in the order in which one thread made them.
 *
 * <p><b>Life cycle.</b> Memberships end with {@link #leave}, or with the endpoint. Several groups may share an endpoint.
 *
 * <p><b>Failure.</b> An address that is not one of multicast, or of the other IP version, is an
 * {@link IllegalArgumentException} at the call. All else fails through the future with a
 * {@link io.nettoolkit.core.NetException}: UNREACHABLE where the interface does not exist or is down, RESOURCE_EXHAUSTED
 * where the system allows no more memberships.
 *
 * <p><b>Sources.</b> RFC 1112, RFC 3376 (IGMPv3), RFC 3810 (MLDv2), RFC 4607 (source-specific multicast); ip(7), ipv6(7).
 */
public final class MulticastGroup {

    private final DatagramEndpoint endpoint;
    private final InetSocketAddress address;
    private final Memberships memberships;

    private MulticastGroup(DatagramEndpoint endpoint, InetSocketAddress address) {
        this.endpoint = endpoint;
        this.address = address;
        memberships = new Memberships(endpoint.socket(), address);
    }

    /**
     * A group, for an endpoint that is or will be bound.
     *
     * @param group its address, and the port that {@link #send} sends to
     */
    public static MulticastGroup of(DatagramEndpoint endpoint, InetSocketAddress group) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Memberships.requireGroup(group);
        return new MulticastGroup(endpoint, group);
    }

    /**
     * Takes what anybody sends to the group on this network interface, such as "eth0". Does nothing where that is so
     * already.
     *
     * @throws IllegalStateException when the endpoint is not open
     */
    public CompletableFuture<@Nullable Void> join(String networkInterface) {
        return memberships.join(networkInterface, null);
    }

    /**
     * Takes what this sender sends to the group on this network interface; call it again for more senders. Does nothing
     * where that is so already.
     *
     * @throws IllegalStateException when the endpoint is not open
     */
    public CompletableFuture<@Nullable Void> join(String networkInterface, InetAddress source) {
        return memberships.join(networkInterface, Objects.requireNonNull(source, "source: must not be null"));
    }

    /** Ends {@link #join(String)}; fails with an {@link IllegalStateException} where there is no such membership. */
    public CompletableFuture<@Nullable Void> leave(String networkInterface) {
        return memberships.leave(networkInterface, null);
    }

    /**
     * Ends {@link #join(String, InetAddress)}; fails with an {@link IllegalStateException} where there is no such membership.
     */
    public CompletableFuture<@Nullable Void> leave(String networkInterface, InetAddress source) {
        return memberships.leave(networkInterface, Objects.requireNonNull(source, "source: must not be null"));
    }

    /** The memberships of now. */
    public Set<Membership> memberships() {
        return memberships.current();
    }

    /** Queues a datagram to the group, as {@link DatagramEndpoint#trySend(ByteBuf, InetSocketAddress)}. */
    public boolean trySend(ByteBuf datagram) {
        return endpoint.trySend(datagram, address);
    }

    /** Sends a datagram to the group, as {@link DatagramEndpoint#send(ByteBuf, InetSocketAddress)}. */
    public CompletableFuture<@Nullable Void> send(ByteBuf datagram) {
        return endpoint.send(datagram, address);
    }

    /** The group's address, and the port that is sent to. */
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public String toString() {
        return "MulticastGroup[" + address + ", memberships=" + memberships.current() + "]";
    }

    /**
     * What is taken from a group.
     *
     * @param networkInterface its name
     * @param source the only sender; {@code null} for all
     */
    public record Membership(
            String networkInterface, @Nullable InetAddress source) {}
}

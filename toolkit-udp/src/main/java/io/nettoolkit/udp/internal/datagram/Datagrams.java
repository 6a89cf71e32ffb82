package io.nettoolkit.udp.internal.datagram;

import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramChannel;
import io.netty.util.IllegalReferenceCountException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What has to be true of a send before it reaches the queue; what is not throws here, at the user's call. */
public final class Datagrams {

    /** What is left of 65,535 bytes by the header of UDP; the one of IPv6 does not count. */
    public static final int MAX_BYTES_V6 = 65_527;

    /** What the header of IPv4 leaves as well. */
    private static final int MAX_BYTES_V4 = 65_507;

    private Datagrams() {}

    /** Queues a datagram if there is room. */
    public static boolean trySend(EndpointSocket socket, ByteBuf datagram, @Nullable InetSocketAddress recipient) {
        check(socket, datagram, recipient);
        return socket.queue().trySend(datagram, recipient);
    }

    /** Queues a datagram. */
    public static CompletableFuture<@Nullable Void> send(
            EndpointSocket socket, ByteBuf datagram, @Nullable InetSocketAddress recipient) {
        try {
            check(socket, datagram, recipient);
        } catch (RuntimeException wrong) {
            if (datagram.refCnt() > 0) {
                datagram.release();
            }
            throw wrong;
        }
        return socket.queue().send(datagram, recipient);
    }

    /** Whether the queue is below half of its cap. */
    public static boolean isWritable(EndpointSocket socket) {
        return socket.queue().isWritable();
    }

    private static void check(EndpointSocket socket, ByteBuf datagram, @Nullable InetSocketAddress recipient) {
        if (datagram.refCnt() == 0) {
            throw new IllegalReferenceCountException(0);
        }
        open(socket);
        InetSocketAddress peer = socket.remote();
        if (recipient == null && peer == null) {
            throw new IllegalStateException(socket.name() + " is bound, not connected: give a recipient");
        }
        if (recipient != null) {
            requireRecipient("recipient", recipient);
            if (peer != null) {
                throw new IllegalStateException(
                        socket.name() + " is connected to " + peer + ": send without a recipient, or bind it instead");
            }
        }
        InetSocketAddress to = Objects.requireNonNull(recipient == null ? peer : recipient);
        boolean v4 = to.getAddress() instanceof Inet4Address;
        if (!v4 && isV4(socket)) {
            throw new IllegalArgumentException("recipient: " + to + " (must be an IPv4 address, as " + socket.name()
                    + " is bound to " + socket.local() + ")");
        }
        int bytes = datagram.readableBytes();
        int most = v4 ? MAX_BYTES_V4 : MAX_BYTES_V6;
        if (bytes == 0 || bytes > most) {
            throw new IllegalArgumentException(
                    "datagram: " + bytes + " bytes (must be from 1 to " + most + ", what UDP carries)");
        }
    }

    /** Whether this open endpoint speaks IPv4 alone. */
    public static boolean isV4(EndpointSocket socket) {
        InetSocketAddress local = socket.local();
        return local != null && local.getAddress() instanceof Inet4Address;
    }

    /** The channel of an endpoint that is open, or was. */
    public static DatagramChannel open(EndpointSocket socket) {
        DatagramChannel channel = socket.channel();
        if (channel == null) {
            throw new IllegalStateException(socket.name() + " is not open: wait for bind or connect first");
        }
        return channel;
    }

    /** An address with an IP address. */
    public static InetSocketAddress requireResolved(String name, InetSocketAddress address) {
        Objects.requireNonNull(address, () -> name + ": must not be null");
        if (address.isUnresolved()) {
            throw new IllegalArgumentException(
                    name + ": " + address + " (must be resolved: look the host up first, such as with toolkit-dns)");
        }
        return address;
    }

    /** An address that something can be sent to. */
    public static InetSocketAddress requireRecipient(String name, InetSocketAddress address) {
        requireResolved(name, address);
        if (address.getPort() == 0) {
            throw new IllegalArgumentException(name + ": " + address + " (must have a port from 1 to 65535)");
        }
        return address;
    }

    /** A number within its bounds. */
    public static int requireRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " (must be "
                    + (most == Integer.MAX_VALUE ? least + " or more" : "from " + least + " to " + most) + ")");
        }
        return value;
    }
}

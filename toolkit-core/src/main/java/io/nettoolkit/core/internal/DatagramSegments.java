package io.nettoolkit.core.internal;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.core.internal.transport.TransportProvider;
import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.InetSocketAddress;

/**
 * Several datagrams of one length as one message to the kernel, which takes it apart behind the routing (UDP_SEGMENT, Linux
 * 4.18): a way through the network stack costs more than a small datagram.
 *
 * <p>A device may refuse it, at the first send: then the datagrams have to go one by one.
 */
public final class DatagramSegments {

    /** As many segments as every kernel that knows them takes in one message. */
    public static final int MOST = 64;

    private DatagramSegments() {}

    /** Whether datagram channels on these loops take what {@link #joined} makes. */
    public static boolean areTakenBy(EventLoops loops) {
        return TransportProvider.of(loops.transport()).takesSegments();
    }

    /** Whether this channel takes them, whoever made it. */
    public static boolean areTakenBy(DatagramChannel channel) {
        return EpollChannels.include(channel)
                && TransportProvider.of(Transport.EPOLL).takesSegments();
    }

    /**
     * A message for a channel that is not connected.
     *
     * @param datagrams one after the other
     * @param length of each but the last, which may be shorter
     */
    public static Object joinedTo(InetSocketAddress recipient, ByteBuf datagrams, int length) {
        return new SegmentedDatagramPacket(datagrams, length, recipient);
    }

    /**
     * A message for a connected channel.
     *
     * @param datagrams one after the other
     * @param length of each but the last, which may be shorter
     * @param peer the address the channel is connected to
     */
    public static Object joined(ByteBuf datagrams, int length, InetSocketAddress peer) {
        // No recipient, or the kernel would look up the route again; but a packet has to name one side.
        return new SegmentedDatagramPacket(datagrams, length, null, peer);
    }
}

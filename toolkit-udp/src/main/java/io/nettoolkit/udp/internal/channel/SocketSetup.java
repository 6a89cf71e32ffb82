package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.datagram.BatchedReads;
import io.nettoolkit.udp.internal.datagram.PathMtu;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Options that not every transport has are found by their names among those the socket says it takes: their constants live
 * in the transports' own jars, which are optional.
 */

/** Sets the socket under connections up. */
final class SocketSetup {

    private static final int READS_PER_BURST = 128;
    private static final int BATCH_READ_BYTES = 1 << 16;

    private final DatagramChannel socket;
    private final List<String> notApplied = new ArrayList<>();

    private SocketSetup(DatagramChannel socket) {
        this.socket = socket;
    }

    /** Sets everything but the shared port; answers in words what the system does not grant. */
    static List<String> apply(DatagramChannel socket, RudpConfig config) {
        SocketSetup setup = new SocketSetup(socket);
        if (config.socketBufferBytes() > 0) {
            setup.buffer("SO_RCVBUF", ChannelOption.SO_RCVBUF, config.socketBufferBytes());
            setup.buffer("SO_SNDBUF", ChannelOption.SO_SNDBUF, config.socketBufferBytes());
        }
        setup.reads(TransportParameters.receivableBytes(config));
        setup.dontFragment();
        // What the kernel does not take now waits here; connections stop at the mark and go on when it is sent.
        socket.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1 << 19, 1 << 20));
        return List.copyOf(setup.notApplied);
    }

    /** Lets several sockets listen at one address; false where this transport cannot. */
    static boolean sharePort(DatagramChannel socket) {
        ChannelOption<?> option = find(socket, "SO_REUSEPORT");
        return option != null && set(socket, option, true);
    }

    private void buffer(String name, ChannelOption<Integer> option, int wanted) {
        if (!set(socket, option, wanted)) {
            notApplied.add(name + "=" + wanted + ": this transport cannot set it");
            return;
        }
        Integer granted = socket.config().getOption(option);
        if (granted != null && granted < wanted) {
            notApplied.add(name + "=" + wanted + ": the system cut it to " + granted);
        }
    }

    /** Where the transport can read many datagrams in a call, each gets its part of a large buffer. */
    private void reads(int datagramBytes) {
        ChannelOption<?> batched = find(socket, "MAX_DATAGRAM_PAYLOAD_SIZE");
        int perRead = BATCH_READ_BYTES / datagramBytes;
        boolean many = batched != null && perRead > 1 && set(socket, batched, datagramBytes);
        socket.config()
                .setRecvByteBufAllocator(BatchedReads.of(socket, datagramBytes, many ? perRead : 1, READS_PER_BURST));
    }

    private void dontFragment() {
        if (!PathMtu.dontFragment(socket, PathMtu.Discovery.SENDER)) {
            notApplied.add("don't fragment: this transport cannot set it here");
        }
    }

    private static @Nullable ChannelOption<?> find(DatagramChannel socket, String name) {
        for (ChannelOption<?> option : socket.config().getOptions().keySet()) {
            if (option.name().equals(name) || option.name().endsWith("#" + name)) {
                return option;
            }
        }
        return null;
    }

    /** The cast holds: the value is of the type the manual pages give the option, whatever the transport. */
    @SuppressWarnings("unchecked")
    private static boolean set(DatagramChannel socket, ChannelOption<?> option, Object value) {
        try {
            return socket.config().setOption((ChannelOption<Object>) option, value);
        } catch (RuntimeException refused) {
            return false;
        }
    }
}

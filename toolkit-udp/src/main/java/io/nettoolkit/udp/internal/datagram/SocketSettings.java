package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.Transport;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts an endpoint's options on its channel, before it is bound; keeps book of what was not granted. */
final class SocketSettings {

    /** Of both native transports, and spelled the same; with it they read many datagrams at once. */
    private static final ChannelOption<Integer> MAX_DATAGRAM_PAYLOAD_SIZE =
            ChannelOption.valueOf("MAX_DATAGRAM_PAYLOAD_SIZE");

    /** As Linux numbers them. */
    private static final ChannelOption<Integer> IP_MULTICAST_TTL =
            new IntegerUnixChannelOption("IP_MULTICAST_TTL", 0, 33);

    private static final ChannelOption<Integer> IPV6_MULTICAST_HOPS =
            new IntegerUnixChannelOption("IPV6_MULTICAST_HOPS", 41, 18);

    private static final int READ_BUFFER_BYTES = 64 << 10;
    private static final int MAX_DATAGRAMS_PER_CALL = 32;
    private static final int MAX_DATAGRAMS_PER_BURST = 128;

    private final DatagramOptions options;
    private final Transport transport;
    private final DatagramChannel channel;
    private final boolean v6;
    private final List<String> notApplied = new ArrayList<>();

    private SocketSettings(DatagramOptions options, DatagramChannel channel, SocketProtocolFamily family) {
        this.options = options;
        this.transport = options.loops().transport();
        this.channel = channel;
        v6 = family == SocketProtocolFamily.INET6;
    }

    /**
     * Applies the options.
     *
     * @return what was asked for and could not be had, in words
     * @throws IOException when the interface for multicast does not exist, or is down
     */
    static List<String> apply(DatagramOptions options, DatagramChannel channel, SocketProtocolFamily family)
            throws IOException {
        SocketSettings settings = new SocketSettings(options, channel, family);
        settings.applyReading();
        settings.applySocket();
        settings.applyMulticast();
        return List.copyOf(settings.notApplied);
    }

    private void applyReading() {
        // One byte more than is taken: a datagram that reaches it is longer than that, on every transport.
        int datagramBytes = options.maxDatagramBytes + 1;
        int perCall = Math.max(1, Math.min(MAX_DATAGRAMS_PER_CALL, READ_BUFFER_BYTES / datagramBytes));
        boolean many = perCall > 1 && channel.config().setOption(MAX_DATAGRAM_PAYLOAD_SIZE, datagramBytes);
        channel.config().setAllocator(options.loops().allocator());
        channel.config()
                .setRecvByteBufAllocator(
                        BatchedReads.of(channel, datagramBytes, many ? perCall : 1, MAX_DATAGRAMS_PER_BURST));
        int cap = (int) Math.min(Integer.MAX_VALUE, options.sendQueueBytes);
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(Math.max(1, cap / 2), cap));
    }

    private void applySocket() {
        set("receiveBufferBytes", ChannelOption.SO_RCVBUF, options.receiveBufferBytes);
        set("sendBufferBytes", ChannelOption.SO_SNDBUF, options.sendBufferBytes);
        if (options.broadcast) {
            channel.config().setBroadcast(true);
        }
        if (options.reuseAddress) {
            channel.config().setReuseAddress(true);
        }
        if (options.dontFragment && !PathMtu.dontFragment(channel, PathMtu.Discovery.SYSTEM)) {
            notApplied.add("dontFragment: this transport cannot set it here");
        }
    }

    private void set(String name, ChannelOption<Integer> option, int bytes) {
        if (bytes == 0) {
            return;
        }
        channel.config().setOption(option, bytes);
        Integer size = channel.config().getOption(option);
        // Linux keeps twice the size for its own books, which the JDK hides and the native transports do not.
        boolean doubled = transport == Transport.EPOLL || transport == Transport.IO_URING;
        int granted = size == null ? 0 : doubled ? size / 2 : size;
        if (granted < bytes) {
            notApplied.add(name + "=" + bytes + ": the system cut it to " + granted);
        }
    }

    private void applyMulticast() throws IOException {
        if (options.multicastInterface != null) {
            channel.config().setNetworkInterface(interfaceOf(options.multicastInterface));
        }
        if (options.multicastTimeToLive >= 0) {
            applyTimeToLive(options.multicastTimeToLive);
        }
        if (!options.multicastLoopback) {
            if (transport == Transport.NIO) {
                // Netty's own option for it takes the flag the other way round there.
                channel.config().setOption(NioChannelOption.of(StandardSocketOptions.IP_MULTICAST_LOOP), false);
            } else {
                channel.config().setLoopbackModeDisabled(true);
            }
        }
    }

    /** Netty's own option sets the TTL of unicast on the native transports of Linux, which must not be 0. */
    private void applyTimeToLive(int hops) {
        if (transport != Transport.EPOLL && transport != Transport.IO_URING) {
            channel.config().setTimeToLive(hops);
            return;
        }
        channel.config().setOption(v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, hops);
    }

    /** The interface of this name; the failure names those there are. */
    static NetworkInterface interfaceOf(String name) throws IOException {
        NetworkInterface found = NetworkInterface.getByName(name);
        if (found == null) {
            throw unusable("there is no network interface \"" + name + "\", only " + names());
        }
        if (!found.isUp()) {
            throw unusable("the network interface " + name + " is down");
        }
        return found;
    }

    private static NetException unusable(String detail) {
        return NetException.builder(Kind.UNREACHABLE, Operation.BIND)
                .detail(detail)
                .build();
    }

    private static String names() throws SocketException {
        List<String> names = new ArrayList<>();
        @Nullable Enumeration<NetworkInterface> all = NetworkInterface.getNetworkInterfaces();
        while (all != null && all.hasMoreElements()) {
            names.add(all.nextElement().getName());
        }
        return String.join(", ", names);
    }
}

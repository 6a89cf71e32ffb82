package io.nettoolkit.udp.internal.datagram;

import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.UnixChannel;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.OptionalInt;

/*
 * What each transport can do. The native ones of Linux take any number as an option, so both the don't-fragment bit and the
 * MTU are to be had there. The JDK has the bit alone, since 19 and where its module jdk.net is there; kqueue has neither, and
 * the numbers below are other options there.
 *
 * A socket of both IP versions has each option twice, and the one of IPv4 is for the peers it serves as ::ffff:a.b.c.d.
 */

/** The longest packet that a path carries whole: asks the system to keep to it, and what it knows of it (ip(7), ipv6(7)). */
public final class PathMtu {

    /** Who finds out what a path carries. */
    public enum Discovery {
        /** The system, which then refuses what does not fit: IP_PMTUDISC_DO. */
        SYSTEM(2),
        /** Whoever sends; what the system has learnt stops nothing: IP_PMTUDISC_PROBE. On NIO the system all the same. */
        SENDER(3);

        private final int value;

        Discovery(int value) {
            this.value = value;
        }
    }

    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;
    private static final ChannelOption<Integer> IP_MTU_DISCOVER =
            new IntegerUnixChannelOption("IP_MTU_DISCOVER", IPPROTO_IP, 10);
    private static final ChannelOption<Integer> IPV6_MTU_DISCOVER =
            new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", IPPROTO_IPV6, 23);
    private static final ChannelOption<Integer> IP_MTU = new IntegerUnixChannelOption("IP_MTU", IPPROTO_IP, 14);
    private static final ChannelOption<Integer> IPV6_MTU = new IntegerUnixChannelOption("IPV6_MTU", IPPROTO_IPV6, 24);

    private static final int UDP_HEADER_BYTES = 8;
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int IPV6_HEADER_BYTES = 40;
    /** Every network that carries IPv6 carries packets of 1,280 bytes (RFC 8200 §5). */
    private static final int SAFE_BYTES = 1280 - IPV6_HEADER_BYTES - UDP_HEADER_BYTES;

    private PathMtu() {}

    /** Has nobody cut what this socket sends; false where the transport cannot say so to the system. */
    public static boolean dontFragment(DatagramChannel socket, Discovery discovery) {
        if (isOfLinux(socket)) {
            boolean v4 = set(socket, IP_MTU_DISCOVER, discovery.value);
            boolean v6 = set(socket, IPV6_MTU_DISCOVER, discovery.value);
            return v4 || v6;
        }
        for (ChannelOption<?> option : socket.config().getOptions().keySet()) {
            if (option.name().endsWith("IP_DONTFRAGMENT")) {
                return set(socket, option, true);
            }
        }
        return false;
    }

    /** What the path of a connected socket carries as far as the system knows; empty where it does not say. */
    static OptionalInt of(DatagramChannel socket, InetSocketAddress remote) {
        if (!isOfLinux(socket)) {
            return OptionalInt.empty();
        }
        try {
            Integer mtu = socket.config().getOption(isV4(remote) ? IP_MTU : IPV6_MTU);
            return mtu == null ? OptionalInt.empty() : OptionalInt.of(mtu);
        } catch (ChannelException closedMeanwhile) {
            return OptionalInt.empty();
        }
    }

    /** What to tell of a datagram that the path does not carry, and what to do about it. */
    static String explain(int bytes, InetSocketAddress to, OptionalInt mtu) {
        return bytes + " bytes are a packet of " + (bytes + headerBytes(to)) + " with the headers: " + advice(to, mtu);
    }

    /** What to tell of a datagram that was sent already, and was too long for a router on its way. */
    static String explainLate(InetSocketAddress to, OptionalInt mtu) {
        return "a router dropped what was too long for the next link: " + advice(to, mtu);
    }

    private static String advice(InetSocketAddress to, OptionalInt mtu) {
        String limit = mtu.isPresent()
                ? "the path's MTU is " + mtu.getAsInt() + ", send at most " + (mtu.getAsInt() - headerBytes(to))
                        + " bytes"
                : "the path's MTU is less, and not told here; " + SAFE_BYTES + " bytes pass nearly everywhere";
        return limit + ", or allow fragments";
    }

    private static int headerBytes(InetSocketAddress to) {
        return UDP_HEADER_BYTES + (isV4(to) ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
    }

    private static boolean isV4(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address;
    }

    private static boolean isOfLinux(DatagramChannel socket) {
        return socket instanceof UnixChannel && !socket.getClass().getName().startsWith("io.netty.channel.kqueue.");
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

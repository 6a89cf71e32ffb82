package io.nettoolkit.core;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;

/**
 * How far an IP address reaches: the question behind "may a user's URL point there?" and "is this peer one of ours?".
 *
 * <p>{@link #GLOBAL} is only what IANA marks globally reachable or has left to ordinary use. An address that embeds an
 * IPv4 address (mapped, compatible, NAT64 with the well-known prefix, 6to4, Teredo) has the scope of that one.
 *
 * <p>Prefixes a network chose for its own NAT64 cannot be seen in an address and come out as what they otherwise are.
 *
 * <p><b>Threading.</b> Immutable; nothing is looked up.
 *
 * <p><b>Sources.</b> IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190) with their column
 * "Globally Reachable", where "N/A" counts as no; IANA Internet Protocol Version 6 Address Space; RFC 4291 section
 * 2.5.5, RFC 6052, RFC 3056 and RFC 4380 for the embedded addresses.
 */
public enum AddressScope {
    /** This host: 127.0.0.0/8, ::1. */
    LOOPBACK,
    /** A private IPv4 network: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16. */
    PRIVATE,
    /** This link: 169.254.0.0/16, fe80::/10. Cloud metadata services live here. */
    LINK_LOCAL,
    /** A private IPv6 network: fc00::/7. */
    UNIQUE_LOCAL,
    /** Between a carrier and its customers: 100.64.0.0/10. */
    CARRIER_GRADE_NAT,
    /** A group: 224.0.0.0/4, ff00::/8. */
    MULTICAST,
    /** For examples only: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20. */
    DOCUMENTATION,
    /** No address: 0.0.0.0, ::. */
    UNSPECIFIED,
    /** Everything else that is not globally reachable: special purposes, and what IANA keeps back. */
    RESERVED,
    /** Reachable from anywhere, as far as the address can tell. */
    GLOBAL;

    /** The more specific block comes first. */
    private static final Block[] IPV4 = {
        block("0.0.0.0/32", UNSPECIFIED),
        block("0.0.0.0/8", RESERVED),
        block("10.0.0.0/8", PRIVATE),
        block("100.64.0.0/10", CARRIER_GRADE_NAT),
        block("127.0.0.0/8", LOOPBACK),
        block("169.254.0.0/16", LINK_LOCAL),
        block("172.16.0.0/12", PRIVATE),
        block("192.0.0.9/32", GLOBAL), // Port Control Protocol anycast
        block("192.0.0.10/32", GLOBAL), // TURN anycast
        block("192.0.0.0/24", RESERVED),
        block("192.0.2.0/24", DOCUMENTATION),
        block("192.88.99.0/24", RESERVED), // 6to4 relay anycast, deprecated
        block("192.168.0.0/16", PRIVATE),
        block("198.18.0.0/15", RESERVED), // benchmarks
        block("198.51.100.0/24", DOCUMENTATION),
        block("203.0.113.0/24", DOCUMENTATION),
        block("224.0.0.0/4", MULTICAST),
        block("240.0.0.0/4", RESERVED),
    };

    /** The more specific block comes first; embedded IPv4 addresses and everything outside 2000::/3 are not here. */
    private static final Block[] IPV6 = {
        block("2001:1::1/128", GLOBAL), // Port Control Protocol anycast
        block("2001:1::2/128", GLOBAL), // TURN anycast
        block("2001:1::3/128", GLOBAL), // DNS-SD service registration anycast
        block("2001:3::/32", GLOBAL), // AMT
        block("2001:4:112::/48", GLOBAL), // AS112
        block("2001:20::/28", GLOBAL), // ORCHIDv2
        block("2001:30::/28", GLOBAL), // drone remote identification
        block("2001::/23", RESERVED),
        block("2001:db8::/32", DOCUMENTATION),
        block("3fff::/20", DOCUMENTATION),
        block("2000::/3", GLOBAL),
        block("fc00::/7", UNIQUE_LOCAL),
        block("fe80::/10", LINK_LOCAL),
        block("ff00::/8", MULTICAST),
    };

    private static final long TEREDO = 0x2001_0000L;
    private static final long SIX_TO_FOUR = 0x2002L;
    private static final long NAT64_HIGH = 0x0064_ff9b_0000_0000L;
    private static final long MAPPED = 0xffffL;

    /** The scope of an address. */
    public static AddressScope of(InetAddress address) {
        Objects.requireNonNull(address, "address: must not be null");
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address ? ofIpv6(word(bytes, 0), word(bytes, 8)) : ofIpv4(word(bytes, 0));
    }

    private static AddressScope ofIpv4(long address) {
        for (Block block : IPV4) {
            if (block.contains(address << 32, 0)) {
                return block.scope;
            }
        }
        return GLOBAL;
    }

    private static AddressScope ofIpv6(long high, long low) {
        long last = low & 0xffff_ffffL;
        if (high == 0 && low >>> 32 == 0) {
            return last == 1 ? LOOPBACK : ofIpv4(last);
        }
        boolean mapped = high == 0 && low >>> 32 == MAPPED;
        boolean nat64 = high == NAT64_HIGH && low >>> 32 == 0;
        if (mapped || nat64) {
            return ofIpv4(last);
        }
        if (high >>> 48 == SIX_TO_FOUR) {
            return ofIpv4((high >>> 16) & 0xffff_ffffL);
        }
        if (high >>> 32 == TEREDO) {
            return ofIpv4(~last & 0xffff_ffffL);
        }
        for (Block block : IPV6) {
            if (block.contains(high, low)) {
                return block.scope;
            }
        }
        return RESERVED;
    }

    /** Four or eight bytes, the most significant first. */
    private static long word(byte[] bytes, int from) {
        long word = 0;
        for (int i = from; i < Math.min(from + 8, bytes.length); i++) {
            word = (word << 8) | (bytes[i] & 0xff);
        }
        return word;
    }

    private static Block block(String block, AddressScope scope) {
        int slash = block.indexOf('/');
        byte[] bytes;
        try {
            bytes = InetAddress.getByName(block.substring(0, slash)).getAddress(); // a literal, nothing is looked up
        } catch (UnknownHostException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
        int bits = Integer.parseInt(block.substring(slash + 1));
        boolean ipv4 = bytes.length == 4;
        return new Block(ipv4 ? word(bytes, 0) << 32 : word(bytes, 0), ipv4 ? 0 : word(bytes, 8), bits, scope);
    }

    /** A prefix as 128 bits; an IPv4 address sits in the upper 32 of them. */
    private record Block(long high, long low, int bits, AddressScope scope) {

        boolean contains(long otherHigh, long otherLow) {
            long highMask = bits == 0 ? 0 : -1L << Math.max(0, 64 - bits);
            long lowMask = bits <= 64 ? 0 : -1L << (128 - bits);
            return ((high ^ otherHigh) & highMask) == 0 && ((low ^ otherLow) & lowMask) == 0;
        }
    }
}

package io.nettoolkit.dns.internal.name;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/*
 * Which address of a host to try first.
 *
 * The rules compare two destinations, each with the source address this host would use for it, so the order is a pure
 * function of both. Left out are the rules that need what Java cannot see: deprecated and home addresses (3, 4) and the
 * encapsulation of an interface (7).
 *
 * Rule 9, the longest prefix that destination and source share, is applied to IPv6 alone and to the first 64 bits. For IPv4
 * it would undo the rotation of answers by which operators spread load, and it says nothing about distance there.
 *
 * Sources: RFC 6724 sections 2.1, 3.1, 3.2 and 6.
 */
/** The order of RFC 6724 for destination addresses. */
public final class AddressOrder {

    private static final int LINK_LOCAL = 2;
    private static final int SITE_LOCAL = 5;
    private static final int GLOBAL = 14;
    private static final int PREFIX_BITS = 64;

    /** The default policy table; the longest prefix comes first. */
    private static final Policy[] POLICIES = {
        new Policy(0, 1, 128, 50, 0), // ::1
        new Policy(0, 0xffff_0000_0000L, 96, 35, 4), // ::ffff:0:0, which stands for IPv4
        new Policy(0, 0, 96, 1, 3), // ::, IPv4-compatible
        new Policy(0x2001_0000_0000_0000L, 0, 32, 5, 5), // Teredo
        new Policy(0x2002_0000_0000_0000L, 0, 16, 30, 2), // 6to4
        new Policy(0x3ffe_0000_0000_0000L, 0, 16, 1, 12), // 6bone
        new Policy(0xfec0_0000_0000_0000L, 0, 10, 1, 11), // site-local
        new Policy(0xfc00_0000_0000_0000L, 0, 7, 3, 13), // unique local
        new Policy(0, 0, 0, 40, 1),
    };

    private AddressOrder() {}

    /**
     * The addresses, best first; equally good ones stay as they were.
     *
     * @param source the local address that would be used for a destination, null where there is none
     */
    public static List<InetAddress> sorted(
            List<InetAddress> destinations, Function<InetAddress, @Nullable InetAddress> source) {
        if (destinations.size() < 2) {
            return destinations;
        }
        List<Candidate> candidates = new ArrayList<>(destinations.size());
        for (InetAddress destination : destinations) {
            candidates.add(Candidate.of(destination, source.apply(destination)));
        }
        candidates.sort(AddressOrder::compare);
        return candidates.stream().map(Candidate::address).toList();
    }

    /** Negative where the first one is to be preferred. */
    private static int compare(Candidate a, Candidate b) {
        if (a.source == null || b.source == null) {
            return Boolean.compare(a.source == null, b.source == null);
        }
        int order = Boolean.compare(a.source.scope != a.scope, b.source.scope != b.scope);
        if (order == 0) {
            order = Boolean.compare(a.source.policy.label != a.policy.label, b.source.policy.label != b.policy.label);
        }
        if (order == 0) {
            order = Integer.compare(b.policy.precedence, a.policy.precedence);
        }
        if (order == 0) {
            order = Integer.compare(a.scope, b.scope);
        }
        if (order == 0 && a.isIpv6() && b.isIpv6()) {
            order = Integer.compare(b.sharedPrefix(), a.sharedPrefix());
        }
        return order;
    }

    /** An address as 128 bits (IPv4 mapped), with what the rules ask of it. */
    private record Candidate(
            InetAddress address,
            long high,
            long low,
            int scope,
            Policy policy,
            @Nullable Candidate source) {

        static Candidate of(InetAddress address, @Nullable InetAddress source) {
            byte[] bytes = address.getAddress();
            boolean ipv6 = address instanceof Inet6Address;
            long high = ipv6 ? word(bytes, 0, 8) : 0;
            long low = ipv6 ? word(bytes, 8, 8) : 0xffff_0000_0000L | word(bytes, 0, 4);
            return new Candidate(
                    address,
                    high,
                    low,
                    ipv6 ? ipv6Scope(high, low) : ipv4Scope(bytes),
                    policyOf(high, low),
                    source == null ? null : of(source, null));
        }

        boolean isIpv6() {
            return address instanceof Inet6Address;
        }

        int sharedPrefix() {
            return source == null ? 0 : Math.min(PREFIX_BITS, Long.numberOfLeadingZeros(high ^ source.high));
        }
    }

    private static int ipv4Scope(byte[] bytes) {
        boolean loopback = bytes[0] == 127;
        boolean linkLocal = (bytes[0] & 0xff) == 169 && (bytes[1] & 0xff) == 254;
        return loopback || linkLocal ? LINK_LOCAL : GLOBAL;
    }

    private static int ipv6Scope(long high, long low) {
        if (high >>> 56 == 0xff) {
            return (int) (high >>> 48) & 0xf; // a group carries its scope
        }
        if (high >>> 54 == 0xfe80 >>> 6 || (high == 0 && low == 1)) {
            return LINK_LOCAL;
        }
        return high >>> 54 == 0xfec0 >>> 6 ? SITE_LOCAL : GLOBAL;
    }

    private static Policy policyOf(long high, long low) {
        for (Policy policy : POLICIES) {
            if (policy.covers(high, low)) {
                return policy;
            }
        }
        throw new IllegalStateException("the last policy covers every address");
    }

    private static long word(byte[] bytes, int from, int count) {
        long word = 0;
        for (int i = from; i < from + count; i++) {
            word = (word << 8) | (bytes[i] & 0xff);
        }
        return word;
    }

    private record Policy(long high, long low, int bits, int precedence, int label) {

        boolean covers(long otherHigh, long otherLow) {
            long highMask = bits == 0 ? 0 : -1L << Math.max(0, 64 - bits);
            long lowMask = bits <= 64 ? 0 : -1L << (128 - bits);
            return ((high ^ otherHigh) & highMask) == 0 && ((low ^ otherLow) & lowMask) == 0;
        }
    }
}

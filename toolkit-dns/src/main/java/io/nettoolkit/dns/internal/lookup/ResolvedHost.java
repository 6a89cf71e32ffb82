package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.dns.internal.cache.CacheEntry;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of a host as a caller gets them: of both families, in order, with the name the caller used. Kept in the
 * cache beside the two answers it was made of.
 *
 * @param name what the host's name turned out to be short for
 * @param addresses best first
 * @param expiresNanos when the first of the answers ends
 * @param ipv4 entry of the answer of type A; null where it is not kept
 * @param ipv6 the same for AAAA
 */
public record ResolvedHost(
        DnsName name,
        List<InetAddress> addresses,
        long expiresNanos,
        @Nullable CacheEntry ipv4,
        @Nullable CacheEntry ipv6)
        implements CacheEntry.Derived {

    @Override
    public int references() {
        return addresses.size();
    }

    @Override
    public void touchOrigins() {
        if (ipv4 != null) {
            ipv4.touch();
        }
        if (ipv6 != null) {
            ipv6.touch();
        }
    }

    @Override
    public boolean isUpToDate() {
        return (ipv4 == null || !ipv4.isDead()) && (ipv6 == null || !ipv6.isDead());
    }

    /** Addresses that know their host, so that nobody looks it up backwards to print or to verify it. */
    static List<InetAddress> named(String host, List<InetAddress> addresses) {
        return addresses.stream().map(address -> named(host, address)).toList();
    }

    private static InetAddress named(String host, InetAddress address) {
        try {
            byte[] bytes = address.getAddress();
            return address instanceof Inet6Address ipv6
                    ? Inet6Address.getByAddress(host, bytes, ipv6.getScopeId() == 0 ? -1 : ipv6.getScopeId())
                    : InetAddress.getByAddress(host, bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("an address has the bytes of one", impossible);
        }
    }
}

package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.name.HostName;
import io.nettoolkit.dns.internal.name.HostsFile;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.dns.internal.name.ResolvConf;
import io.nettoolkit.dns.internal.name.SearchList;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is known without asking: addresses in letters, "localhost", the hosts file, and names that must not be asked for.
 *
 * <p>A name in the hosts file is known altogether: where it has an IPv4 address alone, it has no IPv6 address.
 *
 * <p><b>Threading.</b> Any thread; the file may be read again at any time.
 */
public final class OwnNames {

    /** How long such an answer holds: the file may change. */
    private static final int TTL_SECONDS = 10;

    static final long TTL_NANOS = TimeUnit.SECONDS.toNanos(TTL_SECONDS);

    private final Supplier<NameFiles.Contents> files;
    private final @Nullable List<DnsName> search;
    private final int ndots;

    /**
     * Names of this host.
     *
     * @param files as they were read last
     * @param search what to append to short names instead of what they say; null for that
     * @param ndots with it: names with fewer dots are short
     */
    public OwnNames(Supplier<NameFiles.Contents> files, @Nullable List<DnsName> search, int ndots) {
        this.files = files;
        this.search = search;
        this.ndots = ndots;
    }

    /**
     * The addresses of a host.
     *
     * @return null where servers have to be asked
     * @throws DnsException of kind DNS_BAD_NAME, or DNS_NO_SUCH_NAME for a name that must not be asked for
     */
    @Nullable
    List<InetAddress> addresses(String host) throws DnsException {
        InetAddress literal = HostName.literal(host);
        if (literal != null) {
            return List.of(literal);
        }
        DnsName name = GivenName.parse(host);
        List<InetAddress> known = known(name);
        if (known == null && HostName.isNeverAsked(name)) {
            throw DnsException.builder(Kind.DNS_NO_SUCH_NAME, host)
                    .detail("names below onion and invalid are in no DNS (RFC 7686, RFC 6761)")
                    .build();
        }
        return known;
    }

    /** The hosts file as it is now; another one whenever it was read again. */
    HostsFile hosts() {
        return files.get().hosts();
    }

    private @Nullable List<InetAddress> known(DnsName name) {
        List<InetAddress> hosts = hosts().addresses(name);
        if (!hosts.isEmpty()) {
            return hosts;
        }
        return HostName.isLocalhost(name) ? HostName.loopback() : null;
    }

    /** What a name is short for. */
    List<DnsName> candidates(String host) throws DnsException {
        if (search != null) {
            return SearchList.candidates(host, search, ndots);
        }
        ResolvConf conf = files.get().resolvConf();
        return SearchList.candidates(host, conf.search(), conf.ndots());
    }

    /** The answer to a question; null where servers have to be asked. */
    @Nullable
    DnsAnswer<?> answer(DnsName name, DnsType<?> type, TimeSource time) {
        boolean isAddress = type.equals(DnsType.A) || type.equals(DnsType.AAAA);
        List<InetAddress> known = isAddress || HostName.isLocalhost(name) ? known(name) : null;
        if (known != null) {
            String owner = name.toString();
            List<? extends DnsRecord> records = known.stream()
                    .filter(address ->
                            address instanceof Inet4Address ? type.equals(DnsType.A) : type.equals(DnsType.AAAA))
                    .map(address -> record(owner, address))
                    .toList();
            return answer(records.isEmpty() ? DnsAnswer.Kind.NODATA : DnsAnswer.Kind.ANSWER, records, time);
        }
        return HostName.isNeverAsked(name) ? answer(DnsAnswer.Kind.NXDOMAIN, List.of(), time) : null;
    }

    private static DnsRecord record(String owner, InetAddress address) {
        return address instanceof Inet4Address ipv4
                ? new DnsRecord.A(owner, TTL_SECONDS, ipv4)
                : new DnsRecord.Aaaa(owner, TTL_SECONDS, (Inet6Address) address);
    }

    private static <R extends DnsRecord> DnsAnswer<R> answer(DnsAnswer.Kind kind, List<R> records, TimeSource time) {
        Deadline expires = Deadline.after(Duration.ofSeconds(TTL_SECONDS), time);
        return new DnsAnswer<>(kind, records, List.of(), Source.HOSTS, null, Duration.ZERO, false, expires);
    }
}

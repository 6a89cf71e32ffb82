package io.nettoolkit.dns;

import io.nettoolkit.core.Deadline;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known about one name and type: its records, or that there are none.
 *
 * <pre>{@code
 * DnsAnswer<DnsRecord.Mx> answer = resolver.query("example.com", DnsType.MX).get();
 * switch (answer.kind()) {
 *     case ANSWER -> answer.records().forEach(System.out::println);
 *     case NODATA -> System.out.println("takes no mail");
 *     case NXDOMAIN -> System.out.println("no such name");
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable; the time left is read when asked for.
 *
 * <p>Sources: RFC 2308 (no data, no such name), RFC 8767 (stale answers), RFC 6840 §5.7 (AD flag).
 *
 * @param kind whether there are records, and if not why
 * @param records the records; empty unless the kind is {@link Kind#ANSWER}
 * @param aliases the chain of aliases from the name asked for to the one the records belong to; empty without one
 * @param source where the answer comes from
 * @param server the name server that gave it; null where that is not known, as for the hosts file
 * @param rtt how long that server took just now; zero for an answer from anywhere else
 * @param authenticated whether the server says it has checked the signatures of DNSSEC (AD). Worth as much as the path to
 *     the server: trust it over TLS or the loopback only
 * @param expires when the answer may be used no longer; 30 seconds from when it was given for one that is
 *     {@link Source#STALE}
 * @param <R> class of the records
 */
public record DnsAnswer<R extends DnsRecord>(
        Kind kind,
        List<R> records,
        List<DnsRecord.Cname> aliases,
        Source source,
        @Nullable InetSocketAddress server,
        Duration rtt,
        boolean authenticated,
        Deadline expires) {

    /** Whether there are records. */
    public enum Kind {
        /** There are. */
        ANSWER,
        /** The name exists without a record of this type. */
        NODATA,
        /** The name does not exist, whatever the type. */
        NXDOMAIN
    }

    /** Where an answer comes from. */
    public enum Source {
        /** A name server, just now. */
        NETWORK,
        /** The cache. */
        CACHE,
        /** The cache, beyond its time, because no server could be reached (RFC 8767). */
        STALE,
        /** The hosts file, or what needs no asking, such as an address or "localhost". */
        HOSTS
    }

    /** Checks that there are records where the kind says so. */
    public DnsAnswer {
        Objects.requireNonNull(kind, "kind: must not be null");
        Objects.requireNonNull(source, "source: must not be null");
        Objects.requireNonNull(rtt, "rtt: must not be null");
        Objects.requireNonNull(expires, "expires: must not be null");
        records = List.copyOf(records);
        aliases = List.copyOf(aliases);
        if ((kind == Kind.ANSWER) == records.isEmpty()) {
            throw new IllegalArgumentException(
                    "records: " + records.size() + " (must be some in an ANSWER and none in " + kind + ")");
        }
    }

    /** How long the answer may still be used; zero once it has expired. */
    public Duration ttl() {
        return expires.remaining();
    }

    /** The same answer from another place. */
    public DnsAnswer<R> withSource(Source newSource) {
        return newSource == source
                ? this
                : new DnsAnswer<>(kind, records, aliases, newSource, server, rtt, authenticated, expires);
    }
}

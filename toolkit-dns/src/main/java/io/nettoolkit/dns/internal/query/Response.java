package io.nettoolkit.dns.internal.query;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the name servers said about one name and type, aliases followed. Immutable.
 *
 * @param name the name asked for
 * @param type the type asked for
 * @param kind ANSWER (rcode NOERROR with records), NODATA (NOERROR without) or NXDOMAIN; of the last name of the chain
 * @param records all of the type asked for; their TTLs may differ, the lowest counts (RFC 2181 §5.2)
 * @param aliases the chain from the name asked for; each has a TTL that limits the whole
 * @param soa of the zone, in NODATA and NXDOMAIN: its TTL and minimum limit how long they hold (RFC 2308 §5); null where
 *     the server sent none, or one of a zone the last name of the chain is not in
 * @param authenticated the AD flag; of all messages when several were needed
 * @param server which server told the last of it
 * @param rttNanos how long that one took
 */
public record Response(
        DnsName name,
        DnsType<?> type,
        DnsAnswer.Kind kind,
        List<DnsRecord> records,
        List<DnsRecord.Cname> aliases,
        DnsRecord.@Nullable Soa soa,
        boolean authenticated,
        InetSocketAddress server,
        long rttNanos) {

    /** The name the records belong to, or the one that has none: the end of the chain of aliases, as it was spelled. */
    public String finalName() {
        return aliases.isEmpty()
                ? name.toString()
                : aliases.get(aliases.size() - 1).target();
    }

    /** Seconds until the first of records and aliases has to go; of a negative answer without SOA, those of aliases alone. */
    public int lowestTtl() {
        int lowest = Integer.MAX_VALUE;
        for (int i = 0; i < records.size(); i++) {
            lowest = Math.min(lowest, records.get(i).ttl());
        }
        for (int i = 0; i < aliases.size(); i++) {
            lowest = Math.min(lowest, aliases.get(i).ttl());
        }
        if (soa != null) {
            lowest = (int) Math.min(lowest, Math.min(soa.ttl(), soa.minimum()));
        }
        return lowest;
    }
}

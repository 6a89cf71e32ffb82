package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What servers could say. */
public final class Responses {

    public static final InetSocketAddress SERVER = new InetSocketAddress(address("192.0.2.53"), 53);

    private Responses() {}

    public static DnsName name(String name) {
        try {
            return DnsName.of(name);
        } catch (DnsException e) {
            throw new AssertionError(e);
        }
    }

    public static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Addresses, all of the family of the first. */
    public static Response addresses(String name, int ttl, String... addresses) {
        List<DnsRecord> records = new ArrayList<>();
        for (String each : addresses) {
            String owner = name + ".";
            records.add(
                    address(each) instanceof Inet4Address ipv4
                            ? new DnsRecord.A(owner, ttl, ipv4)
                            : new DnsRecord.Aaaa(owner, ttl, (Inet6Address) address(each)));
        }
        return records(name, records.get(0).type(), records, List.of());
    }

    public static Response records(
            String name, DnsType<?> type, List<? extends DnsRecord> records, List<DnsRecord.Cname> aliases) {
        return response(name, type, Kind.ANSWER, List.copyOf(records), aliases);
    }

    private static Response response(
            String name, DnsType<?> type, Kind kind, List<DnsRecord> records, List<DnsRecord.Cname> aliases) {
        return new Response(name(name), type, kind, records, aliases, null, false, SERVER, 1_000_000);
    }

    /** That there is nothing, with a SOA of these times. */
    public static Response nothing(String name, DnsType<?> type, Kind kind, int soaTtl, long minimum) {
        DnsRecord.Soa soa =
                new DnsRecord.Soa("example.", soaTtl, "ns.example.", "root.example.", 1, 3600, 600, 86400, minimum);
        return withSoa(response(name, type, kind, List.of(), List.of()), soa);
    }

    /** The same without a SOA. */
    public static Response nothing(String name, DnsType<?> type, Kind kind) {
        return response(name, type, kind, List.of(), List.of());
    }

    /** The same at the end of a chain. */
    public static Response nothing(String name, DnsType<?> type, Kind kind, List<DnsRecord.Cname> aliases) {
        DnsRecord.Soa soa =
                new DnsRecord.Soa("example.", 300, "ns.example.", "root.example.", 1, 3600, 600, 86400, 300);
        return withSoa(response(name, type, kind, List.of(), aliases), soa);
    }

    private static Response withSoa(Response response, DnsRecord.@Nullable Soa soa) {
        return new Response(
                response.name(),
                response.type(),
                response.kind(),
                response.records(),
                response.aliases(),
                soa,
                false,
                SERVER,
                1_000_000);
    }
}

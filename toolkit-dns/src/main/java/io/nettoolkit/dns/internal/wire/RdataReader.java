package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the data of records (RFC 1035 §3.3 and the RFC of each type). The data has to be exactly as long as its type has
 * it: what is shorter, longer or out of form is a {@link WireException}. Not thread-safe.
 */
final class RdataReader {

    private static final int SOA_NUMBERS_BYTES = 20;

    private final NameReader names;
    /** Where addresses are read from; they copy what they keep. */
    private final byte[] ipv4 = new byte[SvcParamCodec.IPV4_BYTES];

    private final byte[] ipv6 = new byte[SvcParamCodec.IPV6_BYTES];
    private byte[] data = new byte[0];

    RdataReader(NameReader names) {
        this.names = names;
    }

    void reset(byte[] data) {
        this.data = data;
    }

    /** The record of a type whose data is at {@code at} up to {@code end}, both within the message. */
    @SuppressWarnings("unchecked") // what has no constant is opaque
    DnsRecord read(DnsType<?> type, String name, int ttl, int at, int end) throws WireException {
        return switch (type.code()) {
            case 1 -> new DnsRecord.A(name, ttl, (Inet4Address) address(at, end, SvcParamCodec.IPV4_BYTES));
            case 28 -> new DnsRecord.Aaaa(name, ttl, (Inet6Address) address(at, end, SvcParamCodec.IPV6_BYTES));
            case 2 -> new DnsRecord.Ns(name, ttl, onlyName(at, end));
            case 5 -> new DnsRecord.Cname(name, ttl, onlyName(at, end));
            case 12 -> new DnsRecord.Ptr(name, ttl, onlyName(at, end));
            case 15 -> {
                need(at, end, 3);
                yield new DnsRecord.Mx(name, ttl, unsigned16(at), onlyName(at + 2, end));
            }
            case 33 -> {
                need(at, end, 7);
                // Senders must not compress this name, receivers should cope (RFC 3597 §4).
                String target = onlyName(at + 6, end);
                yield new DnsRecord.Srv(name, ttl, unsigned16(at), unsigned16(at + 2), unsigned16(at + 4), target);
            }
            case 6 -> soa(name, ttl, at, end);
            case 16 -> new DnsRecord.Txt(name, ttl, strings(at, end));
            case 64 -> svcb(DnsType.SVCB, name, ttl, at, end);
            case 65 -> svcb(DnsType.HTTPS, name, ttl, at, end);
            case 257 -> caa(name, ttl, at, end);
            default ->
                new DnsRecord.Opaque(name, ttl, (DnsType<DnsRecord.Opaque>) type, Arrays.copyOfRange(data, at, end));
        };
    }

    private InetAddress address(int at, int end, int bytes) throws WireException {
        if (end - at != bytes) {
            throw new WireException("an address of " + (end - at) + " bytes instead of " + bytes, at);
        }
        byte[] address = bytes == SvcParamCodec.IPV6_BYTES ? ipv6 : ipv4;
        System.arraycopy(data, at, address, 0, bytes);
        try {
            return bytes == SvcParamCodec.IPV6_BYTES
                    // InetAddress would make an IPv4 address of one that is embedded in IPv6.
                    ? Inet6Address.getByAddress(null, address, -1)
                    : InetAddress.getByAddress(address);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("an address of " + bytes + " bytes", impossible);
        }
    }

    private String onlyName(int at, int end) throws WireException {
        if (names.skip(at, end) != end) {
            throw new WireException("bytes after the name that ends the data", at);
        }
        return names.read(at, end);
    }

    private DnsRecord soa(String name, int ttl, int at, int end) throws WireException {
        int second = names.skip(at, end);
        int numbers = names.skip(second, end);
        if (end - numbers != SOA_NUMBERS_BYTES) {
            throw new WireException("SOA data whose numbers are not 20 bytes", at);
        }
        return new DnsRecord.Soa(
                name,
                ttl,
                names.read(at, end),
                names.read(second, end),
                unsigned32(numbers),
                unsigned32(numbers + 4),
                unsigned32(numbers + 8),
                unsigned32(numbers + 12),
                unsigned32(numbers + 16));
    }

    private List<String> strings(int at, int end) throws WireException {
        need(at, end, 1);
        List<String> strings = new ArrayList<>(1);
        for (int next = at; next < end; next += 1 + (data[next] & 0xff)) {
            strings.add(string(next, end));
        }
        return strings;
    }

    private String string(int at, int end) throws WireException {
        int length = data[at] & 0xff;
        if (at + 1 + length > end) {
            throw new WireException("a string runs past the end of the data", at);
        }
        return new String(data, at + 1, length, StandardCharsets.ISO_8859_1);
    }

    private DnsRecord caa(String name, int ttl, int at, int end) throws WireException {
        need(at, end, 2);
        String tag = string(at + 1, end);
        if (!RecordCheck.isTag(tag)) {
            throw new WireException("a CAA tag that is not of letters and digits", at);
        }
        int valueAt = at + 2 + tag.length();
        String value = new String(data, valueAt, end - valueAt, StandardCharsets.ISO_8859_1);
        return new DnsRecord.Caa(name, ttl, data[at] & 0xff, tag, value);
    }

    private DnsRecord svcb(DnsType<DnsRecord.Svcb> type, String name, int ttl, int at, int end) throws WireException {
        need(at, end, 3);
        int priority = unsigned16(at);
        int next = names.skipUncompressed(at + 2, end);
        String target = names.read(at + 2, end);
        List<SvcParam> params = new ArrayList<>();
        int lastKey = -1;
        while (next < end) {
            need(next, end, 4);
            int key = unsigned16(next);
            int length = unsigned16(next + 2);
            next += 4;
            need(next, end, length);
            if (key <= lastKey) {
                throw new WireException("SVCB keys that do not rise", next);
            }
            lastKey = key;
            params.add(param(key, next, next + length));
            next += length;
        }
        // An alias has none; receivers ignore what is there all the same (RFC 9460 §2.4.2).
        List<SvcParam> used = priority == 0 ? List.of() : params;
        requireMandatory(used, at);
        return new DnsRecord.Svcb(name, ttl, type, priority, target, used);
    }

    private SvcParam param(int key, int at, int end) throws WireException {
        byte[] value = Arrays.copyOfRange(data, at, end);
        String flaw = SvcParamCodec.flaw(key, value);
        if (flaw != null) {
            throw new WireException("SVCB key " + key + ": " + flaw, at);
        }
        return new SvcParam(key, value);
    }

    private static void requireMandatory(List<SvcParam> params, int at) throws WireException {
        if (params.isEmpty() || params.get(0).key() != SvcParam.MANDATORY) {
            return;
        }
        for (int key : params.get(0).keys()) {
            if (params.stream().noneMatch(param -> param.key() == key)) {
                throw new WireException("SVCB without key " + key + ", which it calls mandatory", at);
            }
        }
    }

    private static void need(int at, int end, int bytes) throws WireException {
        if (end - at < bytes) {
            throw new WireException("data that is too short for its type", at);
        }
    }

    private int unsigned16(int at) {
        return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
    }

    private long unsigned32(int at) {
        return (long) unsigned16(at) << 16 | unsigned16(at + 2);
    }
}

package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Records as lines of text and back: {@code NAME TTL TYPE RDATA} as in zone files (RFC 1035 section 5.1, RFC 3597 section
 * 5), without comments, brackets and relative names. The parameters of SVCB and HTTPS are written by number,
 * {@code key1="\002h2"}, as RFC 9460 section 2.1 allows for all of them.
 */
final class RecordText {

    private final String line;
    private int at;

    private RecordText(String line) {
        this.line = line;
    }

    /** A line that {@link #parse} understands. */
    static String of(DnsRecord record) {
        if (!(record instanceof DnsRecord.Svcb svcb)) {
            return record.toString();
        }
        StringBuilder text = new StringBuilder()
                .append(svcb.name())
                .append(' ')
                .append(svcb.ttl())
                .append(' ')
                .append(svcb.type())
                .append(' ')
                .append(svcb.priority())
                .append(' ')
                .append(svcb.target());
        for (SvcParam param : svcb.params()) {
            text.append(" key").append(param.key()).append("=\"");
            for (byte b : param.value()) {
                text.append(String.format("\\%03d", b & 0xff));
            }
            text.append('"');
        }
        return text.toString();
    }

    /**
     * The record of a line.
     *
     * @throws IllegalArgumentException when it is none
     * @throws DnsException when a name in it is none
     */
    static DnsRecord parse(String line) throws DnsException {
        RecordText text = new RecordText(line);
        String name = text.name();
        int ttl = text.number();
        DnsType<?> type = DnsType.parse(text.word());
        DnsRecord record = text.record(name, ttl, type);
        if (text.hasMore()) {
            throw new IllegalArgumentException("more than the data of " + type);
        }
        return record;
    }

    private DnsRecord record(String name, int ttl, DnsType<?> type) throws DnsException {
        return switch (type.code()) {
            case 1 -> new DnsRecord.A(name, ttl, (Inet4Address) address(word(), Inet4Address.class));
            case 2 -> new DnsRecord.Ns(name, ttl, name());
            case 5 -> new DnsRecord.Cname(name, ttl, name());
            case 6 ->
                new DnsRecord.Soa(
                        name, ttl, name(), name(), unsigned(), unsigned(), unsigned(), unsigned(), unsigned());
            case 12 -> new DnsRecord.Ptr(name, ttl, name());
            case 15 -> new DnsRecord.Mx(name, ttl, number(), name());
            case 16 -> new DnsRecord.Txt(name, ttl, strings());
            case 28 -> new DnsRecord.Aaaa(name, ttl, (Inet6Address) address(word(), Inet6Address.class));
            case 33 -> new DnsRecord.Srv(name, ttl, number(), number(), number(), name());
            case 64 -> new DnsRecord.Svcb(name, ttl, DnsType.SVCB, number(), name(), params());
            case 65 -> new DnsRecord.Svcb(name, ttl, DnsType.HTTPS, number(), name(), params());
            case 257 -> new DnsRecord.Caa(name, ttl, number(), word(), string());
            default -> new DnsRecord.Opaque(name, ttl, DnsType.opaque(type.code()), bytes());
        };
    }

    private boolean hasMore() {
        while (at < line.length() && line.charAt(at) == ' ') {
            at++;
        }
        return at < line.length();
    }

    private String word() {
        if (!hasMore()) {
            throw new IllegalArgumentException("cut off");
        }
        int from = at;
        while (at < line.length() && line.charAt(at) != ' ') {
            at++;
        }
        return line.substring(from, at);
    }

    /** A name, in the spelling of the file. */
    private String name() throws DnsException {
        String name = word();
        DnsName.of(name);
        return name;
    }

    private long unsigned() {
        String word = word();
        if (word.length() > 10 || !word.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("no number: " + word);
        }
        return Long.parseLong(word);
    }

    private int number() {
        long value = unsigned();
        if (value > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("too large a number: " + value);
        }
        return (int) value;
    }

    private static InetAddress address(String word, Class<? extends InetAddress> family) {
        boolean ipv4 = family == Inet4Address.class;
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(word);
        if (bytes == null || bytes.length != (ipv4 ? 4 : 16)) {
            throw new IllegalArgumentException("no address of its family: " + word);
        }
        try {
            // InetAddress would make an IPv4 address of one that is embedded in IPv6.
            return ipv4 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, -1);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("4 or 16 bytes are an address", impossible);
        }
    }

    private List<String> strings() {
        List<String> strings = new ArrayList<>();
        while (hasMore()) {
            strings.add(string());
        }
        return strings;
    }

    /** What stands in quotes, with one char for each byte. */
    private String string() {
        if (!hasMore() || line.charAt(at) != '"') {
            throw new IllegalArgumentException("no quote where a string begins");
        }
        at++;
        StringBuilder string = new StringBuilder();
        while (at < line.length() && line.charAt(at) != '"') {
            char c = line.charAt(at++);
            string.append(c == '\\' ? escaped() : c);
        }
        if (at++ >= line.length()) {
            throw new IllegalArgumentException("a string without end");
        }
        return string.toString();
    }

    private char escaped() {
        if (at >= line.length()) {
            throw new IllegalArgumentException("a string without end");
        }
        char c = line.charAt(at);
        if (c < '0' || c > '9') {
            at++;
            return c;
        }
        int octet = at + 3 <= line.length() ? Integer.parseInt(line, at, at + 3, 10) : 256;
        if (octet > 255) {
            throw new IllegalArgumentException("an escape above \\255, or cut off");
        }
        at += 3;
        return (char) octet;
    }

    private List<SvcParam> params() {
        List<SvcParam> params = new ArrayList<>();
        while (hasMore()) {
            int equals = line.indexOf('=', at);
            if (equals < 0 || !line.startsWith("key", at)) {
                throw new IllegalArgumentException("no parameter where one should be");
            }
            int key = Integer.parseInt(line, at + 3, equals, 10);
            at = equals + 1;
            params.add(new SvcParam(key, latin(string())));
        }
        return params;
    }

    private byte[] bytes() {
        if (!word().equals("\\#")) {
            throw new IllegalArgumentException("no \\# before the bytes of a type without a name");
        }
        int length = number();
        byte[] bytes = length == 0 ? new byte[0] : HexFormat.of().parseHex(word());
        if (bytes.length != length) {
            throw new IllegalArgumentException(bytes.length + " bytes of " + length);
        }
        return bytes;
    }

    private static byte[] latin(String string) {
        return string.getBytes(StandardCharsets.ISO_8859_1);
    }
}

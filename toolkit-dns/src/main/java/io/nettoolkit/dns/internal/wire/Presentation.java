package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.SvcParam;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/** How records are written in zone files (RFC 1035 §5.1, RFC 3597 §5, RFC 9460 §2.1). Stateless. */
public final class Presentation {

    private Presentation() {}

    /** A whole record: {@code NAME TTL TYPE RDATA}. */
    public static String of(DnsRecord record) {
        return record.name() + " " + record.ttl() + " " + record.type().name() + " " + record.rdata();
    }

    /** An IPv6 address as RFC 5952 has it; one that embeds an IPv4 address shows that. */
    public static String ipv6(Inet6Address address) {
        return NetUtil.toAddressString(address, true);
    }

    /** Strings of bytes, each in quotes. */
    public static String quoted(List<String> strings) {
        StringBuilder text = new StringBuilder();
        for (String string : strings) {
            text.append(text.isEmpty() ? "\"" : " \"");
            for (int i = 0; i < string.length(); i++) {
                char c = string.charAt(i);
                if (c == '"' || c == '\\') {
                    text.append('\\').append(c);
                } else if (c < ' ' || c > '~') {
                    appendDecimal(text, c);
                } else {
                    text.append(c);
                }
            }
            text.append('"');
        }
        return text.toString();
    }

    /** One byte of a label. */
    static void appendLabelByte(StringBuilder text, int octet) {
        if (octet <= ' ' || octet > '~') {
            appendDecimal(text, octet);
            return;
        }
        switch (octet) {
            case '.', '\\', '"', '(', ')', ';', '@', '$' -> text.append('\\').append((char) octet);
            default -> text.append((char) octet);
        }
    }

    private static void appendDecimal(StringBuilder text, int octet) {
        text.append('\\')
                .append((char) ('0' + octet / 100))
                .append((char) ('0' + octet / 10 % 10))
                .append((char) ('0' + octet % 10));
    }

    /** The data of SVCB and HTTPS. */
    public static String svcb(DnsRecord.Svcb svcb) {
        StringBuilder text =
                new StringBuilder().append(svcb.priority()).append(' ').append(svcb.target());
        for (SvcParam param : svcb.params()) {
            text.append(' ').append(param(param));
        }
        return text.toString();
    }

    /** One parameter of those. */
    public static String param(SvcParam param) {
        return switch (param.key()) {
            case SvcParam.MANDATORY ->
                "mandatory=" + param.keys().stream().map(Presentation::key).collect(Collectors.joining(","));
            case SvcParam.ALPN -> "alpn=" + alpn(param.strings());
            case SvcParam.NO_DEFAULT_ALPN -> "no-default-alpn";
            case SvcParam.PORT -> "port=" + param.port();
            case SvcParam.IPV4HINT, SvcParam.IPV6HINT ->
                key(param.key()) + "="
                        + param.addresses().stream().map(Presentation::address).collect(Collectors.joining(","));
            case SvcParam.ECH -> "ech=" + Base64.getEncoder().encodeToString(param.value());
            default -> unknownParam(param);
        };
    }

    private static String unknownParam(SvcParam param) {
        String value = new String(param.value(), StandardCharsets.ISO_8859_1);
        return value.isEmpty() ? key(param.key()) : key(param.key()) + "=" + quoted(List.of(value));
    }

    private static String address(InetAddress address) {
        return address instanceof Inet6Address six ? ipv6(six) : address.getHostAddress();
    }

    private static String key(int key) {
        return switch (key) {
            case SvcParam.MANDATORY -> "mandatory";
            case SvcParam.ALPN -> "alpn";
            case SvcParam.NO_DEFAULT_ALPN -> "no-default-alpn";
            case SvcParam.PORT -> "port";
            case SvcParam.IPV4HINT -> "ipv4hint";
            case SvcParam.ECH -> "ech";
            case SvcParam.IPV6HINT -> "ipv6hint";
            default -> "key" + key;
        };
    }

    /** A list of its own inside the string: a comma or backslash in a protocol is escaped twice (RFC 9460 A.1). */
    private static String alpn(List<String> protocols) {
        return quoted(List.of(protocols.stream()
                .map(protocol -> protocol.replace("\\", "\\\\").replace(",", "\\,"))
                .collect(Collectors.joining(","))));
    }

    /** Data of an unknown type. */
    public static String unknown(byte[] data) {
        StringBuilder text = new StringBuilder("\\# ").append(data.length);
        if (data.length > 0) {
            text.append(' ');
        }
        for (byte octet : data) {
            text.append(Character.forDigit(octet >> 4 & 15, 16)).append(Character.forDigit(octet & 15, 16));
        }
        return text.toString();
    }
}

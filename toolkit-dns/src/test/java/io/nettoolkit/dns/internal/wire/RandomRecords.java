package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Records of every type, from a seed. */
final class RandomRecords {

    private final Random random;

    RandomRecords(long seed) {
        random = new Random(seed);
    }

    DnsRecord next() {
        return next(name(), random.nextInt(5) == 0 ? random.nextInt(Integer.MAX_VALUE) : random.nextInt(100_000));
    }

    private DnsRecord next(String name, int ttl) {
        return switch (random.nextInt(13)) {
            case 0 -> new DnsRecord.A(name, ttl, (Inet4Address) address(4));
            case 1 -> new DnsRecord.Aaaa(name, ttl, (Inet6Address) address(16));
            case 2 -> new DnsRecord.Cname(name, ttl, name());
            case 3 -> new DnsRecord.Mx(name, ttl, u16(), name());
            case 4 -> new DnsRecord.Ns(name, ttl, name());
            case 5 -> new DnsRecord.Ptr(name, ttl, name());
            case 6 -> new DnsRecord.Soa(name, ttl, name(), name(), u32(), u32(), u32(), u32(), u32());
            case 7 -> new DnsRecord.Srv(name, ttl, u16(), u16(), u16(), name());
            case 8 -> new DnsRecord.Txt(name, ttl, strings());
            case 9 -> new DnsRecord.Caa(name, ttl, random.nextInt(256), "issue" + random.nextInt(9), string(255));
            case 10 -> new DnsRecord.Svcb(name, ttl, DnsType.SVCB, 1 + random.nextInt(65535), name(), params());
            case 11 -> new DnsRecord.Svcb(name, ttl, DnsType.HTTPS, 0, name(), List.of());
            default -> new DnsRecord.Opaque(name, ttl, DnsType.opaque(65280 + random.nextInt(200)), octets(80));
        };
    }

    String name() {
        StringBuilder name = new StringBuilder();
        int labels = random.nextInt(5);
        for (int i = 0; i < labels; i++) {
            int length = random.nextInt(20) == 0 ? 63 : 1 + random.nextInt(12);
            int end = name.length() < 150 ? length : 1;
            for (int k = 0; k < end; k++) {
                int octet = random.nextInt(10) == 0 ? random.nextInt(256) : "abcXYZ019-_".charAt(random.nextInt(11));
                Presentation.appendLabelByte(name, octet);
            }
            name.append('.');
        }
        return labels == 0 ? "." : name.toString();
    }

    private List<String> strings() {
        List<String> strings = new ArrayList<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            strings.add(string(255));
        }
        return strings;
    }

    private String string(int most) {
        StringBuilder string = new StringBuilder();
        int length = random.nextInt(most + 1);
        for (int i = 0; i < length; i++) {
            string.append((char) random.nextInt(256));
        }
        return string.toString();
    }

    private List<SvcParam> params() {
        List<SvcParam> params = new ArrayList<>();
        if (random.nextBoolean()) {
            params.add(new SvcParam(SvcParam.ALPN, new byte[] {2, 'h', '2', 2, 'h', '3'}));
        }
        if (random.nextBoolean()) {
            params.add(new SvcParam(SvcParam.PORT, new byte[] {(byte) random.nextInt(), (byte) random.nextInt()}));
        }
        if (random.nextBoolean()) {
            params.add(new SvcParam(SvcParam.IPV4HINT, address(4).getAddress()));
        }
        if (random.nextBoolean()) {
            params.add(new SvcParam(SvcParam.IPV6HINT, address(16).getAddress()));
        }
        return params;
    }

    private InetAddress address(int bytes) {
        byte[] address = new byte[bytes];
        random.nextBytes(address);
        try {
            return bytes == 16 ? Inet6Address.getByAddress(null, address, -1) : InetAddress.getByAddress(address);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private byte[] octets(int most) {
        byte[] octets = new byte[random.nextInt(most)];
        random.nextBytes(octets);
        return octets;
    }

    private int u16() {
        return random.nextInt(65536);
    }

    private long u32() {
        return random.nextLong() & 0xffff_ffffL;
    }
}

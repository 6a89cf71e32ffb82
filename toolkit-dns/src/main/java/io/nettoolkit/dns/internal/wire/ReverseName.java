package io.nettoolkit.dns.internal.wire;

import java.net.Inet6Address;
import java.net.InetAddress;

/** The name under which an address has its PTR records (RFC 1035 §3.5, RFC 3596 §2.5). Stateless. */
public final class ReverseName {

    private ReverseName() {}

    /** Such as {@code 1.2.0.192.in-addr.arpa.}. */
    public static String of(InetAddress address) {
        byte[] octets = address.getAddress();
        boolean six = address instanceof Inet6Address;
        StringBuilder name = new StringBuilder(80);
        for (int i = octets.length - 1; i >= 0; i--) {
            int octet = octets[i] & 0xff;
            if (six) {
                name.append(Character.forDigit(octet & 15, 16))
                        .append('.')
                        .append(Character.forDigit(octet >> 4, 16))
                        .append('.');
            } else {
                name.append(octet).append('.');
            }
        }
        return name.append(six ? "ip6.arpa." : "in-addr.arpa.").toString();
    }
}

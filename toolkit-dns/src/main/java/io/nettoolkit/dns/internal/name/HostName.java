package io.nettoolkit.dns.internal.name;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a host's name is before any server is asked: an address in letters, a name with a meaning of its own, or neither.
 *
 * <p>A name whose last label is a number is either a dotted quad or refused: "1", "0x7f.1" and "010.0.0.1" are addresses
 * to some resolvers and names to others, which has opened more than one filter.
 *
 * <p><b>Sources.</b> RFC 6761 section 6 (localhost, invalid), RFC 7686 (onion), RFC 4007 section 11 (zone ids),
 * RFC 1123 section 2.1.
 */
public final class HostName {

    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0[xX][0-9a-fA-F]*");
    private static final List<InetAddress> LOOPBACK = List.of(
            address("localhost", new byte[] {127, 0, 0, 1}),
            address("localhost", new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));

    private static final DnsName LOCALHOST = name("localhost");
    private static final DnsName INVALID = name("invalid");
    private static final DnsName ONION = name("onion");

    private HostName() {}

    private static DnsName name(String name) {
        try {
            return DnsName.of(name);
        } catch (DnsException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /**
     * The address that the text is, brackets of an IPv6 one or not.
     *
     * @return null when it is a name
     * @throws DnsException of kind DNS_BAD_NAME when it looks like an address and is none, or its zone is no interface of this host
     */
    public static @Nullable InetAddress literal(String host) throws DnsException {
        if (host.indexOf(':') >= 0) {
            return ipv6(host);
        }
        byte[] quad = NetUtil.isValidIpV4Address(host) ? NetUtil.createByteArrayFromIpAddressString(host) : null;
        if (quad != null && !hasOctalLook(host)) {
            return address(host, quad);
        }
        if (endsInNumber(host)) {
            throw GivenName.bad(host, "must be four decimal numbers from 0 to 255 where it ends in a number");
        }
        return null;
    }

    private static InetAddress ipv6(String host) throws DnsException {
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        String text = brackets ? host.substring(1, host.length() - 1) : host;
        int zone = text.indexOf('%');
        if (!NetUtil.isValidIpV6Address(zone < 0 ? text : text.substring(0, zone))) {
            throw GivenName.bad(host, "must be an IPv6 address where it has a colon");
        }
        if (zone == text.length() - 1) {
            throw GivenName.bad(host, "must have an interface after the %");
        }
        try {
            return InetAddress.getByName(text); // a literal, nothing is looked up
        } catch (UnknownHostException noSuchInterface) {
            throw GivenName.bad(host, "must name an interface of this host after the %");
        }
    }

    private static boolean endsInNumber(String host) {
        int end = host.endsWith(".") ? host.length() - 1 : host.length();
        return NUMBER.matcher(host.substring(host.lastIndexOf('.', end - 1) + 1, end))
                .matches();
    }

    private static boolean hasOctalLook(String quad) {
        for (int i = 0; i < quad.length() - 1; i++) {
            boolean begins = i == 0 || quad.charAt(i - 1) == '.';
            if (begins && quad.charAt(i) == '0' && quad.charAt(i + 1) != '.') {
                return true;
            }
        }
        return false;
    }

    private static InetAddress address(String host, byte[] bytes) {
        try {
            return InetAddress.getByAddress(host, bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("4 or 16 bytes are an address", impossible);
        }
    }

    /** Whether a name is this host's loopback, which no server may say anything about. */
    public static boolean isLocalhost(DnsName name) {
        return name.isWithin(LOCALHOST);
    }

    /** What {@link #isLocalhost} names stand for: 127.0.0.1 and ::1. */
    public static List<InetAddress> loopback() {
        return LOOPBACK;
    }

    /** Whether a name exists in no public DNS by its nature, so that asking would only tell on the caller. */
    public static boolean isNeverAsked(DnsName name) {
        return name.isWithin(INVALID) || name.isWithin(ONION);
    }
}

package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.SvcParam;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The forms that the values of the known keys of SVCB have (RFC 9460 §7). Stateless. */
public final class SvcParamCodec {

    /** Bytes of an address. */
    public static final int IPV4_BYTES = 4;
    /** Bytes of an address. */
    public static final int IPV6_BYTES = 16;

    private static final int INVALID_KEY = 65535;
    private static final int MAX_VALUE_BYTES = 65535;

    private SvcParamCodec() {}

    /** What is wrong with a value, or null. */
    public static @Nullable String flaw(int key, byte[] value) {
        if (key < 0 || key >= INVALID_KEY || value.length > MAX_VALUE_BYTES) {
            return "the key must be 0 to 65534, the value at most 65535 bytes";
        }
        return switch (key) {
            case SvcParam.MANDATORY -> mandatoryFlaw(value);
            case SvcParam.ALPN -> alpnFlaw(value);
            case SvcParam.NO_DEFAULT_ALPN -> value.length == 0 ? null : "must be empty";
            case SvcParam.PORT -> value.length == 2 ? null : "must be 2 bytes";
            case SvcParam.IPV4HINT -> isMultiple(value, IPV4_BYTES) ? null : "must be IPv4 addresses, 4 bytes each";
            case SvcParam.IPV6HINT -> isMultiple(value, IPV6_BYTES) ? null : "must be IPv6 addresses, 16 bytes each";
            case SvcParam.ECH -> value.length > 0 ? null : "must not be empty";
            default -> null;
        };
    }

    private static boolean isMultiple(byte[] value, int unit) {
        return value.length > 0 && value.length % unit == 0;
    }

    private static @Nullable String mandatoryFlaw(byte[] value) {
        if (!isMultiple(value, 2)) {
            return "must be keys, 2 bytes each";
        }
        int last = SvcParam.MANDATORY;
        for (int key : keys(value)) {
            if (key <= last) {
                return "must be rising keys without key 0";
            }
            last = key;
        }
        return null;
    }

    private static @Nullable String alpnFlaw(byte[] value) {
        int at = 0;
        while (at < value.length) {
            int length = value[at] & 0xff;
            if (length == 0 || at + 1 + length > value.length) {
                return "must be strings of 1 to 255 bytes, each after its length";
            }
            at += 1 + length;
        }
        return value.length == 0 ? "must not be empty" : null;
    }

    /** The strings of an alpn value without flaw. */
    public static List<String> strings(byte[] value) {
        List<String> strings = new ArrayList<>();
        for (int at = 0; at < value.length; at += 1 + (value[at] & 0xff)) {
            strings.add(new String(value, at + 1, value[at] & 0xff, StandardCharsets.ISO_8859_1));
        }
        return List.copyOf(strings);
    }

    /** The keys of a mandatory value without flaw. */
    public static List<Integer> keys(byte[] value) {
        List<Integer> keys = new ArrayList<>();
        for (int at = 0; at < value.length; at += 2) {
            keys.add((value[at] & 0xff) << 8 | (value[at + 1] & 0xff));
        }
        return List.copyOf(keys);
    }

    /** The addresses of a hint without flaw. */
    public static List<InetAddress> addresses(byte[] value, int bytesEach) {
        List<InetAddress> addresses = new ArrayList<>();
        for (int at = 0; at < value.length; at += bytesEach) {
            try {
                byte[] address = Arrays.copyOfRange(value, at, at + bytesEach);
                // InetAddress would make an IPv4 address of one that is embedded in IPv6.
                addresses.add(
                        bytesEach == IPV6_BYTES
                                ? Inet6Address.getByAddress(null, address, -1)
                                : InetAddress.getByAddress(address));
            } catch (UnknownHostException impossible) {
                throw new IllegalStateException("an address of " + bytesEach + " bytes", impossible);
            }
        }
        return List.copyOf(addresses);
    }
}

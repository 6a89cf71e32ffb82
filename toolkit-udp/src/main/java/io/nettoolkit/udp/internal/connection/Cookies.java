package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.internal.wire.KeySchedule;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Tokens that prove that their bearer receives what is sent to its address, without the server remembering anything.
 *
 * <pre>
 *   0               8                              24
 *  +---------------+------------------------------+
 *  |  issued at    |  MAC                         |
 *  +---------------+------------------------------+
 * </pre>
 *
 * The MAC is HMAC-SHA256 over address, port, the client's connection id and random, and the time, cut to 16 bytes; its key
 * changes every minute. A token lives for ten seconds.
 *
 * <p><b>Sources.</b> RFC 9000 §8.1.2 and §8.1.4.
 */
final class Cookies {

    static final int BYTES = 24;
    static final long LIFE_NANOS = 10_000_000_000L;

    private static final long KEY_LIFE_NANOS = 60_000_000_000L;
    private static final int MAC_BYTES = 16;

    private final byte[] master;

    Cookies(byte[] master) {
        this.master = master;
    }

    byte[] issue(long nowNanos, SocketAddress from, long clientId, byte[] clientRandom) {
        byte[] mac = mac(nowNanos, from, clientId, clientRandom);
        return ByteBuffer.allocate(BYTES).putLong(nowNanos).put(mac).array();
    }

    boolean isValid(byte[] token, long nowNanos, SocketAddress from, long clientId, byte[] clientRandom) {
        if (token.length != BYTES) {
            return false;
        }
        long issued = ByteBuffer.wrap(token).getLong();
        long age = nowNanos - issued;
        return age >= 0
                && age <= LIFE_NANOS
                && MessageDigest.isEqual(
                        Arrays.copyOfRange(token, Long.BYTES, BYTES), mac(issued, from, clientId, clientRandom));
    }

    private byte[] mac(long issuedNanos, SocketAddress from, long clientId, byte[] clientRandom) {
        byte[] key = KeySchedule.hmac(master, longs(issuedNanos / KEY_LIFE_NANOS));
        byte[] mac = KeySchedule.hmac(key, address(from), longs(clientId), clientRandom, longs(issuedNanos));
        return Arrays.copyOf(mac, MAC_BYTES);
    }

    private static byte[] address(SocketAddress from) {
        if (from instanceof InetSocketAddress inet && inet.getAddress() != null) {
            byte[] ip = inet.getAddress().getAddress();
            return ByteBuffer.allocate(ip.length + 4)
                    .put(ip)
                    .putInt(inet.getPort())
                    .array();
        }
        return from.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] longs(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }
}

package io.nettoolkit.udp.internal.wire;

import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpSecurity.Suite;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Every key that comes from a pre-shared one, by HKDF-SHA256 (RFC 5869): the handshake's authentication key, the key of
 * the stateless reset tokens, and the keys of a connection, which depend on the random bytes of both sides.
 */
public final class KeySchedule {

    /** Bytes of random each side puts into the handshake. */
    public static final int RANDOM_BYTES = 32;

    /** Bytes of a message authentication code in the handshake. */
    public static final int MAC_BYTES = 16;

    private static final String HMAC = "HmacSHA256";

    private final RudpSecurity security;
    private final byte[] handshakeKey;

    /** The schedule for this security. */
    public KeySchedule(RudpSecurity security) {
        this.security = security;
        handshakeKey = isKeyed() ? derive("rudp1 handshake") : new byte[0];
    }

    /** Whether there is a key at all. */
    public boolean isKeyed() {
        return security.suite() == Suite.PSK_AES_128_GCM;
    }

    /** The choice behind it. */
    public RudpSecurity security() {
        return security;
    }

    /** What a HELLO calls this suite. */
    public static int suiteCode(Suite suite) {
        return switch (suite) {
            case PLAINTEXT -> 0;
            case CHECKSUM -> 1;
            case PSK_AES_128_GCM -> 2;
        };
    }

    /** Bytes for {@code label} that depend on the pre-shared key alone. */
    public byte[] derive(String label) {
        return expand(extract(ascii("rudp1"), security.key()), label);
    }

    /** The first 16 bytes of the HMAC-SHA256 of these parts under the handshake key. */
    byte[] authenticate(byte[]... parts) {
        return Arrays.copyOf(hmac(handshakeKey, parts), MAC_BYTES);
    }

    boolean isAuthentic(byte[] mac, byte[]... parts) {
        return MessageDigest.isEqual(mac, authenticate(parts));
    }

    /** The protection of one side of a new connection. */
    public PacketProtection protection(Side side, byte[] clientRandom, byte[] serverRandom) {
        return switch (security.suite()) {
            case PLAINTEXT -> PacketProtection.NONE;
            case CHECKSUM -> new Crc32cProtection();
            case PSK_AES_128_GCM -> encryption(side, clientRandom, serverRandom);
        };
    }

    private PacketProtection encryption(Side side, byte[] clientRandom, byte[] serverRandom) {
        byte[] salt = Arrays.copyOf(clientRandom, clientRandom.length + serverRandom.length);
        System.arraycopy(serverRandom, 0, salt, clientRandom.length, serverRandom.length);
        byte[] secret = extract(salt, security.key());
        AesGcmProtection.Direction client = direction(secret, "client");
        AesGcmProtection.Direction server = direction(secret, "server");
        return side == Side.CLIENT ? new AesGcmProtection(client, server) : new AesGcmProtection(server, client);
    }

    private static AesGcmProtection.Direction direction(byte[] secret, String sender) {
        byte[] key = Arrays.copyOf(expand(secret, "rudp1 " + sender + " key"), 16);
        return new AesGcmProtection.Direction(key, expand(secret, "rudp1 " + sender + " iv"));
    }

    /** The HMAC-SHA256 of these parts. */
    public static byte[] hmac(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this runtime has no " + HMAC, e);
        }
    }

    /** HKDF-Extract (RFC 5869 §2.2). */
    static byte[] extract(byte[] salt, byte[] secret) {
        return hmac(salt, secret);
    }

    /** The first block of HKDF-Expand (RFC 5869 §2.3): 32 bytes, enough for every key here. */
    static byte[] expand(byte[] secret, String label) {
        return hmac(secret, ascii(label), new byte[] {1});
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Which end of a connection. */
    public enum Side {
        /** The one that dialled. */
        CLIENT,
        /** The one that listened. */
        SERVER
    }
}

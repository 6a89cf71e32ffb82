package io.nettoolkit.udp;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * What protects the datagrams of a connection. There is no default: both sides choose, and choose the same.
 *
 * <table>
 * <caption>What each protects from</caption>
 * <tr><th></th><th>plaintext</th><th>plaintext with checksum</th><th>pre-shared key</th></tr>
 * <tr><td>someone who cannot see the traffic and forges source addresses</td><td>yes: cookie, 64 random bits of
 *   connection id</td><td>yes</td><td>yes</td></tr>
 * <tr><td>bits flipped on the way that the UDP checksum let pass</td><td>no</td><td>yes</td><td>yes</td></tr>
 * <tr><td>someone on the path who reads</td><td>no</td><td>no</td><td>yes</td></tr>
 * <tr><td>someone on the path who alters, injects or replays</td><td>no</td><td>no</td><td>yes</td></tr>
 * <tr><td>who learns the key later and recorded the traffic (forward secrecy)</td><td>no</td><td>no</td><td>no</td></tr>
 * <tr><td>one holder of the key who pretends to be another</td><td>no</td><td>no</td><td>no</td></tr>
 * </table>
 *
 * <p>Where the last two matter, use Netty's QUIC codec, or TLS inside a connection in stream mode.
 *
 * <p><b>Threading.</b> Immutable and comparable. {@code toString} never shows the key.
 *
 * <p><b>Sources.</b> AES-GCM: NIST SP 800-38D; key derivation: RFC 5869; CRC32C: RFC 3720 §12.1.
 */
public final class RudpSecurity {

    /** The fewest bytes of a key. */
    public static final int MIN_KEY_BYTES = 16;

    private static final RudpSecurity PLAINTEXT = new RudpSecurity(Suite.PLAINTEXT, new byte[0]);
    private static final RudpSecurity CHECKSUM = new RudpSecurity(Suite.CHECKSUM, new byte[0]);

    private final Suite suite;
    private final byte[] key;

    private RudpSecurity(Suite suite, byte[] key) {
        this.suite = suite;
        this.key = key;
    }

    /**
     * AES-128-GCM under keys derived anew for each connection and direction from a key both sides know.
     *
     * @param key at least 16 random bytes; copied. A password is not a key: derive one from it first, slowly
     */
    public static RudpSecurity psk(byte[] key) {
        Objects.requireNonNull(key, "key: must not be null");
        if (key.length < MIN_KEY_BYTES) {
            throw new IllegalArgumentException("key: " + key.length + " bytes (must be " + MIN_KEY_BYTES + " or more)");
        }
        return new RudpSecurity(Suite.PSK_AES_128_GCM, key.clone());
    }

    /** Nothing is encrypted, and nothing but the UDP checksum guards against corruption. */
    public static RudpSecurity plaintext() {
        return PLAINTEXT;
    }

    /** As {@link #plaintext()} with 4 bytes of CRC32C on each datagram. */
    public RudpSecurity withChecksum() {
        if (suite == Suite.PSK_AES_128_GCM) {
            throw new IllegalStateException("withChecksum: the pre-shared key already authenticates every byte");
        }
        return CHECKSUM;
    }

    /** Which of the three it is. */
    public Suite suite() {
        return suite;
    }

    /** A copy of the pre-shared key; empty where there is none. */
    public byte[] key() {
        return key.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RudpSecurity that && that.suite == suite && MessageDigest.isEqual(that.key, key);
    }

    @Override
    public int hashCode() {
        return 31 * suite.hashCode() + Arrays.hashCode(key);
    }

    @Override
    public String toString() {
        return "RudpSecurity[" + suite + "]";
    }

    /** How datagrams are protected. */
    public enum Suite {
        /** Not at all. */
        PLAINTEXT,
        /** Against corruption, by CRC32C. */
        CHECKSUM,
        /** Against corruption, reading and forging, by AES-128-GCM. */
        PSK_AES_128_GCM
    }
}

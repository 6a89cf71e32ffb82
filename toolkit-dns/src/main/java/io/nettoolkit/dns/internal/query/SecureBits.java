package io.nettoolkit.dns.internal.query;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/**
 * Numbers nobody can guess, for ids and the case of letters, drawn in advance: one call of the generator gives hundreds.
 *
 * <p>The generator is the JDK's DRBG (NIST SP 800-90A), which computes; the default one may read a file at each call, and
 * event loops must not. It is seeded when this is made. Confined to a loop.
 */
final class SecureBits {

    private static final int BUFFER_BYTES = 2048;

    private final SecureRandom random;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int used;

    SecureBits() {
        random = newRandom();
        random.nextBytes(buffer);
    }

    private static SecureRandom newRandom() {
        try {
            return SecureRandom.getInstance("DRBG");
        } catch (NoSuchAlgorithmException otherJdk) {
            return new SecureRandom();
        }
    }

    /** 16 bits. */
    int nextId() {
        int at = take(2);
        return (buffer[at] & 0xff) << 8 | (buffer[at + 1] & 0xff);
    }

    /** 32 bits. */
    int nextInt() {
        return nextId() << 16 | nextId();
    }

    private int take(int bytes) {
        if (used + bytes > BUFFER_BYTES) {
            random.nextBytes(buffer);
            used = 0;
        }
        int at = used;
        used += bytes;
        return at;
    }
}

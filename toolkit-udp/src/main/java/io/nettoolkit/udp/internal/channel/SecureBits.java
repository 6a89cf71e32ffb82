package io.nettoolkit.udp.internal.channel;

import java.nio.ByteBuffer;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * Numbers nobody can guess, drawn from one generator in advance: a call of it gives enough for a few handshakes.
 *
 * <p>The generator is the JDK's DRBG (NIST SP 800-90A), which computes; the default one may read a file at each call, and
 * event loops must not. {@link #seed} has it seeded elsewhere. Confined to a thread.
 */
final class SecureBits implements RandomGenerator {

    private static final SecureRandom SOURCE = newSource();
    private static final int BUFFER_BYTES = 1024;

    private final ByteBuffer bits = ByteBuffer.allocate(BUFFER_BYTES).limit(0);

    /** Seeds the generator, unless it is already; on a thread that may wait. */
    static void seed() {
        SOURCE.nextBytes(new byte[1]);
    }

    private static SecureRandom newSource() {
        try {
            return SecureRandom.getInstance("DRBG");
        } catch (NoSuchAlgorithmException otherJdk) {
            return new SecureRandom();
        }
    }

    @Override
    public long nextLong() {
        if (!bits.hasRemaining()) {
            bits.clear();
            SOURCE.nextBytes(bits.array());
        }
        return bits.getLong();
    }
}

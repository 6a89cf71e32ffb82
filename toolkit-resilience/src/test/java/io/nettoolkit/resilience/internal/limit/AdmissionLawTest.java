package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The law of a token bucket from below: who always asks gets all there is, less one permit at most. */
class AdmissionLawTest {

    private static final long SECOND = 1_000_000_000;

    /** Rates from one in minutes to a million a second, over ten thousand permits, across the wrap of the clock. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void constantDemandGetsBurstAndRateLessOne(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long permits = 1 + random.nextLong(1L << random.nextInt(1, 20));
        long per = SECOND * (1 + random.nextLong(5));
        long burst = 2 + random.nextLong(20);
        long start = Long.MAX_VALUE - random.nextLong(10 * per);
        TokenBucket bucket = TokenBucket.of(new TokenRate(permits, per, start), burst, start);
        double perNano = (double) permits / per;
        // Several times for each permit, at no regular moments, and never so late that the bucket runs over.
        long step = Math.max(1, (long) (0.9 / perNano));
        long elapsed = 0;
        long admitted = takeAll(bucket, start);
        while (admitted < 10_000) {
            elapsed += random.nextLong(step + 1);
            admitted += takeAll(bucket, start + elapsed);
            double law = burst + elapsed * perNano;
            assertThat((double) admitted)
                    .as("seed %d, %d per %d ns, burst %d, after %d ns", seed, permits, per, burst, elapsed)
                    .isBetween(law - 1 - 1e-6 * law, law + 1e-6 * law);
        }
    }

    private static int takeAll(TokenBucket bucket, long now) {
        int taken = 0;
        while (taken < 100 && bucket.tryTake(1, now)) {
            taken++;
        }
        return taken;
    }
}

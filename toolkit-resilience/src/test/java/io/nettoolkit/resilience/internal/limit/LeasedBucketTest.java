package io.nettoolkit.resilience.internal.limit;

import static io.nettoolkit.resilience.internal.limit.LimitContractTest.onThreads;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeasedBucketTest {

    private static final long SECOND = 1_000_000_000;
    private static final long HOUR = 3600 * SECOND;
    private static final int BURST = 10_000;

    /** A permit an hour: what is there at the start is all there is. */
    private static LeasedBucket slow(long now) {
        return LeasedBucket.of(new TokenRate(1, HOUR, now), BURST, 64, now);
    }

    private static boolean take(LeasedBucket bucket, long permits, long now) {
        return bucket.trySpend(permits) || bucket.tryTake(permits, now);
    }

    @Test
    void threadsNeverGetMoreThanThereIsAndAllOfItOnceLeasesHaveExpired() throws Exception {
        for (int round = 0; round < 20; round++) {
            LeasedBucket bucket = slow(0);
            int taken = onThreads(() -> {
                int mine = 0;
                for (int i = 0; i < BURST; i++) {
                    mine += take(bucket, 1 + i % 3, 0) ? 1 + i % 3 : 0;
                }
                return mine;
            });
            assertThat(taken).isBetween(BURST / 2, BURST);

            long later = 2 * LeasedBucket.LEASE_NANOS;
            while (take(bucket, 1, later)) {
                taken++;
            }
            assertThat(taken).isEqualTo(BURST);
        }
    }

    /** One thread has one stripe; what the others hold comes back once, and not twice. */
    @Test
    void whatIdleStripesHoldIsThereAgainAfterALease() {
        LeasedBucket bucket = slow(0);
        long taken = 0;
        while (take(bucket, 1, 0)) {
            taken++;
        }
        assertThat(taken).isGreaterThanOrEqualTo(bucket.capacity() + bucket.batch());
        assertThat(take(bucket, 1, LeasedBucket.LEASE_NANOS))
                .as("a moment too early")
                .isFalse();
        while (taken <= BURST && take(bucket, 1, 2 * LeasedBucket.LEASE_NANOS)) {
            taken++;
        }
        assertThat(taken).isEqualTo(BURST);
    }

    /** The clock moves on while threads take; the sum must never pass what one bucket would have given. */
    @Test
    void neverAdmitsMoreThanBurstAndRateWhileTheClockMoves() throws Exception {
        long perSecond = 1_000_000;
        LeasedBucket bucket = LeasedBucket.of(new TokenRate(perSecond, SECOND, 0), 2_000, 100, 0);
        AtomicLong clock = new AtomicLong();
        AtomicLong admitted = new AtomicLong();
        AtomicLong beyond = new AtomicLong();
        long taken = onThreads(() -> {
            int mine = 0;
            for (int i = 0; i < 100_000; i++) {
                if (take(bucket, 1, clock.get())) {
                    mine++;
                    admitted.incrementAndGet();
                }
                if (i % 16 == 0) {
                    clock.addAndGet(2_000);
                }
                // Counted after it was taken and compared with a clock that is read after that: never too strict.
                if (admitted.get() > 2_000 + clock.get() * perSecond / SECOND + 1) {
                    beyond.incrementAndGet();
                }
            }
            return mine;
        });
        assertThat(beyond.get()).isZero();
        assertThat(taken).isGreaterThan(perSecond * clock.get() / SECOND / 2);
    }

    /** After a rest of any length what is lent and what is in the bucket are the burst together. */
    @Test
    void aRestGivesTheBurstAndNoMore() throws Exception {
        long perSecond = 1_000_000;
        LeasedBucket bucket = LeasedBucket.of(new TokenRate(perSecond, SECOND, 0), 2_000, 100, 0);
        for (long now = 0; now < 20 * SECOND; now += SECOND) {
            long rested = now;
            int taken = onThreads(() -> {
                int mine = 0;
                for (int i = 0; i < 2_000; i++) {
                    mine += take(bucket, 1, rested) ? 1 : 0;
                }
                return mine;
            });
            assertThat(taken).isBetween(1_000, 2_000);
        }
    }

    @Test
    void aCallLargerThanABatchGoesToTheBucket() {
        LeasedBucket bucket = slow(0);

        assertThat(take(bucket, bucket.capacity() + 1, 0)).isFalse();
        assertThat(take(bucket, bucket.capacity(), 0)).isTrue();
        assertThat(bucket.take(65, 0, -1)).isPositive();
    }

    @Test
    void aBatchIsCutSoThatTheBucketKeepsHalfOfTheBurst() {
        TokenRate rate = new TokenRate(1, SECOND, 0);

        assertThat(LeasedBucket.of(rate, 1, 64, 0).batch()).isZero();
        assertThat(LeasedBucket.of(rate, 1, 64, 0).tryTake(1, 0)).isTrue();
        assertThat(LeasedBucket.of(rate, BURST, Integer.MAX_VALUE, 0).capacity())
                .isGreaterThanOrEqualTo(BURST / 2);
    }

    @Test
    void aRefusalWritesNothing() {
        LeasedBucket bucket = slow(0);
        while (take(bucket, 1, 0)) {
            // until it is empty for this thread
        }
        assertThat(bucket.take(1, 0, 5)).isGreaterThan(5);
        assertThat(take(bucket, 1, 0)).isFalse();
        assertThat(bucket.take(1, 0, -1)).isPositive();
    }
}

package io.nettoolkit.resilience.internal.limit;

import static io.nettoolkit.resilience.internal.limit.LimitContractTest.onThreads;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.internal.Stripe;
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

    /** Where the clock stands when it is built: units, stamps and ages are differences. */
    private static final long[] STARTS = {0, -5, 77 * HOUR, Long.MAX_VALUE - LeasedBucket.LEASE_NANOS / 2};

    /** What the bucket has for a call that is too large for a stripe to serve. */
    private static long inTheBucket(LeasedBucket bucket, long now) {
        long least = 0;
        long most = BURST;
        while (least < most) {
            long middle = (least + most + 1) / 2;
            if (bucket.bucket().take(middle, now, -1) == 0) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        return least;
    }

    @Test
    void aStripeBorrowsABatchAndSpendsItWithoutTheBucket() {
        for (long now : STARTS) {
            LeasedBucket bucket = slow(now);
            long full = bucket.capacity();
            assertThat(bucket.isLeased()).isTrue();
            assertThat(bucket.batch()).isEqualTo(64);
            assertThat(full).isEqualTo(BURST - 64 * Stripe.COUNT);
            assertThat(bucket.trySpend(64)).as("what it begins with").isTrue();
            assertThat(bucket.trySpend(1)).isFalse();

            assertThat(bucket.tryTake(1, now)).isTrue();
            assertThat(inTheBucket(bucket, now)).isEqualTo(full - 64);
            assertThat(bucket.trySpend(60)).isTrue();
            assertThat(bucket.trySpend(4)).as("it has three").isFalse();
            assertThat(inTheBucket(bucket, now)).isEqualTo(full - 64);

            assertThat(bucket.tryTake(2, now)).as("what it has").isTrue();
            assertThat(inTheBucket(bucket, now)).as("and no more").isEqualTo(full - 64);
            assertThat(bucket.tryTake(5, now))
                    .as("one of its own, four and the next batch")
                    .isTrue();
            assertThat(inTheBucket(bucket, now)).isEqualTo(full - 64 - 63);
            assertThat(bucket.trySpend(60)).isFalse();
            assertThat(bucket.trySpend(59)).isTrue();
        }
    }

    @Test
    void theLastPermitsOfTheBucketMakeUpForWhatTheStripeLacks() {
        LeasedBucket bucket = slow(0);
        assertThat(bucket.tryTake(61, 0)).isTrue();
        long left = inTheBucket(bucket, 0);
        assertThat(bucket.tryTake(left - 61, 0))
                .as("larger than a batch: of the bucket alone")
                .isTrue();
        assertThat(inTheBucket(bucket, 0)).isEqualTo(61);

        assertThat(bucket.tryTake(65, 0)).isFalse();
        assertThat(bucket.tryTake(64, 0))
                .as("3 of the stripe and 61 of the bucket")
                .isTrue();

        assertThat(bucket.trySpend(1)).isFalse();
        assertThat(inTheBucket(bucket, 0)).isZero();
        assertThat(bucket.tryTake(1, 0)).isFalse();
    }

    @Test
    void aStripesPermitsAreTakenBackAtTheEndOfTheLeaseAndNoSooner() {
        for (long now : STARTS) {
            LeasedBucket bucket = slow(now);
            assertThat(bucket.tryTake(1, now)).isTrue();
            long left = inTheBucket(bucket, now);
            assertThat(bucket.tryTake(left, now)).isTrue();
            long stamps = LeasedBucket.LEASE_NANOS / LeasedBucket.STAMP_NANOS + 1;
            long end = (Math.floorDiv(now, LeasedBucket.STAMP_NANOS) + stamps) * LeasedBucket.STAMP_NANOS;

            // One more than there are on all stripes, so that they are taken back and stay where they are.
            long lent = 64L * Stripe.COUNT - 1;
            assertThat(bucket.tryTake(lent + 1, end - 1)).isFalse();
            assertThat(inTheBucket(bucket, end - 1)).as("from %d", now).isZero();
            assertThat(bucket.tryTake(lent + 1, end)).isFalse();
            assertThat(inTheBucket(bucket, end)).as("from %d", now).isEqualTo(lent);
            assertThat(bucket.trySpend(1)).isFalse();
        }
    }

    @Test
    void askingForALeaseTakesNothingAndReservingDoes() {
        LeasedBucket bucket = slow(0);
        assertThat(bucket.tryTake(60, 0)).isTrue();
        assertThat(bucket.tryTake(inTheBucket(bucket, 0), 0)).isTrue();

        assertThat(bucket.take(4, 0, -1)).as("the stripe has four").isZero();
        assertThat(bucket.take(5, 0, -1)).as("five are with the bucket alone").isEqualTo(5 * HOUR);
        assertThat(bucket.take(4, 0, 0)).isZero();
        assertThat(bucket.take(4, 0, 0)).as("they were taken").isEqualTo(4 * HOUR);
        assertThat(bucket.take(1, 0, HOUR)).as("promised").isEqualTo(HOUR);
        assertThat(bucket.take(1, 0, -1)).isEqualTo(2 * HOUR);

        assertThat(bucket.cancel(1, HOUR, 0)).isTrue();
        assertThat(bucket.take(1, 0, -1)).isEqualTo(HOUR);
        assertThat(bucket.cancel(bucket.capacity() + 1, 0, 0)).isFalse();
    }
}

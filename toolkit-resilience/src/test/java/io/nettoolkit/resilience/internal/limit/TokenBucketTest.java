package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {

    private static final long SECOND = 1_000_000_000;

    private static TokenBucket bucket(long permits, long perNanos, long burst, long now) {
        return TokenBucket.of(new TokenRate(permits, perNanos, now), burst, now);
    }

    /** Exact in rationals: a permit is worth {@code per}, a nanosecond {@code permits}. */
    private static final class ExactBucket {
        private final BigInteger permits;
        private final BigInteger per;
        private final BigInteger burst;
        private final long origin;
        private BigInteger tat = BigInteger.ZERO;

        ExactBucket(long permits, long perNanos, long burst, long origin) {
            this.permits = BigInteger.valueOf(permits);
            per = BigInteger.valueOf(perNanos);
            this.burst = per.multiply(BigInteger.valueOf(burst));
            this.origin = origin;
        }

        private BigInteger at(long now) {
            return permits.multiply(BigInteger.valueOf(now - origin));
        }

        /** What is free beyond the cost, in nanoseconds' worth; negative when there is too little. */
        double spareNanos(long cost, long now) {
            BigInteger start = tat.max(at(now));
            BigInteger spare = burst.subtract(
                    start.add(per.multiply(BigInteger.valueOf(cost))).subtract(at(now)));
            return spare.doubleValue() / permits.doubleValue();
        }

        void take(long cost, long now) {
            tat = tat.max(at(now)).add(per.multiply(BigInteger.valueOf(cost)));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void decidesAsAnExactModelDoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long permits = 1 + random.nextLong(1L << random.nextInt(1, 30));
        long per = SECOND + random.nextLong(100 * SECOND);
        long burst = 1 + random.nextLong(50);
        long now = Long.MAX_VALUE - random.nextLong(1000); // soon to wrap
        TokenBucket bucket = bucket(permits, per, burst, now);
        ExactBucket model = new ExactBucket(permits, per, burst, now);
        int admitted = 0;
        for (int i = 0; i < 20_000; i++) {
            now += step(random, per / permits + 1);
            long cost = 1 + random.nextLong(burst);
            double spare = model.spareNanos(cost, now);
            boolean taken = bucket.tryTake(cost, now);
            // Within a nanosecond of the limit the rounding of a unit decides.
            if (Math.abs(spare) > 1) {
                assertThat(taken)
                        .as("seed %d, step %d, spare %f ns", seed, i, spare)
                        .isEqualTo(spare > 0);
            }
            if (taken) {
                model.take(cost, now);
                admitted++;
            }
        }
        assertThat(admitted).isBetween(100, 19_999);
    }

    private static long step(SplittableRandom random, long interval) {
        return switch (random.nextInt(10)) {
            case 0 -> 0; // the clock stalls
            case 1 -> random.nextLong(interval * 200); // and jumps
            default -> random.nextLong(interval * 2);
        };
    }

    @Test
    void admitsNoMoreThanBurstAndRateInAnyIntervalAndNoLessUnderConstantDemand() {
        long seed = 4711;
        SplittableRandom random = new SplittableRandom(seed);
        long now = random.nextLong();
        TokenBucket bucket = bucket(700, SECOND, 9, now);
        List<long[]> admitted = new ArrayList<>();
        long start = now;
        for (int i = 0; i < 3_000; i++) {
            now += random.nextLong(2_000_000);
            while (bucket.tryTake(1, now)) {
                admitted.add(new long[] {now});
            }
        }
        double most = 0;
        for (int from = 0; from < admitted.size(); from++) {
            for (int to = from; to < admitted.size(); to++) {
                double span = (admitted.get(to)[0] - admitted.get(from)[0]) / 1e9;
                most = Math.max(most, to - from + 1 - 700 * span);
            }
        }
        assertThat(most).as("seed %d", seed).isLessThanOrEqualTo(9 + 1e-6);
        assertThat((double) admitted.size()).isGreaterThan(9 + 700 * ((now - start) / 1e9) - 3);
    }

    /** 1000 permits at a time, a million times: 10^9. A period that is no whole number of nanoseconds per permit. */
    @Test
    void doesNotDriftOverABillionPermits() {
        long permits = 999_983;
        TokenBucket bucket = bucket(permits, SECOND, 1000, Long.MAX_VALUE - 5);
        long origin = Long.MAX_VALUE - 5;
        long now = origin;
        for (int i = 0; i < 1_000_001; i++) {
            now += bucket.take(1000, now, 60 * SECOND);
        }
        double exact = 1e9 * SECOND / permits;
        assertThat((double) (now - origin)).isBetween(exact - 2, exact + 2);
    }

    /** Guava counts in microseconds: at 80,000 a second, 12.5 us each, it is off (guava #5290). */
    @Test
    void eightyThousandASecondAreEightyThousand() {
        TokenBucket bucket = bucket(80_000, SECOND, 1, 0);
        int admitted = 0;
        for (long now = 0; now < SECOND; now += 250) {
            admitted += bucket.tryTake(1, now) ? 1 : 0;
        }
        assertThat(admitted).isEqualTo(80_000);
    }

    @Test
    void aRefusalLeavesTheStateAsItIs() {
        TokenBucket bucket = bucket(10, SECOND, 1, 0);
        assertThat(bucket.tryTake(1, 0)).isTrue();
        long before = bucket.word();

        assertThat(bucket.tryTake(1, 0)).isFalse();
        assertThat(bucket.take(1, 0, SECOND / 10 - 1)).isEqualTo(SECOND / 10);
        assertThat(bucket.tryTake(2, 0)).isFalse();

        assertThat(bucket.word()).isEqualTo(before);
    }

    @Test
    void isFullAfterYearsOfRest() {
        TokenBucket bucket = bucket(1_000_000_000, SECOND, 5, 17);
        assertThat(bucket.tryTake(5, 17)).isTrue();
        long years = 17 + 17L * 365 * 24 * 3600 * SECOND;

        assertThat(bucket.tryTake(5, years)).isTrue();
        assertThat(bucket.tryTake(5, years)).isFalse();
    }

    @Test
    void aReadingOfTheClockThatIsOlderIsStricterAndNeverLenient() {
        TokenBucket bucket = bucket(10, SECOND, 2, 0);
        assertThat(bucket.tryTake(2, SECOND)).isTrue();

        assertThat(bucket.tryTake(1, 0)).isFalse();
        assertThat(bucket.tryTake(1, SECOND)).isFalse();
        assertThat(bucket.tryTake(1, SECOND + SECOND / 10)).isTrue();
    }

    @Test
    void reservationsArePromisedInOrderAndWhatIsTooLateTakesNothing() {
        TokenBucket bucket = bucket(10, SECOND, 1, 0);

        assertThat(bucket.take(1, 0, SECOND)).isZero();
        assertThat(bucket.take(1, 0, SECOND)).isEqualTo(SECOND / 10);
        assertThat(bucket.take(1, 0, SECOND / 10)).isEqualTo(2 * SECOND / 10);
        assertThat(bucket.take(1, 0, SECOND)).isEqualTo(2 * SECOND / 10);
    }

    @Test
    void aCancelRestoresExactlyItsCost() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        assertThat(bucket.tryTake(3, 0)).isTrue();
        long before = bucket.word();
        assertThat(bucket.take(4, 0, SECOND)).isEqualTo(2 * SECOND / 10);

        assertThat(bucket.cancel(4, 2 * SECOND / 10, 0)).isTrue();

        assertThat(bucket.word()).isEqualTo(before);
    }

    @Test
    void aCancelRestoresOnlyWhatWasNotPromisedToLaterOnes() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        bucket.tryTake(5, 0);
        long due = bucket.take(5, 0, SECOND);
        bucket.take(2, 0, SECOND);

        assertThat(bucket.cancel(5, due, 0)).isFalse();
        // 5 - 2 came back: as if 5 + 2 + 2 had been taken.
        assertThat(bucket.take(1, 0, -1)).isEqualTo(5 * SECOND / 10);
    }

    @Test
    void aCancelDoesNotRestoreWhatHasComeBackByItself() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        bucket.tryTake(5, 0);

        assertThat(bucket.cancel(5, 0, 2 * SECOND / 10)).isFalse();

        // Two have come back meanwhile, three are given back.
        assertThat(bucket.tryTake(5, 2 * SECOND / 10)).isTrue();
        assertThat(bucket.tryTake(1, 2 * SECOND / 10)).isFalse();
        assertThat(bucket.cancel(5, 2 * SECOND / 10, SECOND)).isFalse();
        assertThat(bucket.tryTake(5, SECOND)).isTrue();
        assertThat(bucket.tryTake(1, SECOND)).isFalse();
    }

    /** Whatever is cancelled, what remains keeps the limit, and a promise is not moved. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void cancelsNeverLetMoreThroughThanTheLimit(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long burst = 1 + random.nextLong(8);
        TokenBucket bucket = bucket(100, SECOND, burst, 0);
        List<long[]> granted = new ArrayList<>(List.<long[]>of(new long[] {-1, 0})); // due, cost
        long now = 0;
        int cancelled = 0;
        for (int i = 0; i < 2_000; i++) {
            now += random.nextLong(30_000_000);
            long cost = 1 + random.nextLong(burst);
            long maxWaitNanos = random.nextLong(200_000_000);
            long wait = bucket.take(cost, now, maxWaitNanos);
            if (wait <= maxWaitNanos) {
                granted.add(new long[] {now + wait, cost});
            }
            long[] some = granted.get(granted.size() - 1 - random.nextInt(Math.min(granted.size(), 10)));
            if (some[0] - now >= 0 && random.nextBoolean()) {
                bucket.cancel(some[1], some[0], now);
                granted.remove(some);
                cancelled++;
            }
        }
        assertThat(cancelled).as("seed %d", seed).isGreaterThan(100);
        assertKept(granted, burst, seed);
    }

    private static void assertKept(List<long[]> granted, long burst, long seed) {
        granted.sort((a, b) -> Long.compare(a[0], b[0]));
        double most = 0;
        for (int from = 0; from < granted.size(); from++) {
            double cost = 0;
            for (int to = from; to < granted.size(); to++) {
                cost += granted.get(to)[1];
                double span = (granted.get(to)[0] - granted.get(from)[0]) / 1e9;
                most = Math.max(most, cost - 100 * span);
            }
        }
        assertThat(most).as("seed %d", seed).isLessThanOrEqualTo(burst + 1e-6);
    }

    @Test
    void aLeakyBucketSpacesCallsAndLetsTheNextOnesPayForACostlyOne() {
        TokenBucket queue = TokenBucket.spaced(10, SECOND, 0);

        assertThat(queue.take(1, 0, SECOND)).isZero();
        assertThat(queue.take(3, 0, SECOND)).isEqualTo(SECOND / 10);
        assertThat(queue.take(1, 0, SECOND)).isEqualTo(4 * SECOND / 10);
        assertThat(queue.tryTake(1, 0)).isFalse();
        assertThat(queue.tryTake(1, SECOND)).isTrue();
        assertThat(queue.tryTake(1, SECOND)).isFalse();
    }

    @Test
    void aColdBucketWarmsUpToItsRate() {
        TokenBucket bucket = TokenBucket.warmingUp(new TokenRate(100, SECOND, 0), 1, 10 * SECOND, 0);
        int[] perSecond = new int[14];
        for (long now = 0; now < 14 * SECOND; now += 1_000_000) {
            if (bucket.tryTake(1, now)) {
                perSecond[(int) (now / SECOND)]++;
            }
        }

        assertThat(perSecond[0]).isBetween(33, 38);
        for (int second = 1; second < 10; second++) {
            assertThat(perSecond[second]).isGreaterThanOrEqualTo(perSecond[second - 1]);
        }
        assertThat(perSecond[12]).isBetween(99, 101);
        // A short rest does not cool it down, a long one does.
        assertThat(rateAfter(bucket, 15 * SECOND)).isBetween(99, 101);
        assertThat(rateAfter(bucket, 40 * SECOND)).isBetween(33, 38);
    }

    private static int rateAfter(TokenBucket bucket, long start) {
        int admitted = 0;
        for (long now = start; now < start + SECOND; now += 1_000_000) {
            if (bucket.tryTake(1, now)) {
                admitted++;
            }
        }
        return admitted;
    }

    @Test
    void lendsWhatThereIs() {
        TokenBucket bucket = bucket(10, SECOND, 10, 0);

        assertThat(bucket.takeUpTo(6, 1, 0)).isEqualTo(6);
        assertThat(bucket.takeUpTo(6, 1, 0)).isEqualTo(4);
        assertThat(bucket.takeUpTo(6, 1, 0)).isZero();
        bucket.putBack(3);
        assertThat(bucket.takeUpTo(6, 4, 0)).isZero();
        assertThat(bucket.takeUpTo(6, 3, 0)).isEqualTo(3);
    }

    @Test
    void aCostSoLargeThatItOverflowsIsRefused() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        long before = bucket.word();

        for (long permits : new long[] {6, 1L << 40, 1L << 62, Long.MAX_VALUE}) {
            assertThat(bucket.tryTake(permits, 0)).as("%d", permits).isFalse();
            assertThat(bucket.take(permits, 0, SECOND)).as("%d", permits).isEqualTo(Limit.NEVER);
            assertThat(bucket.cancel(permits, 0, 0)).as("%d", permits).isFalse();
        }
        assertThat(bucket.word()).isEqualTo(before);
    }

    /** A permit a year is 2^55 units; 2^60 are as far ahead as promises go. */
    @Test
    void promisesNothingBeyondTheSpanThatUnitsCanTell() {
        long year = 365L * 24 * 3600 * SECOND;
        long now = Long.MAX_VALUE - 3;
        TokenBucket bucket = bucket(1, year, 1, now);

        for (int i = 0; i <= 32; i++) {
            assertThat(bucket.take(1, now, Long.MAX_VALUE - 1)).isEqualTo(i * year);
        }

        assertThat(bucket.take(1, now, Long.MAX_VALUE - 1)).isEqualTo(Limit.NEVER);
        assertThat(bucket.take(1, now, -1)).isEqualTo(Limit.NEVER);
    }

    @Test
    void aCancelTellsWhetherAllOfItCameBack() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        bucket.tryTake(5, 0);

        assertThat(bucket.cancel(2, 0, SECOND / 10 - 1))
                .as("less than one has come back by itself")
                .isTrue();
        assertThat(bucket.cancel(2, 0, SECOND / 10))
                .as("one has come back by itself")
                .isFalse();
    }

    @Test
    void aCancelLongAfterChangesNothing() {
        TokenBucket bucket = bucket(10, SECOND, 5, 0);
        bucket.tryTake(5, 0);
        long before = bucket.word();

        assertThat(bucket.cancel(5, 0, 60 * SECOND)).isFalse();

        assertThat(bucket.word()).isEqualTo(before);
    }

    @Test
    void aLeakyBucketTakesBackWhatNobodyWaitsBehind() {
        TokenBucket queue = TokenBucket.spaced(10, SECOND, 0);
        queue.take(1, 0, SECOND);
        long due = queue.take(3, 0, SECOND);
        long before = queue.word();
        long last = queue.take(2, 0, SECOND);

        assertThat(queue.cancel(2, last, 0)).isTrue();
        assertThat(queue.word()).isEqualTo(before);
        queue.take(2, 0, SECOND);
        assertThat(queue.cancel(3, due, 0))
                .as("who waits behind it keeps its time")
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 5, 100})
    void aColdPermitCostsThreeAndLessAsItWarmsUp(long seconds) {
        long now = seconds * SECOND;
        TokenRate rate = new TokenRate(100, SECOND, 0);
        TokenBucket bucket = TokenBucket.warmingUp(rate, 10, 10 * SECOND, now);

        assertThat(costAt(bucket, now, rate)).isEqualTo(3 * rate.ofPermits(1));
        assertThat(costAt(bucket, now + 5 * SECOND, rate)).isEqualTo(2 * rate.ofPermits(1));
        assertThat(costAt(bucket, now + 10 * SECOND - 1, rate)).isBetween(rate.ofPermits(1), rate.ofPermits(1) + 10);
        assertThat(costAt(bucket, now + 15 * SECOND, rate)).isEqualTo(rate.ofPermits(1));
        long full = now + 15 * SECOND + SECOND / 100;
        assertThat(costAt(bucket, full + 10 * SECOND + 10, rate))
                .as("cold again")
                .isEqualTo(3 * rate.ofPermits(1));
    }

    private static long costAt(TokenBucket bucket, long now, TokenRate rate) {
        assertThat(bucket.tryTake(1, now)).isTrue();
        return bucket.word() - rate.units(now);
    }

    /** Cold is a bucket that has lain full for the whole warm-up, and not a moment less. */
    @Test
    void coolsDownWhileItLiesFull() {
        TokenRate rate = new TokenRate(1_000_000_000, SECOND, 0);
        for (long rest : new long[] {10 * SECOND - 1, 10 * SECOND}) {
            TokenBucket bucket = TokenBucket.warmingUp(rate, 10, 10 * SECOND, 0);
            bucket.tryTake(1, 0);
            bucket.tryTake(1, 20 * SECOND);
            bucket.tryTake(1, 25 * SECOND);
            long full = 25 * SECOND + 2;
            assertThat(costAt(bucket, full + rest, rate))
                    .as("after %d ns", rest)
                    .isEqualTo(rest < 10 * SECOND ? 1 : 3);
        }
    }
}

package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three windows against slow models of them. */
class WindowsTest {

    private static final long SECOND = 1_000_000_000;

    /** What was admitted: moment, cost. */
    private final List<long[]> log = new ArrayList<>();

    private long admittedIn(long fromInclusive, long toExclusive) {
        return log.stream()
                .filter(entry -> entry[0] - fromInclusive >= 0 && entry[0] - toExclusive < 0)
                .mapToLong(entry -> entry[1])
                .sum();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aFixedWindowAdmitsItsLimitPerWindow(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long origin = Long.MAX_VALUE - 30 * SECOND;
        int limit = 1 + random.nextInt(20);
        FixedWindow window = new FixedWindow(limit, SECOND, origin);
        for (long now = origin; now - origin < 100 * SECOND; now += random.nextLong(SECOND / 10)) {
            long cost = 1 + random.nextLong(limit);
            long start = now - (now - origin) % SECOND;
            boolean expected = admittedIn(start, start + SECOND) + cost <= limit;

            assertThat(window.tryTake(cost, now)).as("seed %d", seed).isEqualTo(expected);

            if (expected) {
                log.add(new long[] {now, cost});
            }
        }
    }

    @Test
    void aFixedWindowPromisesTheFirstWindowWithRoom() {
        FixedWindow window = new FixedWindow(10, SECOND, 0);

        assertThat(window.take(7, 100, 5 * SECOND)).isZero();
        assertThat(window.take(7, 100, 5 * SECOND)).isEqualTo(SECOND - 100);
        assertThat(window.take(7, 100, 5 * SECOND)).isEqualTo(2 * SECOND - 100);
        assertThat(window.take(7, 100, SECOND)).isEqualTo(3 * SECOND - 100);
        assertThat(window.take(3, 100, 5 * SECOND)).isEqualTo(2 * SECOND - 100);
        assertThat(window.cancel(7, 2 * SECOND, 100)).isTrue();
        assertThat(window.take(7, 100, 5 * SECOND)).isEqualTo(2 * SECOND - 100);
        assertThat(window.cancel(7, SECOND, 100))
                .as("a later window is promised")
                .isFalse();
    }

    @Test
    void aFixedWindowIsEmptyAfterYearsOfRest() {
        FixedWindow window = new FixedWindow(1_000_000_000, SECOND, 0);
        assertThat(window.tryTake(1_000_000_000, 0)).isTrue();

        assertThat(window.tryTake(1_000_000_000, 17L * 365 * 24 * 3600 * SECOND))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aSlidingLogIsExact(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long origin = Long.MAX_VALUE - 3 * SECOND;
        int limit = 1 + random.nextInt(20);
        SlidingLog window = new SlidingLog(limit, SECOND, origin);
        for (long now = origin; now - origin < 30 * SECOND; now += random.nextLong(SECOND / 5)) {
            long cost = 1 + random.nextLong(limit);
            boolean expected = admittedIn(now - SECOND + 1, now + 1) + cost <= limit;

            assertThat(window.tryTake(cost, now)).as("seed %d", seed).isEqualTo(expected);

            if (expected) {
                log.add(new long[] {now, cost});
            }
        }
        assertThat(log).hasSizeGreaterThan(20);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25, 26})
    void aSlidingLogKeepsItsLimitWithReservationsAndCancels(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int limit = 1 + random.nextInt(9);
        SlidingLog window = new SlidingLog(limit, SECOND, 0);
        int cancelled = 0;
        for (long now = 0; now < 200 * SECOND; now += random.nextLong(SECOND / 2)) {
            long cost = 1 + random.nextLong(limit);
            long maxWaitNanos = random.nextLong(3 * SECOND);
            long wait = window.take(cost, now, maxWaitNanos);
            if (wait <= maxWaitNanos) {
                log.add(new long[] {now + wait, cost});
            }
            if (!log.isEmpty() && random.nextInt(3) == 0) {
                long[] some = log.get(log.size() - 1 - random.nextInt(Math.min(log.size(), 6)));
                if (some[0] >= now && window.cancel(some[1], some[0], now)) {
                    log.remove(some);
                    cancelled++;
                }
            }
        }
        assertThat(cancelled).isGreaterThan(5);
        long most = log.stream()
                .mapToLong(entry -> admittedIn(entry[0], entry[0] + SECOND))
                .max()
                .orElseThrow();
        assertThat(most).as("seed %d", seed).isLessThanOrEqualTo(limit);
    }

    @Test
    void aSlidingLogTellsTheWait() {
        SlidingLog window = new SlidingLog(3, SECOND, 0);
        assertThat(window.take(1, 0, 0)).isZero();
        assertThat(window.take(1, 100, 0)).isZero();
        assertThat(window.take(1, 200, 0)).isZero();

        assertThat(window.take(1, 300, 0)).isEqualTo(SECOND - 300);
        assertThat(window.take(2, 300, 2 * SECOND)).isEqualTo(SECOND - 200);
        assertThat(window.take(1, 300, 2 * SECOND)).isEqualTo(SECOND - 100);
        assertThat(window.take(1, 300, 0)).isEqualTo(2 * SECOND + 100 - 300);
        assertThat(window.take(4, 300, 0)).isEqualTo(Limit.NEVER);
    }

    @Test
    void aCancelledEntryOfASlidingLogFreesItsPermitsAtOnce() {
        SlidingLog window = new SlidingLog(4, SECOND, 0);
        window.take(2, 0, 0);
        window.take(2, 10, 0);

        assertThat(window.cancel(2, 0, 20)).isTrue();

        assertThat(window.tryTake(2, 20)).isTrue();
        assertThat(window.tryTake(1, 20)).isFalse();
        assertThat(window.take(2, SECOND, -1)).as("those of 10 expire first").isEqualTo(10);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aSlidingCounterFollowsItsFormula(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long origin = Long.MAX_VALUE - 30 * SECOND;
        int limit = 1 + random.nextInt(100);
        SlidingCounter window = new SlidingCounter(limit, SECOND, origin);
        for (long now = origin; now - origin < 100 * SECOND; now += random.nextLong(SECOND / 20)) {
            long cost = 1 + random.nextLong(Math.min(limit, 5));
            long into = (now - origin) % SECOND;
            long start = now - into;
            long taken = admittedIn(start, start + SECOND);
            BigInteger left = BigInteger.valueOf(admittedIn(start - SECOND, start) * (SECOND - into));
            BigInteger room = BigInteger.valueOf((limit - taken - cost) * SECOND);
            boolean expected = taken + cost <= limit && left.compareTo(room) <= 0;

            assertThat(window.tryTake(cost, now)).as("seed %d", seed).isEqualTo(expected);

            if (expected) {
                log.add(new long[] {now, cost});
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34})
    void theWaitOfASlidingCounterIsTheShortestThatIsLongEnough(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int limit = 2 + random.nextInt(30);
        SlidingCounter window = new SlidingCounter(limit, SECOND, 0);
        for (long now = 0; now < 50 * SECOND; now += random.nextLong(SECOND / 10)) {
            long cost = 1 + random.nextLong(limit);
            long wait = window.take(cost, now, -1);
            if (wait > 0) {
                assertThat(window.take(cost, now + wait - 1, -1))
                        .as("seed %d", seed)
                        .isEqualTo(1);
                assertThat(window.take(cost, now + wait, -1))
                        .as("seed %d", seed)
                        .isZero();
            } else {
                window.tryTake(cost, now);
            }
        }
    }

    @Test
    void aSlidingCounterPromisesInOrderAndTakesBack() {
        SlidingCounter window = new SlidingCounter(10, SECOND, 0);
        assertThat(window.take(10, 0, 0)).isZero();

        long first = window.take(5, 0, 5 * SECOND);
        long second = window.take(5, 0, 5 * SECOND);
        long third = window.take(5, 0, 5 * SECOND);

        assertThat(first).isEqualTo(SECOND + SECOND / 2);
        assertThat(second).isEqualTo(2 * SECOND);
        assertThat(third).isGreaterThan(second);
        assertThat(window.cancel(5, third, 0)).isTrue();
        assertThat(window.take(5, 0, 5 * SECOND)).isEqualTo(third);
        assertThat(window.cancel(5, 0, 0)).as("too long ago").isFalse();
    }

    @Test
    void aSlidingCounterTakesBackFromTheWindowBeforeToo() {
        SlidingCounter window = new SlidingCounter(10, SECOND, 0);
        window.take(8, 0, 0);
        window.take(1, SECOND, 0);

        assertThat(window.cancel(4, 0, SECOND)).isTrue();

        assertThat(window.tryTake(6, SECOND))
                .as("4 of the window before and 1 are left")
                .isFalse();
        assertThat(window.tryTake(5, SECOND)).isTrue();
    }

    @Test
    void aSlidingCounterOfAYearCountsToItsLimit() {
        long year = 365L * 24 * 3600 * SECOND;
        int limit = (int) SlidingCounter.maxLimit(year);
        SlidingCounter window = new SlidingCounter(limit, year, 0);

        assertThat(window.tryTake(limit, 0)).isTrue();
        assertThat(window.tryTake(1, year - 1)).isFalse();
        assertThat(window.take(limit, year - 1, -1)).isBetween(year, year + year / 1000);
    }

    @Test
    void theLimitOfASlidingCounterDependsOnItsWindow() {
        assertThat(SlidingCounter.maxLimit(SECOND)).isEqualTo(524_287);
        assertThat(SlidingCounter.maxLimit(3600 * SECOND)).isEqualTo(4_194_303);
        assertThat(SlidingCounter.maxLimit(1)).isEqualTo(15);
    }
}

package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three windows at their edges: the last moment, the last permit, and what can just be given back or just not. */
class WindowEdgesTest {

    private static final long SECOND = 1_000_000_000;

    @ParameterizedTest
    @ValueSource(longs = {0, 12_345, -7 * SECOND, Long.MAX_VALUE - SECOND})
    void aFixedWindowTakesBackAllOfItAndNoMore(long origin) {
        FixedWindow window = new FixedWindow(10, SECOND, origin);
        window.take(6, origin + 5, 0);

        assertThat(window.cancel(7, origin + 5, origin + 5)).isFalse();
        assertThat(window.cancel(6, origin + SECOND, origin + 5))
                .as("of the next window")
                .isFalse();
        assertThat(window.cancel(6, origin - 1, origin + 5))
                .as("of the one before")
                .isFalse();
        assertThat(window.tryTake(5, origin + 6)).isFalse();
        assertThat(window.cancel(6, origin + SECOND - 1, origin + 5)).isTrue();
        assertThat(window.tryTake(10, origin + 6)).isTrue();
    }

    @Test
    void aSlidingLogForgetsAMomentAWindowLater() {
        SlidingLog window = new SlidingLog(4, SECOND, 0);
        for (long now = 0; now < 40; now += 10) {
            assertThat(window.take(1, now, 0)).isZero();
        }

        for (long now = 0; now < 40; now += 10) {
            assertThat(window.take(1, SECOND + now - 1, 0)).isEqualTo(1);
            assertThat(window.take(1, SECOND + now, 0)).isZero();
        }
    }

    @Test
    void aSlidingLogCountsAnOlderReadingOfTheClockAsItsNewest() {
        SlidingLog window = new SlidingLog(3, SECOND, 0);
        window.take(1, 100, 0);

        assertThat(window.take(1, 50, 0)).isZero();

        assertThat(window.take(3, 100, -1)).as("both at 100").isEqualTo(SECOND);
        assertThat(window.take(2, 100, -1)).as("both at 100").isEqualTo(SECOND);
    }

    @Test
    void aSlidingLogTakesBackAllOfItsLimitUntilTheWindowIsOver() {
        for (long later : new long[] {0, SECOND - 1, SECOND, 10 * SECOND}) {
            SlidingLog window = new SlidingLog(4, SECOND, 0);
            window.take(4, 0, 0);

            assertThat(window.cancel(5, 0, later)).isFalse();
            assertThat(window.cancel(4, 0, later)).as("after %d ns", later).isEqualTo(later < SECOND);
            assertThat(window.tryTake(4, later)).isTrue();
            assertThat(window.tryTake(1, later)).isFalse();
        }
    }

    @Test
    void aSlidingLogTakesBackNoMoreThanWasTaken() {
        SlidingLog window = new SlidingLog(4, SECOND, 0);
        window.take(1, 0, 0);
        window.take(1, 10, 0);

        assertThat(window.cancel(2, 10, 20)).as("one of them is older").isFalse();
        assertThat(window.cancel(1, 11, 20)).as("both are older").isFalse();
        assertThat(window.take(4, 20, -1)).isEqualTo(SECOND - 10);
        assertThat(window.take(3, 20, -1)).isEqualTo(SECOND - 20);
        assertThat(window.cancel(2, 0, 20)).isTrue();
        assertThat(window.take(4, 20, -1)).isZero();
    }

    @Test
    void aSlidingLogKeepsWhatLaterOnesWerePromised() {
        SlidingLog window = new SlidingLog(1, SECOND, 0);
        assertThat(window.take(1, 0, 0)).isZero();
        assertThat(window.take(1, 10, SECOND)).isEqualTo(SECOND - 10);

        assertThat(window.cancel(1, 0, 20)).as("its room is the other's").isFalse();

        assertThat(window.take(1, 20, 0)).isEqualTo(2 * SECOND - 20);
        assertThat(window.cancel(1, SECOND, 20)).isTrue();
        assertThat(window.take(1, 20, 0)).isEqualTo(SECOND - 20);
    }

    /** It looks back so far and no further, because others wait meanwhile. */
    @Test
    void aSlidingLogLooksForAReservationAmongTheLastThousand() {
        int reach = 1024;
        for (int permits : new int[] {1, 7}) {
            SlidingLog window = new SlidingLog(5000, SECOND, 0);
            for (int now = 0; now < 2000; now++) {
                assertThat(window.take(1, now, 0)).isZero();
            }

            assertThat(window.cancel(permits, 2000 - reach - permits, 2000))
                    .as("%d permits, too far back", permits)
                    .isFalse();
            assertThat(window.take(3001, 2000, -1)).isEqualTo(SECOND - 2000);
            assertThat(window.cancel(permits, 2000 - reach - permits + 1, 2000))
                    .as("%d permits", permits)
                    .isTrue();
            assertThat(window.take(3000 + permits, 2000, -1)).isZero();
            assertThat(window.take(3000 + permits + 1, 2000, -1)).isEqualTo(SECOND - 2000);
        }
    }

    /** A window that was promised in full begins full, and the one before it stays as it was. */
    @Test
    void aSlidingCounterPromisesTheWholeOfAWindow() {
        SlidingCounter window = new SlidingCounter(10, SECOND, 0);
        assertThat(window.take(10, 0, 0)).isZero();

        assertThat(window.take(10, 0, 5 * SECOND)).isEqualTo(2 * SECOND);

        assertThat(window.take(1, 2 * SECOND, -1)).isEqualTo(SECOND + SECOND / 10);
        assertThat(window.take(10, 2 * SECOND, -1)).isEqualTo(2 * SECOND);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 12_345, -7 * SECOND, Long.MAX_VALUE - SECOND})
    void aSlidingCounterTakesBackWhatItsTwoWindowsHaveAndNoMore(long origin) {
        SlidingCounter window = new SlidingCounter(10, SECOND, origin);
        window.take(6, origin, 0);

        assertThat(window.cancel(7, origin, origin)).isFalse();
        assertThat(window.cancel(6, origin + SECOND, origin))
                .as("of the next window")
                .isFalse();
        assertThat(window.cancel(6, origin - 1, origin))
                .as("of the one before: nothing was taken there")
                .isFalse();
        assertThat(window.cancel(6, origin + SECOND - 1, origin)).isTrue();
        assertThat(window.tryTake(10, origin)).isTrue();
        assertThat(window.take(1, origin + SECOND + SECOND / 2, 0)).isZero();
        assertThat(window.cancel(11, origin, origin + SECOND)).isFalse();
        assertThat(window.cancel(10, origin, origin + SECOND))
                .as("the window before")
                .isTrue();
        assertThat(window.tryTake(9, origin + SECOND)).isTrue();
        assertThat(window.tryTake(1, origin + SECOND)).isFalse();
    }

    /** Up to 2^40 ns a tick is a nanosecond; beyond, a call between two ticks waits for neither of them. */
    @Test
    void aSlidingCounterIsAsFineAsItsWindowAllows() {
        long finest = 1L << 40;
        SlidingCounter fine = new SlidingCounter(2, finest, 0);
        fine.take(2, 0, 0);
        assertThat(fine.take(1, finest + 1, -1)).isEqualTo(finest / 2 - 1);

        SlidingCounter coarse = new SlidingCounter(2, finest + 2, 0);
        assertThat(coarse.take(1, 1, 0)).as("in the middle of a tick").isZero();
        assertThat(coarse.take(1, 3, 5)).isZero();
        assertThat(coarse.take(1, 3, -1)).isPositive();
    }
}

package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a window ends, and what counts in it. An AIMD limit of 1 moves by 1 with each window that was used. */
class WindowedLimitTest {

    private static final long MILLI = 1_000_000;
    private static final long WINDOW_MILLIS = 80;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final List<String> changes = new ArrayList<>();

    private WindowedLimit limit(int initial, int minSamples) {
        return new WindowedLimit(
                new WindowedLimit.Settings(
                        LimitRule.AIMD,
                        new LimitBounds(1, 100, 0.5, 1.1),
                        WINDOW_MILLIS * MILLI,
                        minSamples,
                        1_000 * MILLI),
                initial,
                TimeSource.of(ticker),
                (from, to) -> changes.add(from + "->" + to));
    }

    private void pass(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
    }

    private static void call(WindowedLimit limit, Outcome outcome, long rttNanos) {
        limit.onResult(limit.tryAcquire(), outcome, rttNanos);
    }

    @Test
    void aWindowEndsWithTheFirstResultAfterItsTime() {
        WindowedLimit limit = limit(1, 1);
        for (int window = 1; window <= 2; window++) {
            pass(WINDOW_MILLIS - 1);
            call(limit, Outcome.SUCCESS, 1);
            assertThat(changes).hasSize(window - 1);
            pass(1);
            call(limit, Outcome.SUCCESS, 1);
            assertThat(changes).hasSize(window);
        }
        assertThat(changes).containsExactly("1->2", "2->3");
    }

    @Test
    void aWindowIsNoShorterThanACallOfTheWindowBefore() {
        WindowedLimit limit = limit(1, 1);
        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 200 * MILLI);
        pass(199);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).containsExactly("1->2");

        pass(1);
        call(limit, Outcome.SUCCESS, 1);

        assertThat(changes).containsExactly("1->2", "2->3");
    }

    /** An eighth of a window later it looks again, and not with every result. */
    @Test
    void aWindowWithTooFewResultsIsLonger() {
        WindowedLimit limit = limit(1, 3);
        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 1);
        call(limit, Outcome.SUCCESS, 1);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).as("not yet, though they are enough now").isEmpty();
        pass(WINDOW_MILLIS / 8 - 1);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).isEmpty();

        pass(1);
        call(limit, Outcome.SUCCESS, 1);

        assertThat(changes).containsExactly("1->2");
    }

    @Test
    void overloadsCountAsResultsToo() {
        WindowedLimit limit = limit(8, 3);
        call(limit, Outcome.SUCCESS, 1);
        call(limit, Outcome.OVERLOAD, 1);
        pass(WINDOW_MILLIS);

        call(limit, Outcome.SUCCESS, 1);

        assertThat(changes).containsExactly("8->4");
    }

    @Test
    void anOverloadOfACallThatWasLetInBeforeTheLastDecreaseCountsForNothing() {
        WindowedLimit limit = limit(8, 1);
        long early = limit.tryAcquire();
        long another = limit.tryAcquire();
        pass(WINDOW_MILLIS);
        limit.onResult(early, Outcome.OVERLOAD, 1);
        pass(WINDOW_MILLIS);
        limit.onResult(another, Outcome.OVERLOAD, 1);
        assertThat(changes).containsExactly("8->4");
        assertThat(limit.count(WindowedLimit.OVERLOADED)).isEqualTo(2);

        call(limit, Outcome.OVERLOAD, 1);
        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).containsExactly("8->4", "4->2");
    }

    @Test
    void anOverloadOfACallThatWasLetInBeforeAWindowWithoutDecreaseCounts() {
        WindowedLimit limit = limit(8, 1);
        long early = limit.tryAcquire();
        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 1);
        pass(WINDOW_MILLIS);

        limit.onResult(early, Outcome.OVERLOAD, 1);

        assertThat(changes).containsExactly("8->4");
    }

    @ParameterizedTest
    @EnumSource
    void aCallThatTookTooLongIsAnOverloadUnlessItIsIgnored(Outcome outcome) {
        WindowedLimit limit = limit(8, 1);

        call(limit, outcome, 1_000 * MILLI);

        assertThat(limit.count(WindowedLimit.OVERLOADED)).isEqualTo(outcome == Outcome.IGNORED ? 0 : 1);
        assertThat(limit.count(WindowedLimit.IGNORED)).isEqualTo(outcome == Outcome.IGNORED ? 1 : 0);
        assertThat(limit.count(WindowedLimit.SUCCEEDED)).isZero();
        assertThat(limit.count(WindowedLimit.FAILED)).isZero();
        assertThat(limit.inFlight()).isZero();
    }

    /** The most calls under way in a window, not at its end; the next one begins to count anew. */
    @Test
    void growsByTheMostThatWasInUse() {
        WindowedLimit limit = limit(8, 1);
        long[] permits = new long[4];
        for (int i = 0; i < permits.length; i++) {
            permits[i] = limit.tryAcquire();
        }
        for (long permit : permits) {
            limit.onResult(permit, Outcome.SUCCESS, 1);
        }
        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).as("four of eight is half").containsExactly("8->9");

        pass(WINDOW_MILLIS);
        call(limit, Outcome.SUCCESS, 1);
        assertThat(changes).containsExactly("8->9");
    }

    private WindowedLimit heardBy(WindowedLimit.OnChange listener) {
        return new WindowedLimit(
                new WindowedLimit.Settings(
                        LimitRule.AIMD, new LimitBounds(1, 100, 0.5, 1.1), WINDOW_MILLIS * MILLI, 1, 1_000 * MILLI),
                1,
                TimeSource.of(ticker),
                listener);
    }

    /** Whoever listens may make calls, and take its time: meanwhile windows end as ever, and it hears of them in order. */
    @Test
    void windowsEndWhileAChangeIsToldOf() {
        WindowedLimit[] limit = new WindowedLimit[1];
        int[] depth = {0};
        limit[0] = heardBy((from, to) -> {
            assertThat(++depth[0]).as("told one at a time").isEqualTo(1);
            changes.add(from + "->" + to);
            if (changes.size() <= 2) {
                int before = limit[0].limit();
                pass(WINDOW_MILLIS);
                for (int i = 0; i < before; i++) {
                    limit[0].tryAcquire();
                }
                for (int i = 0; i < before; i++) {
                    limit[0].onResult(0, Outcome.SUCCESS, 1);
                }
                assertThat(limit[0].limit()).isEqualTo(before + 1);
            }
            depth[0]--;
        });
        pass(WINDOW_MILLIS);
        call(limit[0], Outcome.SUCCESS, 1);

        assertThat(changes).containsExactly("1->2", "2->3", "3->4");
    }

    @Test
    void aListenerThatThrowsStopsNothing() {
        WindowedLimit limit = heardBy((from, to) -> {
            changes.add(from + "->" + to);
            throw new IllegalStateException("listener");
        });
        for (int window = 0; window < 2; window++) {
            pass(WINDOW_MILLIS);
            assertThatThrownBy(() -> call(limit, Outcome.SUCCESS, 1)).hasMessage("listener");
        }

        assertThat(changes).containsExactly("1->2", "2->3");
        assertThat(limit.inFlight()).isZero();
    }
}

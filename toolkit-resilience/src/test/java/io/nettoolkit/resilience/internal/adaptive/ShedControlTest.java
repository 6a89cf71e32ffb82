package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One interval after another, to the last digit. */
class ShedControlTest {

    private static final long MILLI = 1_000_000;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final List<Double> changes = new ArrayList<>();

    private ShedControl control(int priorities, long targetNanos, double throttleK) {
        return new ShedControl(
                new ShedControl.Settings(priorities, targetNanos, 100 * MILLI, throttleK, 10_000 * MILLI),
                TimeSource.of(ticker),
                (before, now) -> changes.add(now));
    }

    private void pass(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
    }

    @Test
    void decidesAtTheEndOfAnIntervalAndNotBefore() {
        ShedControl control = control(1, 5 * MILLI, 0);
        for (int interval = 0; interval < 2; interval++) {
            control.queueDelay(20 * MILLI);
            pass(99);
            double before = control.shed();
            control.shedShare(0);
            assertThat(control.shed()).isEqualTo(before);
            pass(1);
            control.shedShare(0);
            assertThat(control.shed()).isNotEqualTo(before);
        }
        assertThat(changes).containsExactly(0.5, 0.75);
    }

    @Test
    void tellsTheShortestDelayOfTheLastInterval() {
        ShedControl control = control(1, 0, 0);
        control.queueDelay(7);
        control.queueDelay(5);
        control.queueDelay(6);
        pass(100);
        control.shedShare(0);
        assertThat(control.lastShortestNanos()).isEqualTo(5);

        pass(100);
        control.shedShare(0);
        assertThat(control.lastShortestNanos()).as("nothing left the queue").isZero();
        assertThat(changes).as("queues are none of its business").isEmpty();
    }

    @Test
    void arrivalsOfTheIntervalBeforeCountHalf() {
        ShedControl control = control(2, 5 * MILLI, 0);
        for (int i = 0; i < 100; i++) {
            control.admitted(1);
        }
        control.queueDelay(20 * MILLI);
        pass(100);
        assertThat(control.shedShare(0)).isNotPositive();
        assertThat(control.shedShare(1)).as("half of what arrived").isEqualTo(0.5);

        for (int i = 0; i < 60; i++) {
            control.admitted(0);
        }
        for (int i = 0; i < 40; i++) {
            control.shed(0);
        }
        control.queueDelay(20 * MILLI);
        pass(100);

        // Three quarters of 100 and half of 100: those 50, and 62.5 of these 100.
        assertThat(control.shedShare(1)).isGreaterThanOrEqualTo(1);
        assertThat(control.shedShare(0)).isCloseTo(0.625, within(1e-9));
    }

    /** Of what was shed, the throttle's part counts as refused by the other side, and the queue's part as nothing. */
    @Test
    void whatWasShedForTheQueueSaysNothingAboutTheOtherSide() {
        ShedControl control = control(1, 5 * MILLI, 2);
        for (int i = 0; i < 100; i++) {
            if (i < 40) {
                control.accepted();
            } else {
                control.rejected();
            }
        }
        control.queueDelay(20 * MILLI);
        pass(100);
        control.shedShare(0);
        assertThat(control.shed())
                .as("the queue's half is more than the throttle's")
                .isEqualTo(0.5);
        double throttled = (100 - 2 * 40) / 101.0;

        for (int i = 0; i < 1000; i++) {
            control.shed(0);
        }
        pass(100);
        control.shedShare(0);

        double rest = Math.exp(-0.01);
        double requests = 100 * rest + (long) (1000 * throttled / 0.5);
        double second = (requests - 2 * 40 * rest) / (requests + 1);
        assertThat(control.shed()).isCloseTo(second, within(1e-9));

        pass(200);
        control.shedShare(0);
        double later = Math.exp(-0.02);
        assertThat(control.shed())
                .as("older answers fade, and nothing is counted twice")
                .isCloseTo((requests - 80 * rest) * later / (requests * later + 1), within(1e-9));
        assertThat(changes).hasSize(3);
    }

    @Test
    void countsWhatWasSaid() {
        ShedControl control = control(2, 0, 0);
        control.accepted();
        control.rejected();
        control.rejected();
        control.admitted(0);
        control.shed(1);

        assertThat(control.acceptedCount()).isEqualTo(1);
        assertThat(control.rejectedCount()).isEqualTo(2);
        assertThat(List.of(control.admittedCount(0), control.admittedCount(1))).containsExactly(1L, 0L);
        assertThat(List.of(control.shedCount(0), control.shedCount(1))).containsExactly(0L, 1L);
    }

    /** Whoever listens may ask, and take its time: meanwhile intervals end as ever, and it hears of them in their order. */
    @Test
    void intervalsEndWhileALevelIsToldOf() {
        ShedControl[] shedding = new ShedControl[1];
        int[] depth = {0};
        shedding[0] = new ShedControl(
                new ShedControl.Settings(1, 5 * MILLI, 100 * MILLI, 0, 10_000 * MILLI),
                TimeSource.of(ticker),
                (before, now) -> {
                    assertThat(++depth[0]).as("told one at a time").isEqualTo(1);
                    changes.add(now);
                    if (changes.size() <= 2) {
                        double shed = shedding[0].shed();
                        shedding[0].queueDelay(20 * MILLI);
                        pass(100);
                        shedding[0].shedShare(0);
                        assertThat(shedding[0].shed()).isGreaterThan(shed);
                    }
                    depth[0]--;
                });
        shedding[0].queueDelay(20 * MILLI);
        pass(100);
        shedding[0].shedShare(0);

        assertThat(changes).containsExactly(0.5, 0.75, 0.875);
    }

    @Test
    void aListenerThatThrowsStopsNothing() {
        ShedControl control = new ShedControl(
                new ShedControl.Settings(1, 5 * MILLI, 100 * MILLI, 0, 10_000 * MILLI),
                TimeSource.of(ticker),
                (before, now) -> {
                    changes.add(now);
                    throw new IllegalStateException("listener");
                });
        for (int interval = 0; interval < 3; interval++) {
            control.queueDelay(20 * MILLI);
            pass(100);
            assertThatThrownBy(() -> control.shedShare(0)).hasMessage("listener");
        }

        assertThat(changes).containsExactly(0.5, 0.75, 0.875);
    }
}

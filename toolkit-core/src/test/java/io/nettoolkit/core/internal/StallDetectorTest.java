package io.nettoolkit.core.internal;

import static io.nettoolkit.core.internal.StallDetector.Action.NONE;
import static io.nettoolkit.core.internal.StallDetector.Action.REPORT_STALL;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.internal.StallDetector.Action;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StallDetectorTest {

    private static final long TICK = 10;
    private static final long INTERVAL = 1_000;
    private static final long THRESHOLD = 500;
    private static final long PAUSE = 100;

    private final StallDetector detector = new StallDetector(INTERVAL, THRESHOLD, PAUSE);
    private final List<String> events = new ArrayList<>();
    /** Negative, so that a comparison by value instead of by difference shows. */
    private long now = Long.MIN_VALUE + 5;

    private long elapsed;

    @Test
    void sendsOneHeartbeatPerIntervalToALoopThatAnswers() {
        tickUntil(3_500, true);
        assertThat(events)
                .containsExactly(
                        "10 SEND_HEARTBEAT", "1010 SEND_HEARTBEAT", "2010 SEND_HEARTBEAT", "3010 SEND_HEARTBEAT");
    }

    @Test
    void reportsAStallOnceAndSendsNothingMeanwhile() {
        tickUntil(10_000, false);
        assertThat(events).containsExactly("10 SEND_HEARTBEAT", "510 REPORT_STALL");
        assertThat(detector.waitedNanos()).isGreaterThan(9_000);
    }

    @Test
    void doesNotReportOneTickBeforeTheThreshold() {
        tickUntil(500, false);
        assertThat(events).containsExactly("10 SEND_HEARTBEAT");
        tickUntil(2_000, true);
        assertThat(events).containsExactly("10 SEND_HEARTBEAT", "1010 SEND_HEARTBEAT");
    }

    @Test
    void reportsRecoveryWithTheWholeWaitAndGoesOn() {
        tickUntil(4_000, false);
        tickUntil(4_010, true);
        assertThat(detector.waitedNanos()).isEqualTo(4_000);
        tickUntil(5_000, false);
        assertThat(events)
                .containsExactly(
                        "10 SEND_HEARTBEAT",
                        "510 REPORT_STALL",
                        "4010 REPORT_RECOVERY",
                        "4020 SEND_HEARTBEAT",
                        "4520 REPORT_STALL");
    }

    @Test
    void blamesNoLoopForAPauseOfTheWholeProcess() {
        tickUntil(200, false);
        jump(60_000);
        assertThat(events).containsExactly("10 SEND_HEARTBEAT");
        tickUntil(elapsed + 290, false);
        assertThat(events).containsExactly("10 SEND_HEARTBEAT");
        tickUntil(elapsed + 20, false);
        assertThat(events).hasSize(2).last().asString().endsWith(REPORT_STALL.name());
    }

    @Test
    void countsTimeThatTheTickerWasALittleLate() {
        tickUntil(10, false);
        for (int i = 0; i < 5; i++) {
            jump(PAUSE);
        }
        assertThat(events).containsExactly("10 SEND_HEARTBEAT", "510 REPORT_STALL");
    }

    private void tickUntil(long end, boolean answered) {
        while (elapsed < end) {
            step(TICK, answered);
        }
    }

    private void jump(long nanos) {
        step(nanos, false);
    }

    private void step(long nanos, boolean answered) {
        now += nanos;
        elapsed += nanos;
        Action action = detector.onTick(now, answered);
        if (action != NONE) {
            events.add(elapsed + " " + action);
        }
    }
}

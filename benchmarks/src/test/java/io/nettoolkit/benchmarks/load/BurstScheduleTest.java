package io.nettoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.benchmarks.load.LoadSpec.Shape;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BurstScheduleTest {

    /** The clock may overflow in the middle of a run. */
    private static final long START = Long.sum(Long.MAX_VALUE, -5_000_000);

    @Test
    void spacesBurstsEvenly() {
        // 1,000 messages a second in bursts of 10: one burst every 10 ms.
        BurstSchedule schedule = open(1_000);

        assertThat(schedule.isDue(START - 1)).isFalse();
        assertThat(schedule.isDue(START)).isTrue();
        schedule.advance();
        assertThat(schedule.isDue(START + 9_999_999)).isFalse();
        assertThat(schedule.isDue(START + 10_000_000)).isTrue();
        assertThat(schedule.dueNanos() - START).isEqualTo(10_000_000);
    }

    @Test
    void keepsDueTimesWhenItIsBehind() {
        BurstSchedule schedule = open(1_000);
        long now = START + 35_000_000;

        int due = 0;
        for (; schedule.isDue(now); schedule.advance()) {
            assertThat(schedule.dueNanos() - START).isEqualTo(due * 10_000_000L);
            due++;
        }

        assertThat(due).isEqualTo(4);
    }

    @Test
    void addsUpNoRounding() {
        BurstSchedule schedule = open(3_000);
        for (int i = 0; i < 300; i++) {
            schedule.advance();
        }

        assertThat(schedule.dueNanos() - START).isEqualTo(1_000_000_000);
    }

    @Test
    void givesConnectionsTheirTurns() {
        BurstSchedule schedule = open(1_000);

        for (int turn : new int[] {0, 1, 2, 0}) {
            assertThat(schedule.turn(3)).isEqualTo(turn);
            schedule.advance();
        }
    }

    @Test
    void hasNothingDueInAClosedLoop() {
        assertThat(open(0).isDue(START + Duration.ofHours(1).toNanos())).isFalse();
    }

    private static BurstSchedule open(int messagesPerSecond) {
        Duration second = Duration.ofSeconds(1);
        return BurstSchedule.of(new LoadSpec(new Shape(3, 10, 64), second, second, messagesPerSecond), START);
    }
}

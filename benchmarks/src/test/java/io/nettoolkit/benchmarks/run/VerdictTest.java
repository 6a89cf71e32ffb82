package io.nettoolkit.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VerdictTest {

    @Test
    void holdsWhenTheMedianReachesTheTargetAndTheIntervalIsNarrow() {
        assertThat(Verdict.of(new Interval(1.5, 1.35, 1.65, 9), 1.5)).isEqualTo(Verdict.HOLDS);
    }

    @Test
    void isMissedWhenTheMedianIsShortAndTheIntervalIsNarrow() {
        assertThat(Verdict.of(new Interval(1.49, 1.4, 1.6, 9), 1.5)).isEqualTo(Verdict.MISSED);
    }

    @Test
    void isNotDecidableWhenTheIntervalIsWiderThanATenthToEachSide() {
        assertThat(Verdict.of(new Interval(2, 1.7, 2.2, 9), 1.5)).isEqualTo(Verdict.NOT_DECIDABLE);
    }

    @Test
    void isNotDecidableOfTooFewRounds() {
        assertThat(Verdict.of(new Interval(2, 2, 2, 3), 1.5)).isEqualTo(Verdict.NOT_DECIDABLE);
    }
}

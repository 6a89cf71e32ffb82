package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.resilience.internal.adaptive.Baseline.Decrease;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The algorithms as functions: one window at a time. */
class LimitRuleTest {

    private static final LimitBounds BOUNDS = new LimitBounds(1, 1_000, 0.9, 1.1);
    private static final long MANY = 1_000_000;
    private static final double REST = 10e6;

    private static LimitState rested(double limit) {
        return new LimitState(limit, Baseline.known(REST));
    }

    private static LimitWindow used(double limit, double averageNanos) {
        return new LimitWindow(MANY, 0, averageNanos, (int) limit);
    }

    @ParameterizedTest
    @EnumSource
    void shrinksByTheFactorOnOverloadWhateverTheTimes(LimitRule rule) {
        LimitWindow window = new LimitWindow(MANY, 1, REST, 100);

        assertThat(rule.next(rested(100), window, BOUNDS).limit()).isEqualTo(90);
        assertThat(rule.next(rested(1), window, BOUNDS).limit())
                .as("not below the minimum")
                .isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void shrinksOnOverloadWithoutASingleSample(LimitRule rule) {
        assertThat(rule.next(LimitState.initial(100), new LimitWindow(0, 10, 0, 100), BOUNDS)
                        .limit())
                .isEqualTo(90);
    }

    @ParameterizedTest
    @EnumSource
    void growsOnlyIfHalfOfItWasUsed(LimitRule rule) {
        assertThat(rule.next(rested(100), new LimitWindow(MANY, 0, REST, 49), BOUNDS)
                        .limit())
                .isEqualTo(100);
        assertThat(rule.next(rested(100), new LimitWindow(MANY, 0, REST, 50), BOUNDS)
                        .limit())
                .isGreaterThan(101);
    }

    @ParameterizedTest
    @EnumSource
    void doesNotGrowBeyondItsMaximum(LimitRule rule) {
        assertThat(rule.next(rested(999), used(999, REST), BOUNDS).limit()).isEqualTo(1_000);
    }

    /** Netflix/concurrency-limits PR #134: with a gradient of 0.8 the room for a queue outweighed it, and the limit grew. */
    @ParameterizedTest
    @EnumSource(names = {"GRADIENT", "VEGAS"})
    void shrinksWheneverCallsAreFarFromRest(LimitRule rule) {
        for (double limit : new double[] {2, 10, 30, 100, 500}) {
            LimitState state = rested(limit);
            LimitState next = rule.next(state, used(limit, 3 * REST), BOUNDS);
            if (limit >= 10) {
                assertThat(next.limit()).as("from %s", limit).isLessThan(limit);
            }
        }
    }

    @Test
    void theGradientIsTheToleranceOverTheStretch() {
        LimitState next = LimitRule.GRADIENT.next(rested(100), used(100, 2 * REST), BOUNDS);

        // Half the way to 1.1 / 2 of it; the time at rest is taken for a twentieth longer by now.
        assertThat(next.limit()).isCloseTo(100 - 0.5 * (100 - 55 * 1.05), within(0.1));
    }

    @Test
    void theGradientIsNeverSteeperThanAHalf() {
        assertThat(LimitRule.GRADIENT
                        .next(rested(100), used(100, 100 * REST), BOUNDS)
                        .limit())
                .isCloseTo(75, within(0.1));
    }

    @Test
    void vegasLeavesAFewInTheQueue() {
        // log10(100) is 2: it grows below a queue of 3 and shrinks above one of 6.
        assertThat(LimitRule.VEGAS
                        .next(rested(100), used(100, REST / 0.975), BOUNDS)
                        .limit())
                .isCloseTo(102, within(0.1));
        assertThat(LimitRule.VEGAS
                        .next(rested(100), used(100, REST / 0.955), BOUNDS)
                        .limit())
                .isEqualTo(100);
        assertThat(LimitRule.VEGAS
                        .next(rested(100), used(100, REST / 0.90), BOUNDS)
                        .limit())
                .isCloseTo(96.75, within(0.1));
        assertThat(LimitRule.VEGAS.next(rested(100), used(100, REST), BOUNDS).limit())
                .isCloseTo(106, within(0.1));
    }

    @Test
    void theFloorFallsQuicklyAndRisesOnlyWhereNothingQueues() {
        Baseline rest = Baseline.known(REST);

        assertThat(rest.next(used(100, REST / 2), 100).floorNanos()).isCloseTo(0.875 * REST, within(0.01 * REST));
        assertThat(rest.next(used(100, 2 * REST), 100).floorNanos()).isEqualTo(REST);
        assertThat(rest.next(new LimitWindow(MANY, 0, 2 * REST, 49), 100).floorNanos())
                .isCloseTo(1.05 * REST, within(0.01 * REST));
    }

    /** Netflix/concurrency-limits #34: the time at rest drifted with the load. */
    @Test
    void theTimeAtRestIsAnAverageThatTheFloorKeepsDown() {
        Baseline baseline = Baseline.known(REST);
        for (int i = 0; i < 1_000; i++) {
            baseline = baseline.next(used(100, 2 * REST), 100);
        }
        assertThat(baseline.restNanos()).isCloseTo(1.08 * REST, within(0.01 * REST));
    }

    @Test
    void theFirstCallsAreOnlyAveraged() {
        Baseline baseline = Baseline.UNKNOWN.next(new LimitWindow(100, 0, REST / 2, 20), 20);
        baseline = baseline.next(new LimitWindow(200, 0, REST, 20), 20);

        assertThat(baseline.restNanos()).isCloseTo(2.5 * REST / 3, within(1.0));
        assertThat(baseline.floorNanos()).isEqualTo(baseline.restNanos());
    }

    @Test
    void aFewSamplesSayLittle() {
        assertThat(Baseline.known(REST)
                        .next(new LimitWindow(10, 0, 2 * REST, 100), 100)
                        .nowNanos())
                .isCloseTo(1.09 * REST, within(0.01 * REST));
    }

    @Test
    void halvingTheLimitTellsAQueueFromASlowService() {
        Baseline start = taking(2, null).decreasing(100, 1);
        assertThat(start.decrease()).isEqualTo(Decrease.from(100, 2 * REST));
        assertThat(start.decreasing(51, 1)).isEqualTo(start);

        Baseline worse = taking(3, start.decrease()).decreasing(90, 1);
        assertThat(worse.decrease()).as("the worst moment").isEqualTo(Decrease.from(90, 3 * REST));

        assertThat(taking(1.1, start.decrease()).decreasing(50, 1).restNanos())
                .as("calls got quicker")
                .isEqualTo(REST);
        assertThat(taking(1.95, start.decrease()).decreasing(50, 1).restNanos())
                .as("calls did not")
                .isEqualTo(1.95 * REST);
        assertThat(taking(1.95, start.decrease()).decreasing(50, 1).decrease()).isNull();
    }

    @Test
    void aQueueThatStillEmptiesIsNotTakenForASlowService() {
        Baseline emptying = taking(9, Decrease.from(100, 10 * REST)).decreasing(50, 1);
        assertThat(emptying.restNanos()).isEqualTo(REST);

        emptying = taking(8, emptying.decrease()).decreasing(45, 1);
        assertThat(emptying.restNanos()).isEqualTo(REST);
        assertThat(taking(7.9, emptying.decrease()).decreasing(40, 1).restNanos())
                .as("it has stopped")
                .isEqualTo(2 * REST);
        assertThat(taking(7.4, emptying.decrease()).decreasing(40, 1).decrease())
                .as("it was ours")
                .isEqualTo(Decrease.from(40, 7.4 * REST));
    }

    /** Twofold at once, and on in the next windows, whatever the limit does then. */
    @Test
    void aRiseGoesOnUntilItIsThere() {
        Baseline first = taking(5, Decrease.from(100, 5 * REST)).decreasing(50, 1);
        assertThat(first.restNanos()).isEqualTo(2 * REST);

        Baseline second = first.decreasing(40, 1);
        assertThat(second.restNanos()).isEqualTo(4 * REST);
        Baseline third = second.growing(41);
        assertThat(third.restNanos()).isEqualTo(5 * REST);
        assertThat(third.decrease()).isNull();

        assertThat(second.growing(51).decrease())
                .as("above the half nothing is known")
                .isNull();
        assertThat(second.growing(51).restNanos()).isEqualTo(4 * REST);
        assertThat(start(5).growing(40)).as("nothing rises").isEqualTo(taking(5, null));
    }

    private static Baseline start(double rests) {
        return taking(rests, Decrease.from(100, rests * REST));
    }

    private static Baseline taking(double rests, Decrease decrease) {
        return new Baseline(300, REST, REST, rests * REST, decrease);
    }
}

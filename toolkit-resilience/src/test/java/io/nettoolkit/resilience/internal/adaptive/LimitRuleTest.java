package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The algorithms as functions: one window at a time. */
class LimitRuleTest {

    private static final LimitBounds BOUNDS = new LimitBounds(1, 1_000, 0.9, 1.1);
    private static final long MANY = 1_000_000;
    private static final double REST = 10e6;

    private static LimitState rested(double limit) {
        return new LimitState(limit, Baseline.atRest(REST, MANY), null);
    }

    private static Baseline taking(double rests) {
        return new Baseline(300, REST, REST, rests * REST);
    }

    /** Where a rule wants to be with a limit of 100 that is all in use. */
    private static double target(LimitRule rule, double limit, double rests) {
        return rule.target(new LimitState(limit, taking(rests), null), used(limit, rests * REST), BOUNDS);
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
        for (double limit : new double[] {10, 30, 100, 500}) {
            assertThat(target(rule, limit, 3)).as("from %s", limit).isLessThan(limit);
            LimitState state = rested(limit);
            for (int window = 0; window < 3; window++) {
                state = rule.next(state, used(limit, 3 * REST), BOUNDS);
            }
            assertThat(state.limit()).as("from %s", limit).isEqualTo(limit / 2);
        }
    }

    @Test
    void theGradientIsTheToleranceOverTheStretch() {
        // Half the way to 1.1 / 1.4 of it.
        assertThat(target(LimitRule.GRADIENT, 100, 1.4)).isCloseTo(100 - 0.5 * (100 - 110 / 1.4), within(1e-6));
        assertThat(target(LimitRule.GRADIENT, 100, 1.1))
                .as("within the tolerance")
                .isEqualTo(105);
        assertThat(target(LimitRule.GRADIENT, 100, 1.11)).isLessThan(100);
    }

    @Test
    void theGradientIsNeverSteeperThanAHalf() {
        assertThat(target(LimitRule.GRADIENT, 100, 100)).isEqualTo(75);
        assertThat(target(LimitRule.GRADIENT, 100, 2.2)).isCloseTo(75, within(1e-6));
        assertThat(target(LimitRule.GRADIENT, 100, 2.1)).isGreaterThan(76);
    }

    @Test
    void vegasLeavesAFewInTheQueue() {
        // log10(100) is 2: it grows below a queue of 3, by less above one of 1, and shrinks above one of 6.
        assertThat(target(LimitRule.VEGAS, 100, 1)).isEqualTo(106);
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9901)).isCloseTo(106, within(1e-6));
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9899)).isCloseTo(102, within(1e-6));
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9701)).isCloseTo(102, within(1e-6));
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9699)).isEqualTo(100);
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9401)).isEqualTo(100);
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9399))
                .as("a unit at least")
                .isCloseTo(98, within(1e-6));
        assertThat(target(LimitRule.VEGAS, 100, 1 / 0.9))
                .as("half of what is too many")
                .isCloseTo(96.5, within(1e-6));
    }

    /** Below ten calls the logarithm would leave less than one in the queue. */
    @Test
    void vegasOfFewCallsLeavesOneAndAHalf() {
        assertThat(target(LimitRule.VEGAS, 4, 1)).isEqualTo(7);
        assertThat(target(LimitRule.VEGAS, 4, 1.5)).isEqualTo(5);
        assertThat(target(LimitRule.VEGAS, 4, 1.9)).isEqualTo(4);
        assertThat(target(LimitRule.VEGAS, 4, 2.1)).as("most of them queue").isEqualTo(3);
        assertThat(target(LimitRule.VEGAS, 8, 2)).isCloseTo(6.75, within(1e-6));
    }

    @Test
    void aFewCallsMoveALimitThatGoesByTimesByLittle() {
        LimitWindow few = new LimitWindow(20, 0, REST, 100);

        assertThat(LimitRule.GRADIENT.next(rested(100), few, BOUNDS).limit()).isCloseTo(101, within(1e-6));
        assertThat(LimitRule.VEGAS.next(rested(100), few, BOUNDS).limit()).isCloseTo(101.2, within(1e-6));
        assertThat(LimitRule.AIMD.next(rested(100), few, BOUNDS).limit()).isCloseTo(102.5, within(1e-6));
        assertThat(LimitRule.AIMD.next(rested(9), few, BOUNDS).limit()).isCloseTo(10, within(1e-6));
    }

    @Test
    void aWindowWithoutAnythingChangesNothing() {
        LimitState state = rested(100);

        assertThat(LimitRule.VEGAS.next(state, new LimitWindow(0, 0, 0, 100), BOUNDS))
                .isEqualTo(state);
    }

    @Test
    void theFloorFallsByAQuarterAndRisesOnlyWhereNothingQueues() {
        Baseline rest = Baseline.atRest(REST, MANY);

        assertThat(rest.next(used(100, 0.9 * REST), 100).floorNanos()).isCloseTo(0.975 * REST, within(0.01 * REST));
        assertThat(rest.next(used(100, 2 * REST), 100).floorNanos()).isEqualTo(REST);
        assertThat(rest.next(new LimitWindow(MANY, 0, 2 * REST, 49), 100).floorNanos())
                .isCloseTo(1.05 * REST, within(0.01 * REST));
    }

    /** Netflix/concurrency-limits #34: the time at rest drifted with the load. */
    @Test
    void theTimeAtRestIsAnAverageThatTheFloorKeepsDown() {
        Baseline baseline = Baseline.atRest(REST, MANY);
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
    void nothingIsKnownFromAWindowWithoutSamples() {
        LimitState next = LimitRule.VEGAS.next(LimitState.initial(100), new LimitWindow(0, 10, 0, 100), BOUNDS);

        assertThat(next.baseline()).isEqualTo(Baseline.UNKNOWN);
    }

    @Test
    void aFewSamplesMoveTheFloorByLess() {
        Baseline rest = Baseline.atRest(REST, MANY);

        assertThat(rest.next(new LimitWindow(100, 0, 0.9 * REST, 100), 100).floorNanos())
                .isCloseTo((1 - 0.25 * 0.5 * 0.05) * REST, within(1.0));
        assertThat(rest.next(new LimitWindow(100, 0, 2 * REST, 49), 100).floorNanos())
                .isCloseTo((1 + 0.05 * 0.5 * 0.5) * REST, within(1.0));
    }

    @Test
    void aFewSamplesSayLittle() {
        assertThat(Baseline.atRest(REST, MANY)
                        .next(new LimitWindow(10, 0, 2 * REST, 100), 100)
                        .nowNanos())
                .isCloseTo(1.09 * REST, within(0.01 * REST));
    }

    @Test
    void aServiceIsQuickerWhenCallsTakeLessThanChanceCouldMakeOfTheFloor() {
        assertThat(taking(0.81).isQuicker()).isFalse();
        assertThat(taking(0.79).isQuicker()).isTrue();
        assertThat(taking(0.5).stretch()).isEqualTo(1);
    }

    @Test
    void whatWasMeasuredAtRestCountsAsTheCallsThatShowedIt() {
        Baseline few = Baseline.atRest(REST, 100).next(new LimitWindow(100, 0, 2 * REST, 20), 20);
        assertThat(few.restNanos()).isCloseTo(1.5 * REST, within(1.0));

        Baseline many = Baseline.atRest(REST, 300).next(new LimitWindow(100, 0, 2 * REST, 20), 20);
        assertThat(many.restNanos()).isCloseTo(1.0125 * REST, within(1.0));
        assertThat(many.stretch()).isCloseTo(1.5 / 1.0125, within(1e-6));
    }
}

package io.nettoolkit.resilience.internal.adaptive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.resilience.internal.adaptive.Probe.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Windows with more calls than any average remembers, so that each shows at once what calls take. */
class ProbeTest {

    private static final LimitBounds BOUNDS = new LimitBounds(2, 1_000, 0.9, 1.1);
    private static final long MANY = 1_000_000;
    private static final double REST = 10e6;

    private LimitState state = new LimitState(100, Baseline.atRest(REST, MANY), null);

    private void window(LimitRule rule, long samples, double rests) {
        LimitWindow window = new LimitWindow(samples, 0, rests * REST, (int) state.limit());
        state = rule.next(state, window, BOUNDS);
    }

    private void window(double rests) {
        window(LimitRule.GRADIENT, MANY, rests);
    }

    private void assertProbe(double limit, Phase phase) {
        assertThat(state.limit()).isCloseTo(limit, within(0.01));
        assertThat(state.probe()).as("in %s", state).isNotNull();
        assertThat(state.probe().phase()).isEqualTo(phase);
    }

    @ParameterizedTest
    @EnumSource(names = {"GRADIENT", "VEGAS"})
    void aServiceThatIsSlowerGetsItsLimitBack(LimitRule rule) {
        window(rule, MANY, 3);
        assertProbe(100, Phase.FULL);
        window(rule, MANY, 3);
        assertProbe(50, Phase.DRAINING);
        window(rule, MANY, 2);
        assertProbe(50, Phase.HALF);
        window(rule, MANY, 3);

        assertProbe(100, Phase.SETTLING);
        assertThat(state.baseline().restNanos()).isEqualTo(3 * REST);
        assertThat(state.baseline().stretch()).isEqualTo(1);
        window(rule, MANY, 3);
        assertThat(state.limit()).isCloseTo(100, within(0.01));
        assertThat(state.probe()).isNull();
        window(rule, MANY, 3);
        assertThat(state.limit()).as("the rule has it again").isGreaterThan(102);
    }

    @ParameterizedTest
    @EnumSource(names = {"GRADIENT", "VEGAS"})
    void aQueueIsHalvedAndHalvedAgain(LimitRule rule) {
        window(rule, MANY, 6);
        window(rule, MANY, 6);
        window(rule, MANY, 6);
        window(rule, MANY, 3);
        assertProbe(50, Phase.SHRINKING);
        assertThat(state.baseline().restNanos()).as("the time at rest stays").isLessThan(1.2 * REST);

        window(rule, MANY, 3);
        assertProbe(25, Phase.DRAINING);
        window(rule, MANY, 3);
        window(rule, MANY, 1.5);
        assertProbe(25, Phase.SHRINKING);
    }

    /** 100 calls took 3 where the service holds 80 at 2.4: at half of them nothing queues, and they take 2.4. */
    @Test
    void whatWasAQueueAfterAllIsTakenOff() {
        window(3);
        window(3);
        window(3);
        window(2.4);

        assertProbe(80, Phase.SETTLING);
        assertThat(state.baseline().restNanos()).isCloseTo(2.4 * REST, within(1.0));
    }

    @ParameterizedTest
    @CsvSource({"2.26, true", "2.24, false"})
    void whatIsCloserToAllOfTheTimeIsTheTimeAtRest(double rests, boolean isRest) {
        window(3);
        window(3);
        window(3);
        window(rests);

        assertProbe(isRest ? 100 * rests / 3 : 50, isRest ? Phase.SETTLING : Phase.SHRINKING);
    }

    /** Calls that take longer at half the limit: the service became slower meanwhile. */
    @Test
    void theLimitNeverComesBackLargerThanItWas() {
        window(3);
        window(3);
        window(3);
        window(9);

        assertThat(state.limit()).isCloseTo(100, within(0.01));
        assertThat(state.baseline().restNanos()).isCloseTo(9 * REST, within(1.0));
    }

    /** With 100 calls under way it takes half as long as before, with 50 of them 0.4: the rest was a queue of ours. */
    @ParameterizedTest
    @EnumSource(names = {"GRADIENT", "VEGAS"})
    void aServiceThatIsQuickerIsMeasuredAnewToo(LimitRule rule) {
        window(rule, MANY, 0.5);
        assertProbe(100, Phase.FULL);
        window(rule, MANY, 0.5);
        assertProbe(50, Phase.DRAINING);
        window(rule, MANY, 0.4);
        window(rule, MANY, 0.4);

        assertProbe(80, Phase.SETTLING);
        assertThat(state.baseline().restNanos()).isCloseTo(0.4 * REST, within(1.0));
    }

    @Test
    void aLittleQuickerIsLeftToTheFloorAndSoIsALimitThatIsNotInUse() {
        window(0.85);
        assertThat(state.probe()).isNull();
        assertThat(state.limit()).isGreaterThan(100);

        state = new LimitState(100, Baseline.atRest(REST, MANY), null);
        state = LimitRule.GRADIENT.next(state, new LimitWindow(MANY, 0, 0.5 * REST, 49), BOUNDS);
        assertThat(state.probe()).isNull();
    }

    @Test
    void aLimitThatDoesNotGoByTimesIsNotProbed() {
        window(LimitRule.AIMD, MANY, 0.5);
        assertThat(state.probe()).isNull();
        window(LimitRule.AIMD, MANY, 9);
        assertThat(state.probe()).isNull();
        assertThat(state.limit()).isGreaterThan(104);
    }

    @Test
    void whatIsOverBeforeItWasMeasuredWasNothing() {
        window(3);
        window(1.2);

        assertThat(state.limit()).isEqualTo(100);
        assertThat(state.probe()).isNull();
        assertThat(state.baseline().restNanos()).isLessThan(1.1 * REST);
    }

    @Test
    void measuresUntilThereAreEnoughCalls() {
        window(3);
        window(LimitRule.GRADIENT, 80, 3);
        assertProbe(100, Phase.FULL);
        window(LimitRule.GRADIENT, 39, 3);
        assertProbe(100, Phase.FULL);
        window(LimitRule.GRADIENT, 1, 123);
        assertProbe(50, Phase.DRAINING);
        assertThat(state.probe().nanos()).as("the mean of all 120").isCloseTo(4 * REST, within(1.0));

        window(LimitRule.GRADIENT, 10, 50);
        assertProbe(50, Phase.HALF);
        window(LimitRule.GRADIENT, 119, 4);
        assertProbe(50, Phase.HALF);
        window(LimitRule.GRADIENT, 1, 4);
        assertProbe(100, Phase.SETTLING);
        assertThat(state.baseline().seen()).as("so many calls told it").isEqualTo(120);

        window(LimitRule.GRADIENT, 179, 5);
        assertProbe(100, Phase.SETTLING);
        window(LimitRule.GRADIENT, 1, 5);
        assertThat(state.probe()).isNull();
        assertThat(state.limit()).isCloseTo(100, within(0.01));
        assertThat(state.baseline().restNanos()).isCloseTo((120 * 4 + 180 * 5) / 300.0 * REST, within(1.0));
    }

    /** What is no more than the rule can do about is left to the rule, and is tested when it has halved the limit. */
    @Test
    void aSlowDecreaseIsTestedAtHalf() {
        int windows = 0;
        while (state.limit() > 50 && windows++ < 100) {
            window(1.4);
            assertThat(state.probe().phase()).isEqualTo(Phase.SHRINKING);
            assertThat(state.probe().limit()).isEqualTo(100);
        }
        assertThat(windows).isBetween(4, 12);
        double half = state.limit();

        window(1.4);
        assertProbe(half, Phase.DRAINING);
        window(1.4);
        assertProbe(half, Phase.HALF);
        window(1.4);
        assertProbe(100, Phase.SETTLING);
        assertThat(state.baseline().restNanos()).isCloseTo(1.4 * REST, within(1.0));
    }

    @Test
    void aSlowDecreaseThatGetsWorseBeginsAnew() {
        window(1.2);
        double lower = state.limit();
        assertThat(state.probe().limit()).isEqualTo(100);
        window(1.4);
        assertThat(state.probe().limit()).as("little more is chance").isEqualTo(100);
        window(1.7);
        assertThat(state.probe().phase()).as("half as much again is not").isEqualTo(Phase.FULL);
        assertThat(state.probe().limit()).isBetween(lower * 0.8, lower);

        state = new LimitState(100, new Baseline(300, REST, REST, 1.1 * REST), null);
        state = Probe.shrinking(state, 99, 2);
        state = new LimitState(90, new Baseline(300, REST, REST, 1.45 * REST), state.probe());
        assertThat(Probe.shrinking(state, 80, 2).probe().limit())
                .as("from where it got worse")
                .isEqualTo(90);
        assertThat(Probe.shrinking(state, 80, 2).limit()).isEqualTo(80);
    }

    @Test
    void aSlowDecreaseThatBecomesASuddenOneIsHalvedAtOnce() {
        state = new LimitState(90, new Baseline(300, REST, REST, 1.5 * REST), null);
        state = state.probing(90, new Probe(Phase.SHRINKING, 100, 1.3 * REST, 0, 0));

        LimitState next = Probe.shrinking(state, 80, 2);

        assertThat(next.limit()).isEqualTo(50);
        assertThat(next.probe()).isEqualTo(new Probe(Phase.DRAINING, 100, 1.3 * REST, 0, 0));
    }

    /** Vegas leaves a limit as it is while a few calls queue, however long that lasts. */
    @Test
    void aLimitThatStaysAtHalfIsTestedToo() {
        Baseline aFewQueue = new Baseline(300, REST, REST, 1.075 * REST);
        state = new LimitState(50, aFewQueue, null);
        window(LimitRule.VEGAS, MANY, 1.075);
        assertThat(state.limit()).isEqualTo(50);
        assertThat(state.probe()).isNull();

        state = new LimitState(50, aFewQueue, new Probe(Phase.SHRINKING, 100, 1.08 * REST, 0, 0));
        window(LimitRule.VEGAS, MANY, 1.075);
        assertProbe(50, Phase.DRAINING);
    }

    @Test
    void growthAndOverloadEndAProbe() {
        window(1.2);
        window(1);
        assertThat(state.probe()).isNull();

        window(3);
        window(3);
        assertProbe(state.limit(), Phase.DRAINING);
        double half = state.limit();
        state = LimitRule.GRADIENT.next(state, new LimitWindow(MANY, 1, REST, (int) half), BOUNDS);
        assertThat(state.limit()).isCloseTo(0.9 * half, within(0.01));
        assertThat(state.probe()).isNull();
    }

    @Test
    void theSmallestLimitIsNotHalvedAndItsTimeIsTheTimeAtRest() {
        state = new LimitState(3, state.baseline(), null);
        window(6);
        window(6);
        assertProbe(2, Phase.DRAINING);
        window(4);
        window(4);

        assertProbe(2, Phase.SETTLING);
        assertThat(state.baseline().restNanos()).isCloseTo(4 * REST, within(1.0));
    }

    @Test
    void aWindowWithoutSamplesLeavesAProbeWhereItIs() {
        for (int windows = 0; windows < 4; windows++) {
            window(3);
            LimitState before = state;

            state = LimitRule.GRADIENT.next(state, new LimitWindow(0, 0, 0, 100), BOUNDS);

            assertThat(state).isEqualTo(before);
        }
        assertProbe(100, Phase.SETTLING);
    }
}

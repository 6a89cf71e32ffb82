package io.nettoolkit.resilience.internal.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.internal.breaker.Window.Counts;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the parts that remember results do with those of another generation, which a thread that was held up may bring. */
class BreakerWindowsTest {

    private static final long WINDOW = 1L << 33;
    /** Past the first ring, whose empty cells look like those of generation 0. */
    private static final BreakerClock CLOCK = new BreakerClock(5 * WINDOW);

    private static final Thresholds NEVER = new Thresholds(1_000, 1, Thresholds.OFF);

    private static TimeWindow timeWindow(BreakerClock clock, Thresholds thresholds) {
        return new TimeWindow(clock.timeSource(), 0, WINDOW, thresholds);
    }

    static Stream<Window> windows() {
        return Stream.of(timeWindow(CLOCK, NEVER), new CountWindow(10, NEVER));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aResultOfAnOlderGenerationIsLate(Window window) {
        window.record(2, Ending.OK);

        assertThat(window.record(1, Ending.OK)).isFalse();

        assertThat(window.counts(2)).isEqualTo(new Counts(1, 0, 0));
        assertThat(window.counts(1)).isEqualTo(new Counts(0, 0, 0));
        assertThat(window.sum(Window.LATE)).isEqualTo(1);
        assertThat(window.sum(Window.SUCCEEDED)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aLateResultOpensNothing(Window window) {
        Window trips = window instanceof TimeWindow
                ? timeWindow(CLOCK, new Thresholds(1, 0.1, Thresholds.OFF))
                : new CountWindow(10, new Thresholds(1, 0.1, Thresholds.OFF));

        assertThat(trips.record(2, Ending.FAILED)).isTrue();
        assertThat(trips.record(1, Ending.FAILED)).isFalse();
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aLaterGenerationStartsAnewAlsoWhereItsNumberGoesRound(Window window) {
        int last = BreakerWord.GENERATION_MASK;
        if (window instanceof CountWindow) {
            // It begins with generation 0, and a breaker gets there one by one.
            window.record(last / 3, Ending.OK);
            window.record(last / 3 * 2, Ending.OK);
        }

        window.record(last, Ending.FAILED | Ending.SLOW);
        assertThat(window.counts(last)).isEqualTo(new Counts(1, 1, 1));
        window.record(0, Ending.OK);
        assertThat(window.counts(0)).isEqualTo(new Counts(1, 0, 0));
        window.record(last, Ending.OK);

        assertThat(window.counts(0)).isEqualTo(new Counts(1, 0, 0));
        assertThat(window.sum(Window.FAILED)).isEqualTo(1);
        assertThat(window.sum(Window.SLOW)).isEqualTo(1);
        assertThat(window.sum(Window.LATE)).isEqualTo(1);
    }

    /** The tag of a cell has twelve bits of the generation. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 2047})
    void aBucketTellsEarlierFromLaterByTheLowBitsOfTheGeneration(int ahead) {
        TimeWindow window = timeWindow(CLOCK, NEVER);

        window.record(4_095, Ending.OK);
        window.record(4_095 + ahead, Ending.OK);
        window.record(4_095, Ending.OK);

        assertThat(window.counts(4_095 + ahead)).isEqualTo(new Counts(1, 0, 0));
        assertThat(window.sum(Window.LATE)).isEqualTo(1);
    }

    /** Only within a bucket do generations have an order: an old bucket's cell is free, whatever its generation. */
    @Test
    void aCellOfAnotherBucketIsFreeForAnyGeneration() {
        BreakerClock clock = new BreakerClock(0);
        TimeWindow window = timeWindow(clock, NEVER);
        long bucketNanos = 1L << TimeWindow.bucketShift(WINDOW);

        window.record(9, Ending.OK);
        clock.advance(Duration.ofNanos(TimeWindow.SLOTS * bucketNanos));
        window.record(3, Ending.OK);

        assertThat(window.counts(3)).isEqualTo(new Counts(1, 0, 0));
        assertThat(window.sum(Window.LATE)).isZero();
        assertThat(window.sum(Window.SUCCEEDED)).isEqualTo(2);
    }

    @Test
    void bucketsCoverTheWindowAndNoMoreThanTheyMust() {
        long seed = 5;
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            long window = i < 2 ? WINDOW : 100_000_000 + (random.nextLong() >>> 24);
            long bucket = 1L << TimeWindow.bucketShift(window);
            int buckets = TimeWindow.buckets(window);
            assertThat(buckets).as("window %d, seed %d", window, seed).isBetween(8, TimeWindow.SLOTS);
            assertThat(buckets * bucket).as("window %d, seed %d", window, seed).isBetween(window, window + bucket - 1);
        }
    }

    @Test
    void aStreakBelongsToItsGeneration() {
        Streak streak = new Streak(2);

        assertThat(streak.record(5, true)).isFalse();
        assertThat(streak.record(4, true)).as("older").isFalse();
        assertThat(streak.record(6, true)).as("newer starts anew").isFalse();
        assertThat(streak.record(6, true)).isTrue();
        assertThat(streak.record(6, true)).as("still").isTrue();
        assertThat(streak.record(5, true)).as("older").isFalse();
        assertThat(streak.record(6, false)).isFalse();
        assertThat(streak.record(6, true)).isFalse();
    }

    @Test
    void switchingToWhatIsAlreadySoIsNoTransition() {
        BreakerRules rules = new BreakerRules(1, 1_000, 1_000, NEVER);
        BreakerCore.Parts parts =
                new BreakerCore.Parts(rules, (attempt, previous, random) -> 1, new Random(1), CLOCK.timeSource());
        parts.windowNanos = WINDOW;
        BreakerCore core = new BreakerCore(parts, (from, to) -> {});
        core.force(State.DISABLED);
        long word = core.word();

        core.force(State.DISABLED);
        assertThat(core.word()).isEqualTo(word);

        core.force(State.CLOSED);
        word = core.word();
        core.force(State.CLOSED);
        assertThat(core.word()).as("a reset starts anew").isNotEqualTo(word);
    }
}

package io.nettoolkit.core;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofNanos;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static final long SEED = 20261121;
    private static final int DRAWS = 1_000_000;
    private static final Duration FOR_EVER = ChronoUnit.FOREVER.getDuration();

    private final RandomGenerator random = new SplittableRandom(SEED);

    @Test
    void waitsTheSameEveryTimeWhenFixed() {
        Backoff backoff = Backoff.fixed(ofMillis(5));

        assertThat(backoff.delayNanos(1, 0, random)).isEqualTo(5_000_000);
        assertThat(backoff.delayNanos(1000, 5_000_000, random)).isEqualTo(5_000_000);
        assertThat(Backoff.fixed(Duration.ZERO).delayNanos(1, 0, random)).isZero();
    }

    @Test
    void doublesUpToTheMaximum() {
        Backoff backoff = Backoff.exponential(ofMillis(100), ofMillis(1500));

        assertThat(IntStream.of(1, 2, 3, 4, 5, 6, 1000).mapToLong(n -> backoff.delayNanos(n, 0, random) / 1_000_000))
                .containsExactly(100L, 200L, 400L, 800L, 1500L, 1500L, 1500L);
    }

    @Test
    void neverOverflowsHoweverLateTheAttempt() {
        Backoff[] all = {
            Backoff.exponential(ofNanos(1), FOR_EVER),
            Backoff.exponential(FOR_EVER, FOR_EVER),
            Backoff.exponential(ofNanos(3), ofSeconds(1)),
            Backoff.decorrelatedJitter(ofNanos(1), FOR_EVER),
            Backoff.decorrelatedJitter(FOR_EVER, FOR_EVER),
            Backoff.fixed(FOR_EVER),
            Backoff.exponential(ofNanos(1), FOR_EVER).withJitter(1),
            Backoff.fixed(FOR_EVER).withJitter(1),
        };
        for (Backoff backoff : all) {
            long previous = 0;
            for (int attempt = 1; attempt <= 1000; attempt++) {
                previous = backoff.delayNanos(attempt, previous, random);
                assertThat(previous)
                        .as("%s at %d, seed %d", backoff, attempt, SEED)
                        .isBetween(0L, Long.MAX_VALUE / 4);
            }
            for (int odd : new int[] {Integer.MAX_VALUE, 0, -1, Integer.MIN_VALUE}) {
                assertThat(backoff.delayNanos(odd, 0, random))
                        .as("%s at %d", backoff, odd)
                        .isNotNegative();
            }
        }
        assertThat(all[0].delayNanos(Integer.MIN_VALUE, 0, random)).isEqualTo(1);
    }

    @Test
    void staysWithinTheBoundsOfDecorrelatedJitter() {
        Backoff backoff = Backoff.decorrelatedJitter(ofMillis(10), ofSeconds(2));
        long base = 10_000_000;
        long max = 2_000_000_000;
        long previous = 0;
        long lowest = Long.MAX_VALUE;
        long highest = 0;
        for (int i = 0; i < DRAWS; i++) {
            long next = backoff.delayNanos(1 + i % 50, previous, random);
            long ceiling = Math.min(max, Math.max(base, previous) * 3);
            if (next < base || next > ceiling) {
                assertThat(next)
                        .as("draw %d after %d, seed %d", i, previous, SEED)
                        .isBetween(base, ceiling);
            }
            lowest = Math.min(lowest, next);
            highest = Math.max(highest, next);
            previous = i % 50 == 49 ? 0 : next;
        }
        assertThat(lowest).isCloseTo(base, within(base / 10));
        assertThat(highest).isCloseTo(max, within(max / 10));
    }

    @Test
    void staysWithinTheBoundsOfJitter() {
        Backoff backoff = Backoff.fixed(ofMillis(1)).withJitter(0.25);
        long sum = 0;
        for (int i = 0; i < DRAWS; i++) {
            long delay = backoff.delayNanos(1, 0, random);
            if (delay < 750_000 || delay > 1_000_000) {
                assertThat(delay).as("draw %d, seed %d", i, SEED).isBetween(750_000L, 1_000_000L);
            }
            sum += delay;
        }
        assertThat(sum / DRAWS).isCloseTo(875_000, within(1000L));
        assertThat(Backoff.fixed(ofMillis(1)).withJitter(0).delayNanos(1, 0, random))
                .isEqualTo(1_000_000);
    }

    @Test
    void stopsAfterTheLastAttempt() {
        Backoff backoff = Backoff.fixed(ofMillis(1)).withMaxAttempts(2);

        assertThat(backoff.delayNanos(1, 0, random)).isEqualTo(1_000_000);
        assertThat(backoff.delayNanos(2, 0, random)).isEqualTo(1_000_000);
        assertThat(backoff.delayNanos(3, 0, random)).isEqualTo(Backoff.STOP);
        assertThat(Backoff.fixed(ofMillis(1)).withMaxAttempts(0).delayNanos(1, 0, random))
                .isEqualTo(Backoff.STOP);
    }

    @Test
    void keepsTheStopThroughJitter() {
        Backoff backoff = Backoff.fixed(ofMillis(1)).withMaxAttempts(1).withJitter(1);

        assertThat(backoff.delayNanos(2, 0, random)).isEqualTo(Backoff.STOP);
    }

    @Test
    void takesALambda() {
        Backoff own = (attempt, previous, source) -> attempt * 7L;

        assertThat(own.withMaxAttempts(3).delayNanos(3, 0, random)).isEqualTo(21);
    }

    @Test
    void isAValueThatPrintsItsNumbers() {
        Backoff one = Backoff.exponential(ofMillis(100), ofSeconds(10))
                .withJitter(0.5)
                .withMaxAttempts(4);
        Backoff same = Backoff.exponential(ofMillis(100), ofSeconds(10))
                .withJitter(0.5)
                .withMaxAttempts(4);

        assertThat(one)
                .isEqualTo(same)
                .hasSameHashCodeAs(same)
                .hasToString("exponential(PT0.1S, PT10S).withJitter(0.5).withMaxAttempts(4)");
        assertThat(Backoff.fixed(ofMillis(1)))
                .isNotEqualTo(Backoff.fixed(ofMillis(2)))
                .hasToString("fixed(PT0.001S)");
        assertThat(Backoff.decorrelatedJitter(ofMillis(1), ofMillis(2)))
                .hasToString("decorrelatedJitter(PT0.001S, PT0.002S)");
    }

    @Test
    void refusesBadArgumentsNamingThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.fixed(ofMillis(-1)))
                .withMessage("delay: PT-0.001S (must not be negative)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.exponential(Duration.ZERO, ofMillis(1)))
                .withMessage("initial: PT0S (must be more than zero)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.exponential(ofMillis(2), ofMillis(1)))
                .withMessage("max: PT0.001S (must be at least initial, which is PT0.002S)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.decorrelatedJitter(Duration.ZERO, ofMillis(1)))
                .withMessage("base: PT0S (must be more than zero)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.decorrelatedJitter(ofMillis(2), ofMillis(1)))
                .withMessage("max: PT0.001S (must be at least base, which is PT0.002S)");
        for (double fraction : new double[] {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Backoff.fixed(ofMillis(1)).withJitter(fraction))
                    .withMessage("fraction: " + fraction + " (must be between 0 and 1)");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backoff.fixed(ofMillis(1)).withMaxAttempts(-1))
                .withMessage("maxAttempts: -1 (must be 0 or more)");
        assertThatNullPointerException().isThrownBy(() -> Backoff.fixed(null)).withMessageContaining("delay");
    }
}

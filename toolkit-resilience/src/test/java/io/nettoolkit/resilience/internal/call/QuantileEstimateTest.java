package io.nettoolkit.resilience.internal.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QuantileEstimateTest {

    private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();

    private final ManualTime time = ManualTime.create();
    private final TimeSource clock = TimeSource.of(time.ticker());

    @AfterEach
    void close() {
        time.close();
    }

    @Test
    void isAtLeastTheQuantileAndAtMostAnEighthAbove() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            double quantile = 0.5 + random.nextInt(50) / 100.0;
            QuantileEstimate estimate = new QuantileEstimate(quantile, WINDOW_NANOS, clock);
            long[] durations = new long[64 * (1 + random.nextInt(20))];
            for (int i = 0; i < durations.length; i++) {
                durations[i] = (long) Math.exp(Math.log(2_000) + random.nextDouble() * Math.log(10_000_000));
                estimate.record(durations[i]);
            }
            Arrays.sort(durations);
            long exact = durations[(int) Math.ceil(quantile * durations.length) - 1];
            assertThat(estimate.nanos()).as("seed %d", seed).isBetween(exact, exact + exact / 8 + 1);
        }
    }

    @Test
    void everyDurationIsBelowTheBoundOfItsBucket() {
        for (int bits = 0; bits < 63; bits++) {
            for (long nanos : new long[] {(1L << bits) - 1, 1L << bits, (1L << bits) + 1}) {
                int bucket = QuantileEstimate.bucket(nanos);
                if (bits >= 11 && bits < 39) {
                    assertThat(QuantileEstimate.upperBound(bucket)).isGreaterThan(nanos);
                    assertThat(QuantileEstimate.upperBound(bucket)).isLessThanOrEqualTo(nanos + nanos / 8 + 1);
                }
            }
        }
        assertThat(QuantileEstimate.bucket(Long.MAX_VALUE)).isEqualTo(QuantileEstimate.bucket(1L << 40));
        assertThat(QuantileEstimate.bucket(-5)).isZero();
    }

    @Test
    void forgetsWhatIsTwoWindowsOld() {
        QuantileEstimate estimate = new QuantileEstimate(0.95, WINDOW_NANOS, clock);
        for (int i = 0; i < 640; i++) {
            estimate.record(1_000_000_000);
        }
        assertThat(estimate.nanos()).isGreaterThanOrEqualTo(1_000_000_000);
        time.advance(Duration.ofSeconds(20));
        for (int i = 0; i < 64; i++) {
            estimate.record(1_000_000);
        }
        assertThat(estimate.nanos()).isLessThan(1_200_000);
    }

    @Test
    void knowsNothingAtFirstAndKeepsWhatItKnows() {
        QuantileEstimate estimate = new QuantileEstimate(0.95, WINDOW_NANOS, clock);
        for (int i = 0; i < 63; i++) {
            estimate.record(1_000_000);
        }
        assertThat(estimate.nanos()).isZero();
        estimate.record(1_000_000);
        long known = estimate.nanos();
        assertThat(known).isPositive();
        time.advance(Duration.ofHours(1));
        estimate.record(5_000_000);
        assertThat(estimate.nanos()).isEqualTo(known);
    }
}

package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9002 §5. */
class RttEstimatorTest {

    private static final long MS = 1_000_000;

    private final RttEstimator rtt = new RttEstimator(333 * MS);

    @Test
    void assumesTheInitialTimeBeforeASample() {
        assertThat(rtt.smoothedNanos()).isEqualTo(333 * MS);
        assertThat(rtt.variationNanos()).isEqualTo(333 * MS / 2);
        assertThat(rtt.minNanos()).isZero();
    }

    @Test
    void takesTheFirstSampleAsItIs() {
        rtt.sample(100 * MS, 20 * MS);
        assertThat(rtt.smoothedNanos()).isEqualTo(100 * MS);
        assertThat(rtt.variationNanos()).isEqualTo(50 * MS);
        assertThat(rtt.minNanos()).isEqualTo(100 * MS);
        assertThat(rtt.latestNanos()).isEqualTo(100 * MS);
    }

    @Test
    void takesTheDelayOffLaterSamples() {
        rtt.sample(100 * MS, 0);
        rtt.sample(140 * MS, 20 * MS);
        // adjusted 120: variation 3/4 * 50 + 1/4 * 20, smoothed 7/8 * 100 + 1/8 * 120
        assertThat(rtt.variationNanos()).isEqualTo(42_500_000);
        assertThat(rtt.smoothedNanos()).isEqualTo(102_500_000);
        assertThat(rtt.latestNanos()).isEqualTo(140 * MS);
    }

    @Test
    void doesNotBelieveADelayThatGoesBelowTheMinimum() {
        rtt.sample(100 * MS, 0);
        rtt.sample(110 * MS, 20 * MS);
        assertThat(rtt.smoothedNanos()).isEqualTo((7 * 100 + 110) * MS / 8);
    }

    @Test
    void keepsTheMinimumUntilItIsForgotten() {
        rtt.sample(100 * MS, 0);
        rtt.sample(60 * MS, 0);
        rtt.sample(90 * MS, 0);
        assertThat(rtt.minNanos()).isEqualTo(60 * MS);
        rtt.forgetMinimum();
        rtt.sample(95 * MS, 0);
        assertThat(rtt.minNanos()).isEqualTo(95 * MS);
    }
}

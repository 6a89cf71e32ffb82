package io.nettoolkit.udp.internal.congestion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9406 §4.2. */
class HyStartTest {

    private static final long MS = 1_000_000;

    private final HyStart hyStart = new HyStart();
    private long next;

    /** A round of so many acknowledgements with the same round-trip time. */
    private void round(int acknowledgements, long rttNanos) {
        long end = next + acknowledgements - 1;
        while (next <= end) {
            hyStart.onAcknowledged(rttNanos, next, end + acknowledgements);
            next++;
        }
    }

    @Test
    void goesOnWhileRoundTripsStayTheSame() {
        for (int i = 0; i < 20; i++) {
            round(10, 100 * MS);
        }
        assertThat(hyStart.isConservative()).isFalse();
        assertThat(hyStart.growth(1000)).isEqualTo(1000);
    }

    @Test
    void growsByAQuarterOnceRoundTripsAreAnEighthLonger() {
        round(10, 100 * MS);
        round(10, 100 * MS);
        round(10, 111 * MS);
        assertThat(hyStart.isConservative()).isFalse();
        round(10, 126 * MS);
        assertThat(hyStart.isConservative()).isTrue();
        assertThat(hyStart.growth(1000)).isEqualTo(250);
    }

    @Test
    void needsEightSamples() {
        round(10, 100 * MS);
        round(10, 100 * MS);
        round(7, 200 * MS);
        assertThat(hyStart.isConservative()).isFalse();
    }

    @Test
    void toleratesFourMillisecondsOnAShortPath() {
        round(10, MS);
        round(10, MS);
        round(10, 4 * MS);
        assertThat(hyStart.isConservative()).isFalse();
        round(10, 9 * MS);
        assertThat(hyStart.isConservative()).isTrue();
    }

    @Test
    void endsSlowStartAfterFiveConservativeRounds() {
        round(10, 100 * MS);
        round(10, 100 * MS);
        for (int i = 0; i < 5; i++) {
            assertThat(hyStart.isOver()).isFalse();
            round(10, 150 * MS);
        }
        round(10, 150 * MS);
        assertThat(hyStart.isOver()).isTrue();
    }

    @Test
    void resumesSlowStartWhenItWasChance() {
        round(10, 100 * MS);
        round(10, 100 * MS);
        round(10, 150 * MS);
        assertThat(hyStart.isConservative()).isTrue();
        round(10, 100 * MS);
        assertThat(hyStart.isConservative()).isFalse();
    }
}

package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RoundTripTest {

    private static final long MILLI = 1_000_000;

    private static RoundTrip of(long... millis) {
        RoundTrip times = new RoundTrip();
        for (int i = 0; i < 100; i++) {
            times.sample(millis[i % millis.length] * MILLI, i * MILLI);
        }
        return times;
    }

    private static long rankMicros(RoundTrip times, long nowMillis) {
        return times.rankNanos(nowMillis * MILLI) / 1_000;
    }

    @Test
    void ofTwoThatAreAsFastTheSteadyOneIsBetter() {
        assertThat(rankMicros(of(12), 100)).isEqualTo(12_000).isLessThan(rankMicros(of(8, 10, 12, 10), 100));
    }

    @Test
    void aBadTimeIsForgottenByHalfEveryHalfMinute() {
        RoundTrip slow = of(100);
        assertThat(rankMicros(slow, 30_099)).isEqualTo(50_000);
        assertThat(rankMicros(slow, 60_099)).isEqualTo(25_000);
        assertThat(new RoundTrip().rankNanos(0)).as("never asked").isZero();
    }

    @Test
    void lateIsWhatFewAnswersAreAndAtLeastHalfAsLongAgain() {
        assertThat(of(20).lateNanos()).as("steady").isEqualTo(30 * MILLI);
        assertThat(of(2).lateNanos()).as("the timer is no finer").isEqualTo(10 * MILLI);
        assertThat(of(10, 30).lateNanos()).as("varying").isGreaterThan(50 * MILLI);
    }
}

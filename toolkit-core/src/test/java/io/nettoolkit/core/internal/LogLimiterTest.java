package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogLimiterTest {

    /** Shortly before the clock's numbers overflow, which must not matter. */
    private long start = Long.MAX_VALUE - 50;

    private final LogLimiter limiter = new LogLimiter(100, start);

    @Test
    void letsOneLinePerIntervalThroughAndTellsHowManyItLeftOut() {
        assertThat(limiter.tryLog(start)).isZero();
        assertThat(limiter.tryLog(start)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(start + 99)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(start + 100)).isEqualTo(2);
        assertThat(limiter.tryLog(start + 199)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(start + 1_000)).isEqualTo(1);
        assertThat(limiter.tryLog(start + 1_100)).isZero();
    }
}

package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogLimiterTest {

    private static final long START = Long.MAX_VALUE - 50;

    private final LogLimiter limiter = new LogLimiter(100, START);

    @Test
    void letsOneLinePerIntervalThroughAndTellsHowManyItLeftOut() {
        assertThat(limiter.tryLog(START)).isZero();
        assertThat(limiter.tryLog(START)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(START + 99)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(START + 100)).isEqualTo(2);
        assertThat(limiter.tryLog(START + 199)).isEqualTo(LogLimiter.SUPPRESSED);
        assertThat(limiter.tryLog(START + 1_000)).isEqualTo(1);
        assertThat(limiter.tryLog(START + 1_100)).isZero();
    }
}

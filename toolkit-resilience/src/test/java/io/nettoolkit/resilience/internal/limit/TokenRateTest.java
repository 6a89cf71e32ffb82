package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenRateTest {

    private static final long SECOND = 1_000_000_000;
    private static final long YEAR = 365L * 24 * 3600 * SECOND;

    @ParameterizedTest
    @CsvSource({
        "1, 1000000000",
        "3, 1000000000",
        "7, 86400000000000",
        "999983, 1000000000",
        "1000000, 1000000000",
        "3, 1000",
        "1000000000, 1000000000",
        "8000000000, 1000000000",
        "1, 31536000000000000"
    })
    void theRateIsRightToAMillionthOfAMillionth(long permits, long perNanos) {
        TokenRate rate = new TokenRate(permits, perNanos, 0);
        long span = YEAR;

        BigDecimal kept = BigDecimal.valueOf(rate.units(span))
                .divide(BigDecimal.valueOf(rate.ofPermits(1)), MathContext.DECIMAL128);
        BigDecimal exact = BigDecimal.valueOf(permits)
                .multiply(BigDecimal.valueOf(span))
                .divide(BigDecimal.valueOf(perNanos), MathContext.DECIMAL128);

        double error =
                kept.subtract(exact).divide(exact, MathContext.DECIMAL128).doubleValue();
        assertThat(error).as("relative error after a year").isCloseTo(0, within(1e-12));
    }

    /** The smallest power of two that makes a unit a nanosecond or less: the fewer bits, the longer the spans. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "8, 1, 1",
        "1, 2, 2",
        "1, 3, 4",
        "1, 1073741823, 1073741824",
        "1, 1073741824, 1073741824",
        "1, 1073741825, 2147483648",
        "3, 3072, 1024",
        "3, 3073, 2048"
    })
    void aPermitIsAsFewUnitsAsANanosecondAllows(long permits, long perNanos, long units) {
        TokenRate rate = new TokenRate(permits, perNanos, 0);

        assertThat(rate.ofPermits(1)).isEqualTo(units);
        assertThat(rate.maxPermits()).isEqualTo(TokenRate.LONGEST_UNITS / units);
        assertThat(TokenRate.maxBurst(permits, perNanos)).isEqualTo(TokenRate.LONGEST_UNITS / units);
    }

    @Test
    void theWaitIsTheShortestThatIsLongEnough() {
        long seed = 20260711;
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            long perNanos = 1 + random.nextLong(1L << random.nextInt(1, 54));
            long permits = 1 + random.nextLong(Math.min(perNanos * 8, 1L << random.nextInt(1, 40)));
            long origin = random.nextLong();
            TokenRate rate = new TokenRate(permits, perNanos, origin);
            long now = origin + random.nextLong(YEAR);
            long target = rate.units(now) + 1 + random.nextLong(1L << random.nextInt(1, 55));

            long wait = rate.nanosUntil(target, now);

            assertThat(rate.units(now + wait) - target)
                    .as("seed %d, step %d", seed, i)
                    .isNotNegative();
            assertThat(rate.units(now + wait - 1) - target)
                    .as("seed %d, step %d", seed, i)
                    .isNegative();
        }
    }

    @Test
    void aReadingThatIsOlderThanTheOriginIsBeforeIt() {
        TokenRate rate = new TokenRate(3, SECOND, Long.MIN_VALUE);

        assertThat(rate.units(Long.MIN_VALUE)).isZero();
        assertThat(rate.units(Long.MAX_VALUE)).isNegative();
    }

    @Test
    void unitsFollowTheClockAcrossItsWrap() {
        TokenRate rate = new TokenRate(7, SECOND, Long.MAX_VALUE - 500);
        TokenRate plain = new TokenRate(7, SECOND, 0);

        assertThat(rate.units(Long.MIN_VALUE + 499)).isEqualTo(plain.units(1000));
    }
}

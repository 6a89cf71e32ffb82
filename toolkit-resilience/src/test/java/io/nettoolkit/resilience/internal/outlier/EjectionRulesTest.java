package io.nettoolkit.resilience.internal.outlier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class EjectionRulesTest {

    private static final double[] RATES = {0.9, 1, 0.95, 0.95, 0.2, 0.77, 0.77};

    private static EjectionRules rules(double deviations, double maxEjectedShare, double jitter) {
        return new EjectionRules(5, deviations, 5, 0.3, 20, maxEjectedShare, 30, 80, jitter);
    }

    private static RandomGenerator always(double value) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new UnsupportedOperationException();
            }

            @Override
            public double nextDouble() {
                return value;
            }
        };
    }

    @Test
    void someMayGoButNeverAll() {
        assertThat(rules(2, 0.3, 0).mostEjected(0)).isZero();
        assertThat(rules(2, 0.3, 0).mostEjected(1)).isZero();
        assertThat(rules(2, 0.3, 0).mostEjected(2)).isEqualTo(1);
        assertThat(rules(2, 0.3, 0).mostEjected(9)).isEqualTo(2);
        assertThat(rules(2, 0.3, 0).mostEjected(10)).isEqualTo(3);
        assertThat(rules(2, 1, 0).mostEjected(10)).isEqualTo(9);
    }

    @Test
    void theTimeGrowsWithEachEjectionUpToTheLongest() {
        assertThat(rules(2, 1, 0).ejectionNanos(1, always(0.5))).isEqualTo(30);
        assertThat(rules(2, 1, 0).ejectionNanos(2, always(0.5))).isEqualTo(60);
        assertThat(rules(2, 1, 0).ejectionNanos(3, always(0.5))).isEqualTo(80);
        assertThat(rules(2, 1, 0).ejectionNanos(Integer.MAX_VALUE, always(0.5))).isEqualTo(80);
        assertThat(rules(2, 1, 0.5).ejectionNanos(2, always(0.5))).isEqualTo(45);
        assertThat(rules(2, 1, 1).ejectionNanos(2, always(0.25))).isEqualTo(45);
        assertThat(rules(2, 1, 1).ejectionNanos(2, always(1))).as("never none").isEqualTo(1);
    }

    @Test
    void sharesMeanSomethingFromTheLeastNumberOfCallsOn() {
        assertThat(rules(2, 1, 0).isEnough(19)).isFalse();
        assertThat(rules(2, 1, 0).isEnough(20)).isTrue();
        assertThat(rules(2, 1, 0).failsTooOften(20, 5)).isFalse();
        assertThat(rules(2, 1, 0).failsTooOften(20, 6)).isTrue();
    }

    @Test
    void aGoodRateIsNotFarBelowTheMean() {
        // Of the first five: mean 0.8, deviation 0.3017.
        assertThat(rules(1, 1, 0).lowestGoodRate(RATES, 5)).isCloseTo(0.8 - 0.301_662, within(1e-6));
        assertThat(rules(2, 1, 0).lowestGoodRate(RATES, 5)).isCloseTo(0.8 - 2 * 0.301_662, within(1e-6));
        assertThat(rules(2, 1, 0).lowestGoodRate(RATES, 4)).as("too few").isEqualTo(-1);
        assertThat(rules(0, 1, 0).lowestGoodRate(RATES, 5)).as("off").isEqualTo(-1);
    }
}

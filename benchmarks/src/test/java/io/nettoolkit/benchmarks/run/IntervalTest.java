package io.nettoolkit.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntervalTest {

    @Test
    void isTheSecondAndTheEighthOfNineValues() {
        Interval interval = Interval.of(9, 8, 7, 6, 5, 4, 3, 2, 1);

        assertThat(interval).isEqualTo(new Interval(5, 2, 8, 9));
        assertThat(interval.isConfident()).isTrue();
        assertThat(interval.relativeHalfWidth()).isCloseTo(0.6, within(1e-9));
    }

    /** The ranks of the sign test's tables. */
    @ParameterizedTest
    @CsvSource({"6, 1", "8, 1", "9, 2", "11, 2", "12, 3", "15, 4", "20, 6"})
    void cutsAsManyValuesAsKeepNinetyFivePercent(int values, int rank) {
        Interval interval = Interval.of(oneTo(values));

        assertThat(interval.low()).isEqualTo(rank);
        assertThat(interval.high()).isEqualTo(values + 1 - rank);
    }

    @Test
    void spansAllOfTooFewValuesAndIsNotConfident() {
        assertThat(Interval.of(3, 1, 2)).isEqualTo(new Interval(2, 1, 3, 3));
        assertThat(Interval.of(oneTo(5)).isConfident()).isFalse();
        assertThat(Interval.of(oneTo(6)).isConfident()).isTrue();
    }

    @Test
    void takesTheMiddleOfTwoForAnEvenNumber() {
        assertThat(Interval.of(1, 2, 3, 10).median()).isEqualTo(2.5);
    }

    private static double[] oneTo(int values) {
        return IntStream.rangeClosed(1, values).asDoubleStream().toArray();
    }
}

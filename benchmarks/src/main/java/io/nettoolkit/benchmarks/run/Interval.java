package io.nettoolkit.benchmarks.run;

import java.util.Arrays;
import java.util.Locale;

/**
 * The median of the rounds' values and the interval that holds the true median with at least 95 % confidence.
 *
 * <p>Of {@code n} sorted values the k-th smallest and the k-th largest bound the median with confidence
 * {@code 1 - 2 P(B(n, 1/2) < k)}, whatever the distribution; k is the largest that keeps 95 %. For 9 rounds that is
 * [2nd, 8th] (96.1 %). Fewer than 6 rounds have no such interval; then it spans all values and decides nothing.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param median the middle value
 * @param low    lower end
 * @param high   upper end
 * @param values how many values it was made of
 */
public record Interval(double median, double low, double high, int values) {

    private static final double TAILS = 0.05;
    private static final int FEWEST = 6;

    /** Of at least one value, in any order. */
    public static Interval of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("values: none (must be at least one)");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int cut = Math.max(1, rank(sorted.length));
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Interval(median, sorted[cut - 1], sorted[sorted.length - cut], sorted.length);
    }

    /** Whether there were enough values for 95 %. */
    public boolean isConfident() {
        return values >= FEWEST;
    }

    /** Half the interval's width as a part of the median. */
    public double relativeHalfWidth() {
        return (high - low) / 2 / median;
    }

    /** The largest k for which the two tails below the k-th value are together at most 5 %; 0 where there is none. */
    private static int rank(int n) {
        double probability = Math.pow(0.5, n);
        double tail = 0;
        for (int k = 0; k < n; k++) {
            tail += probability;
            if (2 * tail > TAILS) {
                return k;
            }
            probability = probability * (n - k) / (k + 1);
        }
        return 0;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2f [%.2f, %.2f]", median, low, high);
    }
}

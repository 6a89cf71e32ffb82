package io.nettoolkit.resilience.internal.outlier;

import java.util.random.RandomGenerator;

/**
 * When an endpoint stands out, how many may be away at once, and for how long: pure functions of counts.
 *
 * @param consecutiveFailures failures in a row that eject; 0 for none
 * @param deviations standard deviations below the mean success rate that eject; 0 for none
 * @param minimumEndpoints endpoints with enough calls that a mean takes
 * @param failureRate share of failed calls in an interval that ejects; more than 1 for none
 * @param minimumCalls calls in an interval before shares mean anything
 * @param maxEjectedShare share of the endpoints that may be ejected at once
 * @param baseNanos the first ejection's time, in nanoseconds
 * @param maxNanos no ejection is longer, in nanoseconds
 * @param jitter share of an ejection's time that may be left out
 */
public record EjectionRules(
        int consecutiveFailures,
        double deviations,
        int minimumEndpoints,
        double failureRate,
        int minimumCalls,
        double maxEjectedShare,
        long baseNanos,
        long maxNanos,
        double jitter) {

    /** How many endpoints may be ejected at once: at least one, and never all of them. */
    int mostEjected(int endpoints) {
        return Math.max(0, Math.min(endpoints - 1, Math.max(1, (int) (endpoints * maxEjectedShare))));
    }

    /** How long an endpoint stays away that was ejected so many times, this one included. */
    long ejectionNanos(int ejections, RandomGenerator random) {
        long time = ejections > maxNanos / baseNanos ? maxNanos : baseNanos * ejections;
        return Math.max(1, time - (long) (time * jitter * random.nextDouble()));
    }

    /** Whether so many calls are enough to judge an endpoint by its shares. */
    boolean isEnough(long calls) {
        return calls >= minimumCalls;
    }

    /** Whether too large a share of an endpoint's calls failed. */
    boolean failsTooOften(long calls, long failed) {
        return (double) failed / calls >= failureRate;
    }

    /**
     * The success rate below which an endpoint stands out from the others; negative when there is none.
     *
     * @param rates success rates of the endpoints with enough calls
     * @param count how many of these there are
     */
    double lowestGoodRate(double[] rates, int count) {
        if (deviations == 0 || count < minimumEndpoints) {
            return -1;
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += rates[i];
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            squares += (rates[i] - mean) * (rates[i] - mean);
        }
        return mean - deviations * Math.sqrt(squares / count);
    }
}

package io.nettoolkit.resilience.internal.breaker;

/**
 * From where on a breaker opens.
 *
 * @param minimumCalls results the window has to hold before shares mean anything
 * @param failureRate share of failed calls
 * @param slowRate share of slow calls; {@link #OFF} where they are not looked at
 */
public record Thresholds(int minimumCalls, double failureRate, double slowRate) {

    /** A share that nothing reaches. */
    public static final double OFF = Double.POSITIVE_INFINITY;

    /** Whether these counts of a window open the breaker. */
    boolean trips(long total, long failed, long slow) {
        return total >= minimumCalls && reached(total, failed, slow);
    }

    /** Whether a share is reached, however few the calls. */
    boolean reached(long total, long failed, long slow) {
        // A quotient, because it is the double nearest to the share, as is the one the user wrote; a product is not.
        return total > 0 && ((double) failed / total >= failureRate || (double) slow / total >= slowRate);
    }
}

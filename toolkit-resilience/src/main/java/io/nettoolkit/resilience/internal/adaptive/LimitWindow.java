package io.nettoolkit.resilience.internal.adaptive;

/**
 * What a limit saw in one window of calls that ended.
 *
 * @param samples calls that did what they should
 * @param overloads calls that ended with an overload, or took too long, and were let in after the last decrease
 * @param averageNanos how long the samples took on average; 0 without samples
 * @param maxInFlight the most calls that were under way at once
 */
public record LimitWindow(long samples, long overloads, double averageNanos, int maxInFlight) {

    /** A window in which less than half the limit was used says nothing about what a higher limit would do. */
    boolean isUsed(double limit) {
        return maxInFlight * 2.0 >= limit;
    }
}

package io.nettoolkit.resilience.internal.adaptive;

/**
 * What an adaptive limit knows between two windows.
 *
 * @param limit with its fraction
 * @param baseline how long calls take
 */
public record LimitState(double limit, Baseline baseline) {

    /** Nothing known but the limit to begin with. */
    public static LimitState initial(int limit) {
        return new LimitState(limit, Baseline.UNKNOWN);
    }

    LimitState with(double newLimit) {
        return newLimit == limit ? this : new LimitState(newLimit, baseline);
    }

    LimitState growing(double newLimit) {
        return new LimitState(newLimit, baseline.growing(limit));
    }

    LimitState staying(double minLimit) {
        return new LimitState(limit, baseline.staying(limit, minLimit));
    }

    LimitState shrinking(double newLimit, double minLimit) {
        return new LimitState(newLimit, baseline.decreasing(limit, minLimit));
    }
}

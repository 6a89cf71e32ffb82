package io.nettoolkit.resilience.internal.adaptive;

import org.jspecify.annotations.Nullable;

/**
 * What an adaptive limit knows between two windows.
 *
 * @param limit with its fraction
 * @param baseline how long calls take
 * @param probe of the present decrease; null where there is none
 */
record LimitState(double limit, Baseline baseline, @Nullable Probe probe) {

    /** Nothing known but the limit to begin with. */
    static LimitState initial(int limit) {
        return new LimitState(limit, Baseline.UNKNOWN, null);
    }

    /** A limit that ends a probe. */
    LimitState to(double newLimit) {
        return new LimitState(newLimit, baseline, null);
    }

    LimitState probing(double newLimit, Probe newProbe) {
        return new LimitState(newLimit, baseline, newProbe);
    }

    LimitState with(Baseline newBaseline) {
        return new LimitState(limit, newBaseline, probe);
    }

    LimitState within(LimitBounds bounds) {
        return new LimitState(Math.max(bounds.min(), Math.min(bounds.max(), limit)), baseline, probe);
    }
}

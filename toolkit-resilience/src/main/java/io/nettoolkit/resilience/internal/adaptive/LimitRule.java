package io.nettoolkit.resilience.internal.adaptive;

/*
 * The three algorithms, as one pure function each of (limit, baseline, window).
 *
 * What they share, each point a defect of a peer put right:
 *   - a window with overload outcomes makes the limit smaller by a factor, whatever the times of the calls that did end;
 *     times of calls that failed or timed out are never samples, so a steady timeout cannot pass for a steady service;
 *   - the limit grows only if at least half of it was in use, since otherwise nothing was learnt about a larger one;
 *   - room to grow is added only while calls are as quick as at rest, so that it cannot outweigh a shrinking factor;
 *   - a few calls move a limit that goes by times only a little, and a window is no shorter than a call: else the limit runs
 *     ahead of what is known of the calls that it let in, and overshoots the more the slower the service is;
 *   - a limit that comes down because calls take long learns on the way whether they did because of it; and it does not
 *     take a queue for the speed of a service that has become quicker: see Probe.
 *
 * Sources: Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989 (AIMD); Brakmo and Peterson, "TCP Vegas",
 * 1995; Netflix, "Performance Under Load", 2018 (Gradient).
 */

/** How a limit follows from the one before and from what a window of calls showed. */
public enum LimitRule {
    /** Grows by a little while nothing is overloaded, shrinks by a factor when something is. */
    AIMD(1) {
        @Override
        double target(LimitState state, LimitWindow window, LimitBounds bounds) {
            double room = Math.max(1, Math.sqrt(state.limit()) / 4);
            return window.isUsed(state.limit()) ? state.limit() + room : state.limit();
        }
    },

    /** Keeps a few calls queueing: the limit less what the baseline says would be under way without a queue. */
    VEGAS(100) {
        @Override
        double target(LimitState state, LimitWindow window, LimitBounds bounds) {
            double limit = state.limit();
            double unit = Math.max(1, Math.log10(limit));
            double queue = limit * (1 - 1 / state.baseline().stretch());
            if (queue < VEGAS_FEW * unit) {
                double step = queue <= unit / 2 ? VEGAS_MANY * unit : unit;
                return window.isUsed(limit) ? limit + step : limit;
            }
            // However few: where most of the calls queue, it may be the service that is slow, and staying would not
            // show it.
            if (queue <= VEGAS_MANY * unit && queue <= limit / 2) {
                return limit;
            }
            // A step of one unit would take a service that lost half its capacity dozens of windows to follow.
            return limit - Math.max(unit, (queue - VEGAS_FEW * unit) / 2);
        }
    },

    /** Scales the limit by how much longer calls take than at rest, beyond a tolerance. */
    GRADIENT(100) {
        @Override
        double target(LimitState state, LimitWindow window, LimitBounds bounds) {
            double limit = state.limit();
            double gradient =
                    Math.max(STEEPEST, bounds.tolerance() / state.baseline().stretch());
            if (gradient < 1) {
                return limit + SMOOTHING * (gradient * limit - limit);
            }
            return window.isUsed(limit) ? limit + SMOOTHING * Math.sqrt(limit) : limit;
        }
    };

    /** Calls in the queue, in units of log10(limit): below the first it grows, above the second it shrinks. */
    private static final double VEGAS_FEW = 1.5;

    private static final double VEGAS_MANY = 3;

    private static final double STEEPEST = 0.5;

    /** Fewer samples than these move the limit by less. */
    private final double fullStepSamples;

    LimitRule(double fullStepSamples) {
        this.fullStepSamples = fullStepSamples;
    }

    private static final double SMOOTHING = 0.5;

    /** Where the limit should be after a window with samples and without overload. */
    abstract double target(LimitState state, LimitWindow window, LimitBounds bounds);

    /** The state after a window. */
    LimitState next(LimitState state, LimitWindow window, LimitBounds bounds) {
        LimitState seen =
                window.samples() == 0 ? state : state.with(state.baseline().next(window, state.limit()));
        return after(seen, window, bounds).within(bounds);
    }

    private LimitState after(LimitState seen, LimitWindow window, LimitBounds bounds) {
        double limit = seen.limit();
        if (window.overloads() > 0) {
            return seen.to(limit * bounds.decrease());
        }
        if (window.samples() == 0) {
            return seen;
        }
        Probe probe = seen.probe();
        if (probe != null && probe.holdsLimit()) {
            return probe.after(seen, window, bounds.min());
        }
        if (this != AIMD && seen.baseline().isQuicker() && window.isUsed(limit)) {
            return Probe.ofQuicker(seen);
        }
        double share = Math.min(1, window.samples() / fullStepSamples);
        double ruled = limit + share * (target(seen, window, bounds) - limit);
        if (ruled > limit) {
            return seen.to(ruled);
        }
        return ruled < limit || probe != null ? Probe.shrinking(seen, ruled, bounds.min()) : seen;
    }
}

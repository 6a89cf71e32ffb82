package io.nettoolkit.resilience.internal.adaptive;

/*
 * Calls take longer. Do they queue behind each other, or has the service become slower? The times alone do not tell: 50
 * calls under way in a service that took 10 ms and now takes 30 look like 50 calls in one that has lost two thirds of its
 * places. The limit has to come down in the second case only; in the first it would starve the service, for good, because
 * with however few calls they never become quick again. And a service that has become quicker is as little known: what calls
 * take now may be a queue already, which would never be found out if it passed for the time at rest.
 *
 * Half the limit tells. With L calls under way and X of them ending per time each takes W = L / X (Little's law). If they
 * queue, X is what the service can do and stays the same, so that half of L takes half of W; if they do not, W stays the same.
 *
 *     FULL       the limit stays until enough calls have shown the time W that they take with it
 *     SHRINKING  the limit is on its way to half of that: at once where calls take far longer than at rest, and otherwise as
 *                the rule has it, which is soon enough then
 *     DRAINING   one window, in which calls end that were let in before
 *     HALF       the limit stays until enough calls have shown the time w that they take with it
 *     SETTLING   the limit is back where it was, and stays until enough calls more have shown the time at rest
 *
 * Where w is closer to W than to half of it, w is the time at rest: the baseline begins anew there. The limit returns to
 * L w / W, which is the calls per time that there were, times the time at rest: as many as the service holds without a queue,
 * by the same law. So whatever part of W was a queue after all is taken off. Where w is closer to half of W, the limit stays,
 * and the next halving begins from there.
 *
 * Being wrong does little harm. A probe that chance began costs two windows at half the limit. A baseline is only ever taken
 * from a limit at half, where there is less of a queue than there was. With the smallest limit there is nothing to halve;
 * what calls take then is the time at rest, since the limit can do no better.
 *
 * Sources: Little, "A proof for the queuing formula L = lambda W", 1961. That the time at rest must be measured again with
 * fewer calls under way is the idea of Cardwell et al., "BBR", 2016; here it is done when there is a reason to.
 */

/**
 * A halving of the limit, to tell a queue of ours from a service that has become slower, or quicker.
 *
 * @param phase how far it is
 * @param limit what is halved
 * @param nanos how long calls took with that; at the end, and before it was measured, how long they take at rest
 * @param samples calls measured in this phase
 * @param sumNanos how long all of these took together
 */
record Probe(Phase phase, double limit, double nanos, double samples, double sumNanos) {

    /** In this order. */
    enum Phase {
        FULL,
        SHRINKING,
        DRAINING,
        HALF,
        SETTLING
    }

    /** Calls that take so many times as long as at rest are no chance: the limit is halved at once. */
    private static final double SUDDEN = 1.5;

    /** More than this is no chance either, and makes what was measured before useless. */
    private static final double WORSE = 1.25;

    /** Between half the time, which a queue would take, and all of it. */
    private static final double SAME_TIME = 0.75;

    /** So many exponential times tell their mean to nine percent. */
    private static final double ENOUGH = 120;

    private static Probe begin(Phase phase, double limit, double nanos) {
        return new Probe(phase, limit, nanos, 0, 0);
    }

    /** That of a service which has become quicker. */
    static LimitState ofQuicker(LimitState state) {
        return state.probing(
                state.limit(), begin(Phase.FULL, state.limit(), state.baseline().restNanos()));
    }

    /** Whether the limit is this probe's and not the rule's. */
    boolean holdsLimit() {
        return phase != Phase.SHRINKING;
    }

    /**
     * After a window from which a rule would not grow the limit.
     *
     * @param ruled what the rule makes of the limit
     */
    static LimitState shrinking(LimitState state, double ruled, int minLimit) {
        Probe probe = state.probe();
        Baseline baseline = state.baseline();
        double limit = state.limit();
        boolean sudden = baseline.stretch() >= SUDDEN;
        if (probe == null || baseline.nowNanos() > WORSE * probe.nanos) {
            return sudden
                    ? state.probing(limit, begin(Phase.FULL, limit, baseline.restNanos()))
                    : state.probing(ruled, begin(Phase.SHRINKING, limit, baseline.nowNanos()));
        }
        double half = Math.max(minLimit, probe.limit / 2);
        if (sudden || limit <= half) {
            return state.probing(Math.min(limit, half), begin(Phase.DRAINING, probe.limit, probe.nanos));
        }
        return state.probing(ruled, probe);
    }

    /** After a window in which this probe held the limit. */
    LimitState after(LimitState state, LimitWindow window, int minLimit) {
        if (phase == Phase.SETTLING) {
            return state.baseline().isKnown() ? state.to(state.limit()) : state;
        }
        if (phase == Phase.DRAINING) {
            return state.probing(state.limit(), begin(Phase.HALF, limit, nanos));
        }
        double all = samples + window.samples();
        double sum = sumNanos + window.samples() * window.averageNanos();
        if (all < ENOUGH) {
            return state.probing(state.limit(), new Probe(phase, limit, nanos, all, sum));
        }
        double mean = sum / all;
        return phase == Phase.FULL ? full(state, mean, minLimit) : half(state, mean, all, minLimit);
    }

    private LimitState full(LimitState state, double mean, int minLimit) {
        if (mean < SUDDEN * nanos && mean > Baseline.QUICKER * nanos) {
            return state.to(limit); // it was chance, or is over
        }
        return state.with(state.baseline().now(mean))
                .probing(Math.max(minLimit, limit / 2), begin(Phase.DRAINING, limit, mean));
    }

    private LimitState half(LimitState state, double mean, double all, int minLimit) {
        double share = Math.min(1, mean / nanos);
        if (share > SAME_TIME || state.limit() <= minLimit) {
            return state.with(Baseline.atRest(mean, all))
                    .probing(Math.max(state.limit(), share * limit), begin(Phase.SETTLING, limit, mean));
        }
        return state.with(state.baseline().now(mean))
                .probing(state.limit(), begin(Phase.SHRINKING, state.limit(), mean));
    }
}

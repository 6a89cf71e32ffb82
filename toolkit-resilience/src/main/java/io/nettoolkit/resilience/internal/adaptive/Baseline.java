package io.nettoolkit.resilience.internal.adaptive;

/*
 * How long a call takes while nothing queues: what every adaptive limit compares with, and what peers get wrong. An average
 * over all calls drifts up with the queue it should reveal, so the limit creeps up for ever; a minimum is below the truth by
 * as much as the times vary, and one that never rises starves a service that became slower for a good reason.
 *
 * So there are two. The floor
 *   falls    by a part with every window that was quicker;
 *   rises    slowly in windows in which less than half the limit was in use, since then our calls hardly queue;
 *   moves    to what calls take where halving the limit has shown that they do not queue: see Probe.
 * It never rises otherwise, so no sustained load can lift it. The time at rest is an average, which the floor keeps down: it
 * is at most a little above.
 *
 * Everything is weighted by the number of calls, so that ten exponential times do not pass for a change of the service.
 */

/**
 * The time of an unhurried call and of the calls just now, in nanoseconds; 0 where it is not known yet.
 *
 * @param seen calls seen at first, until there are enough to know anything
 * @param floorNanos the least time that lasted
 * @param restNanos how long a call takes while nothing queues
 * @param nowNanos how long calls take now, smoothed
 */
record Baseline(double seen, double floorNanos, double restNanos, double nowNanos) {

    /** Nothing known. */
    static final Baseline UNKNOWN = new Baseline(0, 0, 0, 0);

    /** So many calls count as much as all before them. */
    private static final double SETTLED_SAMPLES = 100;

    /** The first ones are only averaged: in the first window only quick calls have ended. */
    private static final double FIRST_SAMPLES = 300;

    private static final double FALL = 0.25;
    private static final double RISE = 0.05;
    private static final double AVERAGE = 0.05;

    /** Calls that take so much less than ever are no chance: the service has become quicker. */
    static final double QUICKER = 0.8;

    /** The time at rest is at most so many floors. */
    private static final double CAP = 1.08;

    /** Measured with so many calls while nothing queued; the next ones count as much, until there are enough. */
    static Baseline atRest(double nanos, double samples) {
        return new Baseline(Math.min(FIRST_SAMPLES, samples), nanos, nanos, nanos);
    }

    Baseline now(double nanos) {
        return new Baseline(seen, floorNanos, restNanos, nanos);
    }

    /** Whether enough calls have been seen. */
    boolean isKnown() {
        return seen >= FIRST_SAMPLES;
    }

    /** After a window that had samples. */
    Baseline next(LimitWindow window, double limit) {
        if (!isKnown()) {
            double all = seen + window.samples();
            double mean = (nowNanos * seen + window.averageNanos() * window.samples()) / all;
            return new Baseline(all, mean, mean, mean);
        }
        double weight = window.samples() / (window.samples() + SETTLED_SAMPLES);
        double now = nowNanos + weight * (window.averageNanos() - nowNanos);
        double floor = floorNanos;
        if (now < floor) {
            floor += FALL * weight * (now - floor);
        } else if (!window.isUsed(limit)) {
            floor += RISE * weight * (now - floor);
        }
        double rest = restNanos + AVERAGE * weight * (now - restNanos);
        return new Baseline(seen, floor, Math.max(floor, Math.min(CAP * floor, rest)), now);
    }

    /** Whether calls take so little that the time at rest must have changed. */
    boolean isQuicker() {
        return nowNanos < QUICKER * floorNanos;
    }

    /** How much longer calls take than at rest, at least 1. */
    double stretch() {
        return Math.max(1, nowNanos / restNanos);
    }
}

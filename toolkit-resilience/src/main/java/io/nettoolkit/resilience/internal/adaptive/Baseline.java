package io.nettoolkit.resilience.internal.adaptive;

import org.jspecify.annotations.Nullable;

/*
 * How long a call takes while nothing queues: what every adaptive limit compares with, and what peers get wrong. An average
 * over all calls drifts up with the queue it should reveal, so the limit creeps up for ever; a minimum is below the truth by
 * as much as the times vary, and one that never rises starves a service that became slower for a good reason.
 *
 * So there are two. The floor
 *   falls    with every window that was quicker;
 *   rises    slowly in windows in which less than half the limit was in use, since then our calls hardly queue;
 *   rises    at most twofold in a window, when halving the limit did not make calls quicker: what they wait for is then not
 *            our queue. That is the halving test: the limit and the time at the worst moment of a decrease are remembered;
 *            when the limit has come down to half of that, calls that queued behind each other take about half as long.
 *            While they still get quicker from window to window there is a queue that empties, and the test waits; a rise
 *            that was cut to twofold goes on in the next windows, for as long as the limit stays below that half.
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
 * @param decrease where the present decrease of the limit was worst; null where there is none
 */
public record Baseline(
        double seen,
        double floorNanos,
        double restNanos,
        double nowNanos,
        @Nullable Decrease decrease) {

    /**
     * The worst moment of a decrease, and how its test goes.
     *
     * @param limit at that moment
     * @param nanos how long calls took then
     * @param lastNanos how long they took a window ago
     * @param isRising whether the time at rest has begun to rise, and is not there yet
     */
    record Decrease(double limit, double nanos, double lastNanos, boolean isRising) {

        static Decrease from(double limit, double nanos) {
            return new Decrease(limit, nanos, nanos, false);
        }
    }

    /** Nothing known. */
    public static final Baseline UNKNOWN = new Baseline(0, 0, 0, 0, null);

    /** So many calls count as much as all before them. */
    private static final double SETTLED_SAMPLES = 100;

    /** The first ones are only averaged: in the first window only quick calls have ended. */
    private static final double FIRST_SAMPLES = 300;

    private static final double FALL = 0.25;
    private static final double RISE = 0.05;
    private static final double AVERAGE = 0.05;

    /** The time at rest is at most so many floors. */
    private static final double CAP = 1.08;

    /** Halving a limit that made calls queue brings their time to half of it; one that did not leaves it at one. */
    private static final double SAME_TIME = 0.75;

    /** From one window to the next: less than this is a queue that empties. */
    private static final double STILL_SAME_TIME = 0.95;

    /** Less than this is chance, and must not move the moment that halving is counted from. */
    private static final double WORSE = 1.25;

    private static final double MAX_RISE = 2;

    static Baseline known(double nanos) {
        return new Baseline(FIRST_SAMPLES, nanos, nanos, nanos, null);
    }

    /** After a window that had samples. */
    Baseline next(LimitWindow window, double limit) {
        if (seen < FIRST_SAMPLES) {
            double all = seen + window.samples();
            double mean = (nowNanos * seen + window.averageNanos() * window.samples()) / all;
            return new Baseline(all, mean, mean, mean, decrease);
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
        return new Baseline(seen, floor, Math.max(floor, Math.min(CAP * floor, rest)), now, decrease);
    }

    /** The limit is about to grow, or is not used: there is no decrease under way, but a rise may be. */
    Baseline growing(double limit) {
        if (decrease == null) {
            return this;
        }
        return decrease.isRising() && limit <= decrease.limit() / 2 ? tested(limit, decrease) : with(null);
    }

    /** The limit is about to stay: a decrease is as far as it was. */
    Baseline staying(double limit, double minLimit) {
        return decrease == null || limit > Math.max(minLimit, decrease.limit() / 2) ? this : tested(limit, decrease);
    }

    /** The limit is about to go down from {@code limit} because calls take long. */
    Baseline decreasing(double limit, double minLimit) {
        if (decrease == null || nowNanos > WORSE * decrease.nanos()) {
            return with(Decrease.from(limit, nowNanos));
        }
        return limit > Math.max(minLimit, decrease.limit() / 2) ? this : tested(limit, decrease);
    }

    private Baseline tested(double limit, Decrease worst) {
        if (nowNanos < SAME_TIME * worst.nanos()) {
            // It was our queue.
            return with(Decrease.from(limit, nowNanos));
        }
        if (nowNanos < STILL_SAME_TIME * worst.lastNanos()) {
            return with(new Decrease(worst.limit(), worst.nanos(), nowNanos, worst.isRising()));
        }
        double rest = Math.min(nowNanos, MAX_RISE * restNanos);
        boolean isThere = rest == nowNanos;
        return new Baseline(
                seen,
                rest,
                rest,
                nowNanos,
                isThere ? null : new Decrease(worst.limit(), worst.nanos(), nowNanos, true));
    }

    private Baseline with(@Nullable Decrease other) {
        return new Baseline(seen, floorNanos, restNanos, nowNanos, other);
    }

    /** How much longer calls take than at rest, at least 1. */
    double stretch() {
        return restNanos == 0 ? 1 : Math.max(1, nowNanos / restNanos);
    }
}

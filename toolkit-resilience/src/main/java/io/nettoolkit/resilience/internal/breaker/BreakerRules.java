package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.CircuitBreaker.State;

/*
 * The breaker's decisions, as a pure function of (word, event, now): nothing here reads a clock, draws a random number or
 * changes anything. BreakerCore is the shell that does. "Now" is the time since the breaker was made, in nanoseconds.
 *
 *   CLOSED --(shares or streak reached)--> OPEN --(open time over, and a call asks)--> HALF_OPEN
 *   HALF_OPEN --(enough probes failed or were slow)--> OPEN, for longer
 *   HALF_OPEN --(as many probes ended as it takes, and too few failed)--> CLOSED
 *
 * A probe holds a slot until it ends, or until its lease is over: a call that never ends must not keep a breaker half-open
 * for ever. Leases are counted in epochs of one lease time each. A probe let through in epoch e may end in e or e + 1;
 * from e + 2 on its slot is free and its result is late. So a lease lasts at least the lease time and at most twice that,
 * two small counters hold all leases exactly, and "no more running leases than probes" is a bound on their sum.
 *
 * Invariants: current + earlier <= probes, ended < probes, and a probe's result changes the word at most once, because
 * the word of a later epoch or generation refuses it.
 */

/**
 * What a breaker does next: pure functions of its word, an event and the time.
 *
 * <p>Threading: immutable; any thread.
 */
public final class BreakerRules {

    /** In place of the next word: the call has to stay out. */
    static final long REFUSED = -1;

    /** In place of the next word: the result comes too late to count. */
    static final long LATE = -2;

    /** What rounding and a coarse clock behind the exact one may add to an open time: about 64 ms. */
    private static final int SLACK_TICKS = 64;

    private static final long TICK_NANOS = 1L << BreakerWord.TICK_SHIFT;

    private final int probes;
    private final long leaseNanos;
    private final long longestOpenTicks;
    private final Thresholds thresholds;

    /**
     * Rules of one breaker.
     *
     * @param probes most running probes, and how many results it takes to close
     * @param leaseNanos how long a probe may take for certain
     * @param longestOpenNanos no open time is longer
     */
    public BreakerRules(int probes, long leaseNanos, long longestOpenNanos, Thresholds thresholds) {
        this.probes = probes;
        this.leaseNanos = leaseNanos;
        this.longestOpenTicks = (longestOpenNanos >>> BreakerWord.TICK_SHIFT) + SLACK_TICKS;
        this.thresholds = thresholds;
    }

    Thresholds thresholds() {
        return thresholds;
    }

    /** Which epoch of leases this is. */
    long epoch(long now) {
        return Math.floorDiv(now, leaseNanos);
    }

    /** How long an open breaker stays so, in nanoseconds; 0 when that time is over. */
    long openNanosLeft(long word, long now) {
        long ticks = Integer.toUnsignedLong(BreakerWord.untilTicks(word) - (int) (now >>> BreakerWord.TICK_SHIFT));
        if (ticks == 0 || ticks > longestOpenTicks) {
            return 0;
        }
        return (ticks << BreakerWord.TICK_SHIFT) - (now & (TICK_NANOS - 1));
    }

    /** A call asks an open or half-open breaker: the word that lets it through as a probe, or {@link #REFUSED}. */
    long onAcquire(long word, long now) {
        if (BreakerWord.stateCode(word) == BreakerWord.OPEN) {
            return openNanosLeft(word, now) > 0 ? REFUSED : BreakerWord.nextHalfOpen(word, epoch(now));
        }
        long moved = inEpoch(word, epoch(now));
        int current = BreakerWord.current(moved);
        int earlier = BreakerWord.earlier(moved);
        return current + earlier >= probes ? REFUSED : BreakerWord.withProbes(moved, epoch(now), current + 1, earlier);
    }

    /** What a call is given that {@link #onAcquire} let through. */
    long probePermit(long word, long now) {
        return BreakerWord.phase(word) | (epoch(now) & BreakerWord.LEASE_MASK);
    }

    /**
     * A probe ended: the next word, or {@link #LATE}.
     *
     * @param ending one of {@link Ending}
     * @param openNanos how long to open for, should it come to that
     */
    long onProbeResult(long word, long permit, int ending, long now, long openNanos) {
        if (BreakerWord.phase(word) != BreakerWord.phase(permit)) {
            return LATE;
        }
        long epoch = epoch(now);
        long age = (epoch - permit) & BreakerWord.LEASE_MASK;
        if (age > 1) {
            return LATE;
        }
        long moved = inEpoch(word, epoch);
        int current = BreakerWord.current(moved) - (age == 0 ? 1 : 0);
        int earlier = BreakerWord.earlier(moved) - (age == 0 ? 0 : 1);
        if (current < 0 || earlier < 0) {
            return LATE;
        }
        long returned = BreakerWord.withProbes(moved, epoch, current, earlier);
        return ending == Ending.IGNORED ? returned : decide(returned, ending, now, openNanos);
    }

    private long decide(long word, int ending, long now, long openNanos) {
        int ended = BreakerWord.ended(word) + 1;
        int failed = BreakerWord.failed(word) + Ending.failures(ending);
        int slow = BreakerWord.slow(word) + Ending.slows(ending);
        if (thresholds.reached(probes, failed, slow)) {
            return onTrip(word, now, openNanos);
        }
        return ended >= probes
                ? BreakerWord.next(word, State.CLOSED)
                : word
                        + (1L << BreakerWord.ONE_ENDED_SHIFT)
                        + ((long) Ending.failures(ending) << BreakerWord.ONE_FAILED_SHIFT)
                        + ((long) Ending.slows(ending) << BreakerWord.ONE_SLOW_SHIFT);
    }

    /** The breaker opens. The open time is rounded up to a tick, so it is never shorter than asked for. */
    long onTrip(long word, long now, long openNanos) {
        long until = now + openNanos + TICK_NANOS - 1;
        return BreakerWord.nextOpen(word, (int) (until >>> BreakerWord.TICK_SHIFT));
    }

    /** Probes that run now, lost ones left out. */
    int running(long word, long now) {
        long moved = inEpoch(word, epoch(now));
        return BreakerWord.current(moved) + BreakerWord.earlier(moved);
    }

    /** The word with the leases that are over taken out. */
    private static long inEpoch(long word, long epoch) {
        int passed = ((int) epoch - BreakerWord.epoch(word)) & BreakerWord.EPOCH_MASK;
        return switch (passed) {
            case 0 -> word;
            case 1 -> BreakerWord.withProbes(word, epoch, 0, BreakerWord.current(word));
            default -> BreakerWord.withProbes(word, epoch, 0, 0);
        };
    }
}

package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a breaker should do, written for the eye: lists of everything, and every result looked at. */
final class ReferenceBreaker {

    /** The options, as plain numbers; jitter is 0 and times are nanoseconds. */
    record Options(
            int countWindow,
            long windowNanos,
            int minimumCalls,
            double failureRate,
            long slowNanos,
            double slowRate,
            int consecutiveFailures,
            int probes,
            long leaseNanos,
            long openNanos,
            long maxOpenNanos) {}

    /** What a call holds. */
    static final class Permit {
        final State state;
        final int generation;
        final long expiresAt;

        Permit(State state, int generation, long expiresAt) {
            this.state = state;
            this.generation = generation;
            this.expiresAt = expiresAt;
        }
    }

    private record Result(long at, boolean failed, boolean slow) {}

    private static final long TICK = 1L << 20;

    private final Options options;
    private final List<Result> results = new ArrayList<>();
    private final List<Permit> running = new ArrayList<>();
    private State state = State.CLOSED;
    private int generation;
    private int openings;
    private int streak;
    private int ended;
    private int failed;
    private int slow;
    private long openUntil;

    ReferenceBreaker(Options options) {
        this.options = options;
    }

    State state() {
        return state;
    }

    int running(long now) {
        running.removeIf(permit -> permit.expiresAt <= now);
        return running.size();
    }

    /** Null where it is refused. */
    @Nullable
    Permit tryAcquire(long now) {
        if (state == State.OPEN && now / TICK >= openUntil) {
            become(State.HALF_OPEN);
        }
        if (state == State.OPEN || state == State.FORCED_OPEN) {
            return null;
        }
        if (state != State.HALF_OPEN) {
            return new Permit(state, generation, Long.MAX_VALUE);
        }
        if (running(now) >= options.probes) {
            return null;
        }
        Permit probe = new Permit(state, generation, (now / options.leaseNanos + 2) * options.leaseNanos);
        running.add(probe);
        return probe;
    }

    /** Whether the result counted. */
    boolean onResult(Permit permit, Outcome outcome, long elapsedNanos, long now) {
        if (permit.state == State.FORCED_CLOSED || permit.state == State.DISABLED) {
            return true;
        }
        if (permit.generation != generation || permit.expiresAt <= now) {
            return false;
        }
        running.remove(permit);
        if (outcome == Outcome.IGNORED) {
            return true;
        }
        boolean fails = outcome != Outcome.SUCCESS;
        boolean isSlow = elapsedNanos >= options.slowNanos;
        if (state == State.HALF_OPEN) {
            onProbe(fails, isSlow, now);
        } else {
            onCall(fails, isSlow, now);
        }
        return true;
    }

    private void onProbe(boolean fails, boolean isSlow, long now) {
        ended++;
        failed += fails ? 1 : 0;
        slow += isSlow ? 1 : 0;
        if ((double) failed / options.probes >= options.failureRate
                || (double) slow / options.probes >= options.slowRate) {
            open(now);
        } else if (ended == options.probes) {
            become(State.CLOSED);
        }
    }

    private void onCall(boolean fails, boolean isSlow, long now) {
        results.add(new Result(now, fails, isSlow));
        streak = fails ? streak + 1 : 0;
        List<Result> window = window(now);
        long failures = window.stream().filter(Result::failed).count();
        long slows = window.stream().filter(Result::slow).count();
        boolean enough = window.size() >= options.minimumCalls;
        boolean failing = enough && (double) failures / window.size() >= options.failureRate;
        boolean slowing = enough && (double) slows / window.size() >= options.slowRate;
        boolean inARow = options.consecutiveFailures > 0 && streak >= options.consecutiveFailures;
        if (failing || slowing || inARow) {
            open(now);
        }
    }

    private List<Result> window(long now) {
        if (options.countWindow > 0) {
            return results.subList(Math.max(0, results.size() - options.countWindow), results.size());
        }
        long bucket = Long.highestOneBit(options.windowNanos / 8);
        long buckets = (options.windowNanos + bucket - 1) / bucket;
        return results.stream()
                .filter(result -> result.at / bucket > now / bucket - buckets)
                .toList();
    }

    int windowCalls(long now) {
        return state == State.CLOSED ? window(now).size() : 0;
    }

    private void open(long now) {
        long time = Math.min(options.maxOpenNanos, options.openNanos << Math.min(openings, 20));
        become(State.OPEN);
        openings++;
        openUntil = (now + time + TICK - 1) / TICK;
    }

    void force(State forced) {
        if (forced == State.CLOSED || forced != state) {
            become(forced);
        }
    }

    private void become(State next) {
        if (next != State.OPEN && next != State.HALF_OPEN) {
            openings = 0;
        }
        state = next;
        generation++;
        results.clear();
        running.clear();
        streak = 0;
        ended = 0;
        failed = 0;
        slow = 0;
    }
}

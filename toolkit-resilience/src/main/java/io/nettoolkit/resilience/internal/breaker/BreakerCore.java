package io.nettoolkit.resilience.internal.breaker;

import static io.nettoolkit.resilience.internal.breaker.BreakerWord.phase;
import static io.nettoolkit.resilience.internal.breaker.BreakerWord.stateCode;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.CircuitBreaker.Stats;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.breaker.Transitions.Transition;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The shell around {@link BreakerRules}: holds the word, reads the clock, draws the open time, counts.
 *
 * <p>A closed breaker lets a call through with one load and one comparison. A refusal of an open one reads the coarse
 * clock and writes nothing but a counter. Everything else is rare: it reads the exact clock <em>after</em> the word, so
 * that whoever made the word cannot have read a later time, and replaces the word by compare-and-set.
 *
 * <p>Threading: any thread. Nothing here blocks, and nothing is allocated but a node for each transition.
 */
public final class BreakerCore {

    /** In place of a permit: refused by hand, nobody knows for how long. */
    public static final long REFUSED_BY_HAND = Long.MIN_VALUE;

    /** In place of a permit: refused, and the time after which to come again is not known. */
    public static final long REFUSED_FOR_NOW = -1;

    /** Of a call that a breaker in shadow mode would have refused. */
    private static final long SHADOW_PERMIT = (long) BreakerWord.OPEN << BreakerWord.STATE_SHIFT;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(BreakerCore.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BreakerRules rules;
    private final Window window;
    private final @Nullable Streak streak;
    private final long slowNanos;
    private final Refusals refusals;
    private final Backoff openTime;
    private final RandomGenerator random;
    private final TimeSource timeSource;
    private final long originNanos;
    private final Transitions transitions;

    private volatile long word;

    /** What refused calls get. */
    public enum Refusals {
        /** No. */
        REAL,
        /** They are let through and counted. */
        SHADOW
    }

    /** What a breaker is made of, put together by the public builder. */
    public static final class Parts {
        /** When probes are let through, and what their results mean. */
        public BreakerRules rules;
        /** Results that count: the last this many; 0 for those of the last while. */
        public int windowCalls;
        /** Results that count: those of the last while, in nanoseconds. */
        public long windowNanos;
        /** Failures in a row that open the breaker; 0 for none. */
        public int consecutiveFailures;
        /** From where on a call is slow; {@link Long#MAX_VALUE} where none is. */
        public long slowNanos;
        /** What refused calls get. */
        public Refusals refusals = Refusals.REAL;
        /** How long to stay open. */
        public Backoff openTime;
        /** Where jitter comes from. */
        public RandomGenerator random;
        /** The clock. */
        public TimeSource timeSource;

        /** Parts without which there is no breaker. */
        public Parts(BreakerRules rules, Backoff openTime, RandomGenerator random, TimeSource timeSource) {
            this.rules = rules;
            this.openTime = openTime;
            this.random = random;
            this.timeSource = timeSource;
        }
    }

    /** A closed breaker. */
    public BreakerCore(Parts parts, Transitions.Sink sink) {
        rules = parts.rules;
        timeSource = parts.timeSource;
        // The coarse clock is never ahead of the exact one, so no reading of either lies before this.
        originNanos = timeSource.coarseNanos();
        window = parts.windowCalls > 0
                ? new CountWindow(parts.windowCalls, rules.thresholds())
                : new TimeWindow(timeSource, originNanos, parts.windowNanos, rules.thresholds());
        streak = parts.consecutiveFailures > 0 ? new Streak(parts.consecutiveFailures) : null;
        slowNanos = parts.slowNanos;
        refusals = parts.refusals;
        openTime = parts.openTime;
        random = parts.random;
        transitions = new Transitions(sink);
    }

    /** A permit, not negative, or a refusal. */
    public long tryAcquire() {
        long seen = word;
        return seen < BreakerWord.NOT_CLOSED ? seen : tryAcquireGuarded(seen);
    }

    private long tryAcquireGuarded(long first) {
        long seen = first;
        while (true) {
            int state = stateCode(seen);
            if (state == BreakerWord.FORCED_OPEN) {
                return refuse(REFUSED_BY_HAND);
            }
            if (state != BreakerWord.OPEN && state != BreakerWord.HALF_OPEN) {
                return phase(seen);
            }
            if (state == BreakerWord.OPEN) {
                long left = rules.openNanosLeft(seen, timeSource.coarseNanos() - originNanos);
                if (left > 0) {
                    return refuse(-left);
                }
            }
            long now = now();
            long next = rules.onAcquire(seen, now);
            if (next == BreakerRules.REFUSED) {
                return refuse(REFUSED_FOR_NOW);
            }
            if (replace(seen, next)) {
                return rules.probePermit(next, now);
            }
            seen = word;
        }
    }

    private long refuse(long refusal) {
        window.counters.increment(Window.REFUSED);
        return refusals == Refusals.SHADOW ? SHADOW_PERMIT : refusal;
    }

    /** The end of a call that was let through. */
    public void onResult(long permit, Outcome outcome, long elapsedNanos) {
        int ending = Ending.of(outcome, elapsedNanos, slowNanos);
        if (permit >= 0 && permit < BreakerWord.NOT_CLOSED) {
            onClosedResult(permit, ending);
        } else if (permit >= 0) {
            onOtherResult(permit, ending);
        }
    }

    private void onClosedResult(long permit, int ending) {
        if (word != permit) {
            window.counters.increment(Window.LATE);
        } else if (ending == Ending.IGNORED) {
            window.counters.increment(Window.IGNORED);
        } else {
            int generation = BreakerWord.generation(permit);
            boolean open = window.record(generation, ending);
            if (streak != null) {
                open |= streak.record(generation, Ending.failures(ending) != 0);
            }
            if (open) {
                replace(permit, rules.onTrip(permit, now(), openNanos(permit)));
            }
        }
    }

    private void onOtherResult(long permit, int ending) {
        int state = stateCode(permit);
        if (state == BreakerWord.HALF_OPEN) {
            onProbeResult(permit, ending);
        } else if (state != BreakerWord.DISABLED) {
            count(ending);
        }
    }

    private void onProbeResult(long permit, int ending) {
        while (true) {
            long seen = word;
            long next = rules.onProbeResult(seen, permit, ending, now(), openNanos(seen));
            if (next == BreakerRules.LATE) {
                window.counters.increment(Window.LATE);
                return;
            }
            if (replace(seen, next)) {
                count(ending);
                return;
            }
        }
    }

    private void count(int ending) {
        if (ending == Ending.IGNORED) {
            window.counters.increment(Window.IGNORED);
        } else {
            window.countOnly(ending);
        }
    }

    /** Switches by hand, or starts anew with {@link State#CLOSED}. Switching to what is already so changes nothing. */
    public void force(State state) {
        while (true) {
            long seen = word;
            if (state != State.CLOSED && BreakerWord.state(seen) == state) {
                return;
            }
            if (replace(seen, BreakerWord.next(seen, state))) {
                return;
            }
        }
    }

    /** Replaces the word, and tells of it when that is a transition; false when another thread was faster. */
    private boolean replace(long seen, long next) {
        if (phase(seen) == phase(next)) {
            return WORD.compareAndSet(this, seen, next);
        }
        Transition transition = new Transition(seen, next);
        if (!WORD.compareAndSet(this, seen, next)) {
            return false;
        }
        if (stateCode(next) == BreakerWord.OPEN) {
            window.counters.increment(Window.OPENED);
        }
        transitions.happened(transition);
        return true;
    }

    private long openNanos(long seen) {
        return Math.max(1, openTime.delayNanos(BreakerWord.attempt(seen) + 1, 0, random));
    }

    private long now() {
        return timeSource.nanoTime() - originNanos;
    }

    /** Whether slow calls count, so that {@link #onResult} needs the elapsed time. */
    public boolean needsElapsed() {
        return slowNanos != Long.MAX_VALUE;
    }

    /** The state. An open breaker whose time is over is open until a call asks. */
    public State state() {
        return BreakerWord.state(word);
    }

    /** For tests. */
    long word() {
        return word;
    }

    /** What was counted. */
    public Stats stats() {
        long seen = word;
        Window.Counts counts = window.counts(BreakerWord.generation(seen));
        int running = stateCode(seen) == BreakerWord.HALF_OPEN ? rules.running(seen, now()) : 0;
        return new Stats(
                BreakerWord.state(seen),
                window.sum(Window.SUCCEEDED),
                window.sum(Window.FAILED),
                window.sum(Window.SLOW),
                window.sum(Window.IGNORED),
                window.sum(Window.REFUSED),
                window.sum(Window.LATE),
                window.sum(Window.OPENED),
                counts.total(),
                counts.failed(),
                counts.slow(),
                running);
    }
}

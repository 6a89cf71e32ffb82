package io.nettoolkit.resilience.internal.adaptive;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Serial;
import io.nettoolkit.resilience.internal.StripedCounters;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * The moving parts of an adaptive limit.
 *
 * A call takes a place in one shared word, `inFlight`, and gives it back. What it showed goes to striped counters that only
 * ever grow; a window is the difference between two readings of them, so nothing has to be reset under the callers' feet.
 * The caller whose result comes after the end of a window computes the next limit: it takes `updating` by compare-and-set,
 * and nobody waits for it. A change is told after `updating` has been given back, so that a listener may take its time; its
 * place in the order it has before.
 *
 * A permit is the number of decreases there had been when it was given. An overload reported with an older number belongs
 * to calls that were let in before the last decrease: one burst of refusals is one decrease, not one for each refused call.
 *
 * Time is the coarse clock, read once for each result. A window lasts at least its length, as long as a call took in the
 * window before, and until it has enough results.
 */

/**
 * Counts calls under way against a limit that follows from how they end.
 *
 * <p>Threading: any thread. The listener hears of changes in their order, one at a time, and outside of any lock.
 */
public final class WindowedLimit {

    /** Hears of a change. */
    @FunctionalInterface
    public interface OnChange {
        /** Must not throw. */
        void changed(int from, int to);
    }

    /**
     * What stays the same.
     *
     * @param rule the algorithm
     * @param bounds its numbers
     * @param windowNanos the least length of a window
     * @param minSamples the least number of results in one
     * @param timeoutNanos a call that took this long is an overload
     */
    public record Settings(LimitRule rule, LimitBounds bounds, long windowNanos, int minSamples, long timeoutNanos) {}

    /** The answer of {@link #tryAcquire} where there is no place. */
    public static final long REFUSED = -1;

    /** Indices into the counters. */
    public static final int SUCCEEDED = 0;

    public static final int FAILED = 1;
    public static final int IGNORED = 2;
    public static final int OVERLOADED = 3;
    public static final int REFUSALS = 4;
    private static final int SAMPLES = 5;
    private static final int SAMPLE_NANOS = 6;
    private static final int FRESH_OVERLOADS = 7;
    private static final int COUNTERS = 8;

    private static final VarHandle IN_FLIGHT;
    private static final VarHandle MAX_IN_FLIGHT;
    private static final VarHandle UPDATING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            IN_FLIGHT = lookup.findVarHandle(WindowedLimit.class, "inFlight", int.class);
            MAX_IN_FLIGHT = lookup.findVarHandle(WindowedLimit.class, "maxInFlight", int.class);
            UPDATING = lookup.findVarHandle(WindowedLimit.class, "updating", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Settings settings;
    private final TimeSource timeSource;
    private final OnChange onChange;
    private final Serial<OnChange> changes = new Serial<>();
    private final StripedCounters counters = new StripedCounters(COUNTERS);

    private int inFlight;
    private int maxInFlight;
    private volatile int limit;
    private volatile long decreases;
    private volatile long windowEndNanos;

    // Of the thread that has set `updating`.
    private boolean updating;
    private LimitState state;
    private long samplesBefore;
    private long nanosBefore;
    private long overloadsBefore;
    private long decreasesSoFar;

    /** Nothing under way. */
    public WindowedLimit(Settings settings, int initial, TimeSource timeSource, OnChange onChange) {
        this.settings = settings;
        this.timeSource = timeSource;
        this.onChange = onChange;
        limit = initial;
        state = LimitState.initial(initial);
        windowEndNanos = timeSource.coarseNanos() + settings.windowNanos();
    }

    /** A stamp for {@link #onResult}, or {@link #REFUSED}. */
    public long tryAcquire() {
        int now = (int) IN_FLIGHT.getOpaque(this);
        while (now < limit) {
            int seen = (int) IN_FLIGHT.compareAndExchange(this, now, now + 1);
            if (seen == now) {
                return decreases;
            }
            now = seen;
        }
        counters.increment(REFUSALS);
        return REFUSED;
    }

    /** The end of a call that had a stamp. */
    public void onResult(long permit, Outcome outcome, long rttNanos) {
        if (permit < 0) {
            return;
        }
        int underWay = (int) IN_FLIGHT.getAndAdd(this, -1);
        boolean tooLong = rttNanos >= settings.timeoutNanos() && outcome != Outcome.IGNORED;
        Outcome meaning = tooLong ? Outcome.OVERLOAD : outcome;
        switch (meaning) {
            case SUCCESS -> {
                counters.increment(SUCCEEDED);
                counters.increment(SAMPLES);
                counters.add(SAMPLE_NANOS, Math.max(1, rttNanos));
            }
            case FAILURE -> counters.increment(FAILED);
            case IGNORED -> {
                counters.increment(IGNORED);
                return;
            }
            case OVERLOAD -> {
                counters.increment(OVERLOADED);
                if (permit == decreases) {
                    counters.increment(FRESH_OVERLOADS);
                }
            }
        }
        int most = (int) MAX_IN_FLIGHT.getOpaque(this);
        while (underWay > most && !MAX_IN_FLIGHT.weakCompareAndSetPlain(this, most, underWay)) {
            most = (int) MAX_IN_FLIGHT.getOpaque(this);
        }
        long now = timeSource.coarseNanos();
        if (now - windowEndNanos >= 0 && UPDATING.compareAndSet(this, false, true)) {
            boolean changed;
            try {
                changed = endWindow(now);
            } finally {
                UPDATING.setRelease(this, false);
            }
            if (changed) {
                changes.runOne(onChange);
            }
        }
    }

    private boolean endWindow(long now) {
        long samples = counters.sum(SAMPLES) - samplesBefore;
        long overloads = counters.sum(FRESH_OVERLOADS) - overloadsBefore;
        if (now - windowEndNanos < 0) {
            return false;
        }
        if (samples + overloads < settings.minSamples()) {
            // Later, but not at every result.
            windowEndNanos = now + settings.windowNanos() / 8;
            return false;
        }
        long nanos = counters.sum(SAMPLE_NANOS) - nanosBefore;
        samplesBefore += samples;
        nanosBefore += nanos;
        overloadsBefore += overloads;
        int most = (int) MAX_IN_FLIGHT.getAndSet(this, 0);
        LimitWindow window = new LimitWindow(samples, overloads, samples == 0 ? 0 : (double) nanos / samples, most);
        LimitState next = settings.rule().next(state, window, settings.bounds());
        state = next;
        if (overloads > 0) {
            decreases = ++decreasesSoFar;
        }
        int from = limit;
        int to = (int) next.limit();
        limit = to;
        windowEndNanos = now + Math.max(settings.windowNanos(), (long) window.averageNanos());
        if (from == to) {
            return false;
        }
        changes.add(listener -> listener.changed(from, to));
        return true;
    }

    /** How many calls may be under way. */
    public int limit() {
        return limit;
    }

    /** How many are. */
    public int inFlight() {
        return (int) IN_FLIGHT.getVolatile(this);
    }

    /** One of the public counters. */
    public long count(int counter) {
        return counters.sum(counter);
    }
}

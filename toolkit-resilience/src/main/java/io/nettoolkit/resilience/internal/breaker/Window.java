package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.internal.StripedCounters;

/**
 * The results a closed breaker decides by. Each closed state of the breaker has a generation, and starts with an empty
 * window: a result never counts in the window of another generation.
 *
 * <p>Threading: any thread.
 */
abstract class Window {

    // What a breaker counts from its making on, whichever state it is in.
    static final int SUCCEEDED = 0;
    static final int FAILED = 1;
    static final int SLOW = 2;
    static final int IGNORED = 3;
    static final int REFUSED = 4;
    static final int LATE = 5;
    static final int OPENED = 6;

    final StripedCounters counters = new StripedCounters(OPENED + 1);
    final Thresholds thresholds;

    Window(Thresholds thresholds) {
        this.thresholds = thresholds;
    }

    /**
     * Takes one result in.
     *
     * @param ending {@link Ending#FAILED} or not, {@link Ending#SLOW} or not
     * @return true when the window says that the breaker must open
     */
    abstract boolean record(int generation, int ending);

    /** What the window holds for a generation now. */
    abstract Counts counts(int generation);

    /** One of the counts from the breaker's making on. */
    long sum(int counter) {
        return counters.sum(counter);
    }

    /** Counts a result that no window takes. */
    final void countOnly(int ending) {
        counters.increment(Ending.failures(ending) == 0 ? SUCCEEDED : FAILED);
        if (Ending.slows(ending) != 0) {
            counters.increment(SLOW);
        }
    }

    /**
     * What a window holds.
     *
     * @param total results
     * @param failed failures among them
     * @param slow slow calls among them, failed or not
     */
    record Counts(long total, long failed, long slow) {}
}

package io.nettoolkit.resilience.internal.outlier;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What is known of one endpoint, of fixed size.
 *
 * <p>Threading: any thread reports; all other fields are written by whoever sweeps, one thread at a time.
 */
final class EndpointRecord<E> {

    /** In place of the end of an ejection: there is none. */
    static final long NOT_EJECTED = Long.MIN_VALUE;

    private static final int CALLS_SHIFT = 32;

    final E endpoint;

    /** Since the last sweep: [calls 32 | failed 32]. */
    private final AtomicLong interval = new AtomicLong();

    private final AtomicInteger streak = new AtomicInteger();

    /** When the ejection is over, counted from the detector's making. */
    volatile long ejectedUntil = NOT_EJECTED;

    /** Set when the user removed it: it must not come back to life. */
    volatile boolean removed;

    /** An ejection was over in this interval, which therefore forgives none. */
    boolean returned;

    /** Ejections that have not been forgiven: the next one's time grows with it. */
    int ejections;

    EndpointRecord(E endpoint) {
        this.endpoint = endpoint;
    }

    void succeeded() {
        interval.getAndAdd(1L << CALLS_SHIFT);
        if (streak.get() != 0) {
            streak.set(0);
        }
    }

    /** The failures in a row, this one included. */
    int failed() {
        interval.getAndAdd((1L << CALLS_SHIFT) + 1);
        return streak.incrementAndGet();
    }

    /** What was counted since the last call of this. */
    long takeInterval() {
        return interval.getAndSet(0);
    }

    static long calls(long interval) {
        return interval >>> CALLS_SHIFT;
    }

    static long failed(long interval) {
        return interval & ((1L << CALLS_SHIFT) - 1);
    }

    void forgetStreak() {
        streak.set(0);
    }

    boolean isEjected() {
        return ejectedUntil != NOT_EJECTED;
    }
}

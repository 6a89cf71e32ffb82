package io.nettoolkit.core.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps a log line that many events can cause from flooding the log: one line per interval, and the next line knows how
 * many were left out. Any thread.
 */
public final class LogLimiter {

    /** The answer of {@link #tryLog} that says "leave it out". */
    public static final long SUPPRESSED = -1;

    private final long intervalNanos;
    private final AtomicLong nextNanos;
    private final AtomicLong leftOut = new AtomicLong();

    /** The first line may come at {@code nowNanos}. */
    public LogLimiter(long intervalNanos, long nowNanos) {
        this.intervalNanos = intervalNanos;
        this.nextNanos = new AtomicLong(nowNanos);
    }

    /** How many lines were left out before this one, or {@link #SUPPRESSED} when this one is to be left out too. */
    public long tryLog(long nowNanos) {
        long next = nextNanos.get();
        if (nowNanos - next < 0 || !nextNanos.compareAndSet(next, nowNanos + intervalNanos)) {
            leftOut.incrementAndGet();
            return SUPPRESSED;
        }
        return leftOut.getAndSet(0);
    }
}

package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * Permits that this process has borrowed from the store and spends by itself. In the store they are spent already, so
 * whatever happens here can only be too strict: permits that are not spent in time are gone, and so are fresh ones that a
 * late caller takes for old ones.
 *
 * How many to borrow follows from how soon the last ones were spent: so many that the store is asked once in 10 to 50 ms.
 */

/**
 * A small stock of permits with a time limit.
 *
 * <p>Threading: any thread may spend or add; one at a time resizes. Two that add at once may make it smaller than it could be.
 */
public final class Lease {

    /** What is not spent in this time is gone. */
    static final long LIFE_NANOS = 1_000_000_000;

    private static final long TOO_SOON_NANOS = 10_000_000;
    private static final long TOO_LATE_NANOS = 50_000_000;

    private static final VarHandle PERMITS;

    static {
        try {
            PERMITS = MethodHandles.lookup().findVarHandle(Lease.class, "permits", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TimeSource timeSource;
    private final long mostAtOnce;

    private long permits;
    private volatile long expiresNanos;
    private volatile long size = 1;
    private long lastNanos;

    /** Nothing borrowed; 0 to never borrow. */
    public Lease(long mostAtOnce, TimeSource timeSource) {
        this.mostAtOnce = mostAtOnce;
        this.timeSource = timeSource;
        expiresNanos = timeSource.coarseNanos();
        lastNanos = timeSource.nanoTime();
    }

    /** Whether anything is ever borrowed. */
    public boolean isUsed() {
        return mostAtOnce > 0;
    }

    /** Spends so many permits if they are there. */
    public boolean spend(long count) {
        long left = (long) PERMITS.getOpaque(this);
        while (left >= count) {
            if (isExpired()) {
                return false;
            }
            long seen = (long) PERMITS.compareAndExchange(this, left, left - count);
            if (seen == left) {
                return true;
            }
            left = seen;
        }
        return false;
    }

    /** Whether it is time to borrow again, before everything is spent. */
    public boolean isLow() {
        return (long) PERMITS.getOpaque(this) <= size / 2;
    }

    /** How many to borrow next. */
    public long size() {
        return size;
    }

    /** Permits not spent yet. */
    public long left() {
        return isExpired() ? 0 : (long) PERMITS.getOpaque(this);
    }

    /** Permits that just came from the store; answers how many older ones were not spent in time. */
    public long add(long count) {
        long lost = isExpired() ? (long) PERMITS.getAndSet(this, 0L) : 0;
        expiresNanos = timeSource.coarseNanos() + timeSource.tickNanos() + LIFE_NANOS;
        PERMITS.getAndAdd(this, count);
        return lost;
    }

    /** Permits that whoever asked for them did not want any more. */
    public void giveBack(long count) {
        PERMITS.getAndAdd(this, count);
    }

    /** Fits the size to the demand, as permits are borrowed again because the last ones are spent. */
    public void resize() {
        long now = timeSource.nanoTime();
        long elapsed = now - lastNanos;
        lastNanos = now;
        if (elapsed < TOO_SOON_NANOS) {
            size = Math.min(mostAtOnce, 2 * size);
        } else if (elapsed > TOO_LATE_NANOS) {
            size = Math.max(1, size / 2);
        }
    }

    private boolean isExpired() {
        return timeSource.coarseNanos() + timeSource.tickNanos() - expiresNanos >= 0;
    }
}

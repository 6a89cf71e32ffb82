package io.nettoolkit.resilience.internal.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/*
 * A ring of the moments for which the last permits were taken, as many as the limit or more (a power of two). A call for n
 * permits is admitted when the n-th oldest of the last `limit` moments is a window ago or more. That is exact, and costs the
 * same however large the limit is.
 *
 * The word is the number of permits ever taken, doubled, and odd while somebody writes to the ring. A refusal only reads: it
 * takes the moment it needs and looks whether the word has stayed the same. An admission makes the word odd, looks again,
 * writes its moments and makes the word even; others spin meanwhile, for a few nanoseconds per permit, and yield when the
 * writer has lost its processor. They never park: a writer runs nobody's code and waits for nobody, so what they wait for
 * is at most a slice of the processor's time.
 *
 * Moments are in order, because one is never earlier than the newest: a reading of the clock that is older counts as that.
 */
/**
 * The exact sliding window: at most so many permits in any span of the window's length.
 *
 * <p>Threading: any thread. Never parks; a writer excludes others for as long as it copies its moments.
 */
public final class SlidingLog extends Limit {

    /** 8 bytes each. */
    public static final int MAX_LIMIT = 1 << 24;

    private static final VarHandle MOMENTS = MethodHandles.arrayElementVarHandle(long[].class);

    /** How far back a cancelled reservation is looked for. */
    private static final int CANCEL_REACH = 1024;

    private static final int SPINS = 64;

    private final int limit;
    private final long windowNanos;
    private final int mask;
    private final long[] moments;

    /**
     * Nothing is taken.
     *
     * @param permits in a window, at most {@link #MAX_LIMIT}
     */
    public SlidingLog(long permits, long windowNanos, long nowNanos) {
        limit = (int) permits;
        this.windowNanos = windowNanos;
        int size = limit == 1 ? 1 : Integer.highestOneBit(limit - 1) << 1;
        mask = size - 1;
        moments = new long[size];
        Arrays.fill(moments, nowNanos - windowNanos);
    }

    @Override
    public long capacity() {
        return limit;
    }

    @Override
    public long take(long permits, long nowNanos, long maxWaitNanos) {
        if (permits > limit) {
            return NEVER;
        }
        for (int spins = 0; ; spins++) {
            long word = word();
            if ((word & 1) == 0) {
                long wait = waitNanos(word >> 1, permits, nowNanos);
                VarHandle.acquireFence();
                if (wait > maxWaitNanos) {
                    if (word() == word) {
                        return wait;
                    }
                } else if (exchange(word, word | 1)) {
                    return takeExclusively(word >> 1, permits, nowNanos, maxWaitNanos);
                }
            }
            pause(spins);
        }
    }

    private long takeExclusively(long taken, long permits, long nowNanos, long maxWaitNanos) {
        long after = taken;
        try {
            // Again: since the first look permits may have been given back and taken anew.
            long wait = waitNanos(taken, permits, nowNanos);
            if (wait <= maxWaitNanos) {
                after = taken + permits;
                long newest = moment(taken - 1);
                long due = nowNanos + wait;
                long moment = due - newest > 0 ? due : newest;
                for (long i = taken; i < after; i++) {
                    MOMENTS.setOpaque(moments, (int) i & mask, moment);
                }
            }
            return wait;
        } finally {
            publish(after << 1);
        }
    }

    private long waitNanos(long taken, long permits, long nowNanos) {
        long oldest = moment(taken - limit + permits - 1);
        return Math.max(0, oldest - nowNanos + windowNanos);
    }

    private long moment(long index) {
        return (long) MOMENTS.getOpaque(moments, (int) index & mask);
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        if (permits > limit || nowNanos - dueNanos >= windowNanos) {
            return false;
        }
        for (int spins = 0; ; spins++) {
            long word = word();
            if ((word & 1) == 0 && exchange(word, word | 1)) {
                return cancelExclusively(word >> 1, permits, dueNanos);
            }
            pause(spins);
        }
    }

    /** Takes out the earliest moments that may be those of the reservation, and moves the newer ones down. */
    private boolean cancelExclusively(long taken, long permits, long dueNanos) {
        long after = taken;
        try {
            long newest = moment(taken - 1);
            if (newest - dueNanos >= windowNanos) {
                return false; // its room has been promised to later ones
            }
            long known = Math.min(taken, limit);
            long reach = Math.min(known, CANCEL_REACH + permits);
            long first = taken;
            while (taken - first < reach && moment(first - 1) - dueNanos >= 0) {
                first--;
            }
            boolean tooFarBack = taken - first == reach && reach < known;
            if (tooFarBack || taken - first < permits) {
                return false;
            }
            after = taken - permits;
            for (long i = first; i < after; i++) {
                MOMENTS.setOpaque(moments, (int) i & mask, moment(i + permits));
            }
            forget(after, permits, newest - windowNanos);
            return true;
        } finally {
            publish(after << 1);
        }
    }

    /**
     * The moments that come into view again at the old end may have been overwritten. They were a window older than the newest,
     * or more, when their room was given away.
     */
    private void forget(long taken, long permits, long moment) {
        for (long i = taken - limit; i < taken - limit + permits; i++) {
            MOMENTS.setOpaque(moments, (int) i & mask, moment);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // a hint, when the writer has lost its processor
    private static void pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }
}

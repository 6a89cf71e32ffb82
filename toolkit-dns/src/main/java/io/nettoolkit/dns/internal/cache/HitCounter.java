package io.nettoolkit.dns.internal.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts on stripes by the thread's id: an addition costs one thread what it costs many, which a {@code LongAdder} begins to
 * spread only when they meet.
 *
 * <p><b>Threading.</b> Any thread.
 */
final class HitCounter {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    /** A power of two, so many that threads at work at a time rarely share one: loops have ids one after the other. */
    private static final int STRIPES = 64;

    /** 128 bytes: a cache line and its neighbour, which processors fetch together. */
    private static final int LINE_LONGS = 16;

    private final long[] cells = new long[(STRIPES + 2) * LINE_LONGS];

    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    void increment() {
        int stripe = (int) Thread.currentThread().getId() & (STRIPES - 1);
        CELLS.getAndAdd(cells, (stripe + 1) * LINE_LONGS, 1L);
    }

    long sum() {
        long sum = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            sum += (long) CELLS.getAcquire(cells, (stripe + 1) * LINE_LONGS);
        }
        return sum;
    }
}

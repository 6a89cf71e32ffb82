package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/*
 * Design note.
 *
 * Idea. A histogram with eight buckets for each power of two of nanoseconds, so that a bucket's bound is at most 12.5 % above
 * any duration in it. Two of them: one is filled for a window, then the other, which is cleared first; the estimate is made
 * from both, so it is of the last one to two windows. It is made anew after every 64 durations, by the thread that recorded
 * the 64th, and read as one word.
 *
 * Invariants. Recording is one atomic add. The estimate is at least the true quantile of what was recorded in the last full
 * window, and at most 12.5 % above it, but for durations recorded while a window begins, which may be lost or counted twice.
 * With fewer than 32 durations in both windows the last estimate stays.
 *
 * Source. The bucket layout is that of HdrHistogram, with three bits of precision.
 */

/** An estimate of one quantile of durations. Any thread. */
public final class QuantileEstimate {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int SUB_BITS = 3;
    /** Up to about 1 us everything is one bucket, from about 18 minutes up as well. */
    private static final int LEAST_EXPONENT = 10;

    private static final int MOST_EXPONENT = 40;
    private static final int BUCKETS = (MOST_EXPONENT - LEAST_EXPONENT) << SUB_BITS;
    private static final int ESTIMATE_EVERY = 64;
    private static final int LEAST_SAMPLES = 32;

    private final double quantile;
    private final long windowNanos;
    private final TimeSource timeSource;
    private final long originNanos;
    private final long[] cells = new long[2 * BUCKETS];
    private final AtomicLong recorded = new AtomicLong();
    private final AtomicLong window = new AtomicLong();
    private volatile long estimateNanos;

    /** Knows nothing yet. */
    public QuantileEstimate(double quantile, long windowNanos, TimeSource timeSource) {
        this.quantile = quantile;
        this.windowNanos = windowNanos;
        this.timeSource = timeSource;
        originNanos = timeSource.coarseNanos();
    }

    /** The estimate; 0 while too little is known. */
    public long nanos() {
        return estimateNanos;
    }

    void record(long nanos) {
        long current = (timeSource.coarseNanos() - originNanos) / windowNanos;
        long seen = window.get();
        if (current > seen && window.compareAndSet(seen, current)) {
            begin(current, current - seen);
        }
        CELLS.getAndAdd(cells, half(current) + bucket(nanos), 1L);
        if (recorded.incrementAndGet() % ESTIMATE_EVERY == 0) {
            estimate();
        }
    }

    private void begin(long current, long ahead) {
        clear(half(current));
        if (ahead > 1) {
            clear(half(current - 1));
        }
    }

    private void clear(int half) {
        for (int i = 0; i < BUCKETS; i++) {
            CELLS.setOpaque(cells, half + i, 0L);
        }
    }

    private void estimate() {
        long[] sums = new long[BUCKETS];
        long total = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sums[i] = (long) CELLS.getOpaque(cells, i) + (long) CELLS.getOpaque(cells, BUCKETS + i);
            total += sums[i];
        }
        if (total < LEAST_SAMPLES) {
            return;
        }
        long wanted = (long) Math.ceil(quantile * total);
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += sums[i];
            if (sum >= wanted) {
                estimateNanos = upperBound(i);
                return;
            }
        }
    }

    private static int half(long window) {
        return (int) (window & 1) * BUCKETS;
    }

    static int bucket(long nanos) {
        if (nanos < 1L << LEAST_EXPONENT) {
            return 0;
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
        if (exponent >= MOST_EXPONENT) {
            return BUCKETS - 1;
        }
        int sub = (int) (nanos >>> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
        return ((exponent - LEAST_EXPONENT) << SUB_BITS) + sub;
    }

    /** The shortest duration that is longer than all of a bucket's. */
    static long upperBound(int bucket) {
        int exponent = LEAST_EXPONENT + (bucket >>> SUB_BITS);
        long sub = bucket & ((1 << SUB_BITS) - 1);
        return ((1L << SUB_BITS) + sub + 1) << (exponent - SUB_BITS);
    }
}

package io.nettoolkit.resilience.internal.limit;

/*
 * The word holds the index of a window, counted from the origin, and how many of its permits are taken:
 *
 *     | index, signed | taken, as many bits as the limit needs |
 *
 * A window of an earlier index counts as one of which nothing is taken. The index may lie ahead of the clock, when the
 * windows up to there have been promised; calls are promised the first window that has room for all of their permits,
 * and windows fill in order.
 *
 * The builders allow 8 permits per nanosecond and no more, so the index is good for 18 years of uptime.
 */
/**
 * So many permits per window, and windows end at fixed times. Around the end of a window twice as many may pass.
 *
 * <p>Threading: any thread; lock-free.
 */
public final class FixedWindow extends Limit {

    private final long limit;
    private final long windowNanos;
    private final long originNanos;
    private final int takenBits;
    private final long takenMask;

    /** All windows are empty; the first begins at {@code originNanos}. */
    public FixedWindow(long limit, long windowNanos, long originNanos) {
        this.limit = limit;
        this.windowNanos = windowNanos;
        this.originNanos = originNanos;
        takenBits = Long.SIZE - Long.numberOfLeadingZeros(limit);
        takenMask = (1L << takenBits) - 1;
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
        long elapsed = nowNanos - originNanos;
        long current = Math.floorDiv(elapsed, windowNanos);
        long word = word();
        int lost = 0;
        while (true) {
            long window = word >> takenBits;
            long taken = word & takenMask;
            if (window < current) {
                window = current;
                taken = 0;
            }
            if (taken + permits > limit) {
                window++;
                taken = 0;
            }
            long wait = Math.max(0, window * windowNanos - elapsed);
            if (wait > maxWaitNanos) {
                return wait;
            }
            if (exchange(word, window << takenBits | taken + permits)) {
                return wait;
            }
            word = wordAfterLosing(++lost);
        }
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        long due = Math.floorDiv(dueNanos - originNanos, windowNanos);
        long word = word();
        int lost = 0;
        while (due == word >> takenBits && permits <= (word & takenMask)) {
            if (exchange(word, word - permits)) {
                return true;
            }
            word = wordAfterLosing(++lost);
        }
        return false;
    }
}

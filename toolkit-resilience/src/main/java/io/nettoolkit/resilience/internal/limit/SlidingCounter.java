package io.nettoolkit.resilience.internal.limit;

/*
 * The word holds the index of a window and the permits taken in the window before it and in it:
 *
 *     | index, signed | before | taken |
 *
 * The window that slides is estimated as all of the present one and the part of the one before that still overlaps, as if
 * its permits had been spread evenly:
 *
 *     before * (window - into) / window + taken + permits <= limit
 *
 * Both sides are multiplied by the window, and the comparison is exact. Time is in ticks of 1 ns, or as much more as keeps
 * the window below 2^40 of them, so that the product fits.
 *
 * As with the fixed window, the index may lie ahead of the clock where later moments have been promised.
 *
 * Source: the approximation that Cloudflare describes in "How we built rate limiting capable of scaling to millions of
 * domains".
 */
/**
 * An estimate of the permits taken in the last window's time, from two counts.
 *
 * <p>Threading: any thread; lock-free.
 */
public final class SlidingCounter extends Limit {

    private static final int TICKS_BITS = 40;
    private static final int LARGEST_BITS = Long.SIZE - 2 - TICKS_BITS;
    private static final long YEAR_NANOS = 365L * 24 * 3600 * 1_000_000_000;

    private final long limit;
    private final long windowTicks;
    private final long tickNanos;
    private final long originNanos;
    private final int countBits;
    private final long countMask;

    /** Nothing is taken; the first window begins at {@code originNanos}. */
    public SlidingCounter(long limit, long windowNanos, long originNanos) {
        this.limit = limit;
        this.originNanos = originNanos;
        tickNanos = 1 + ((windowNanos - 1) >> TICKS_BITS);
        // Rounded up: a window that is too long by 2^-40 of it is stricter.
        windowTicks = (windowNanos - 1) / tickNanos + 1;
        countBits = bits(limit);
        countMask = (1L << countBits) - 1;
    }

    /** The largest limit whose counts leave the index a year of windows, after which it must not be taken for a later one. */
    public static long maxLimit(long windowNanos) {
        long windows = YEAR_NANOS / windowNanos;
        int indexBits = Long.SIZE - Long.numberOfLeadingZeros(windows) + 1;
        int bits = Math.min(LARGEST_BITS, (Long.SIZE - indexBits) / 2);
        return (1L << bits) - 1;
    }

    private static int bits(long value) {
        return Long.SIZE - Long.numberOfLeadingZeros(value);
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
        long ticks = Math.floorDiv(elapsed, tickNanos);
        long current = Math.floorDiv(ticks, windowTicks);
        long word = word();
        int lost = 0;
        while (true) {
            long window = word >> (2 * countBits);
            long before = word >>> countBits & countMask;
            long taken = word & countMask;
            if (window < current) {
                before = window == current - 1 ? taken : 0;
                taken = 0;
                window = current;
            }
            if (taken + permits > limit) {
                window++;
                before = taken;
                taken = 0;
            }
            long due = Math.max(ticks, roomAt(window, before, limit - taken - permits));
            if (due >= (window + 1) * windowTicks) {
                window++;
                before = taken;
                taken = 0;
            }
            long wait = due == ticks ? 0 : due * tickNanos - elapsed;
            if (wait > maxWaitNanos) {
                return wait;
            }
            if (exchange(word, (window << countBits | before) << countBits | taken + permits)) {
                return wait;
            }
            word = wordAfterLosing(++lost);
        }
    }

    /** The first tick of the window, or its end, at which what is left of the count before leaves so much room. */
    private long roomAt(long window, long before, long room) {
        long full = before <= room ? windowTicks : room * windowTicks / before;
        return window * windowTicks + windowTicks - full;
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        long due = Math.floorDiv(Math.floorDiv(dueNanos - originNanos, tickNanos), windowTicks);
        long word = word();
        int lost = 0;
        while (true) {
            long later = (word >> (2 * countBits)) - due;
            int shift = later == 0 ? 0 : countBits;
            if (later < 0 || later > 1 || permits > (word >>> shift & countMask)) {
                return false;
            }
            if (exchange(word, word - (permits << shift))) {
                return true;
            }
            word = wordAfterLosing(++lost);
        }
    }
}

package io.nettoolkit.resilience.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A few counters that any thread adds to and a reader sums up now and then.
 *
 * <p>Each thread has a stripe by its id; a stripe is at least two cache lines, so that threads of different stripes share
 * none, and holds all the counters, so that one call touches one line. An add is one atomic instruction and allocates nothing.
 *
 * <p>Threading: any thread. A sum is exact when nobody adds, and otherwise some value the counter had meanwhile.
 */
public final class StripedCounters {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    private final int counters;
    private final long[] cells;

    /**
     * All zero.
     *
     * @param counters how many, 1 to 16
     */
    public StripedCounters(int counters) {
        if (counters < 1 || counters > Stripe.LINE_LONGS) {
            throw new IllegalArgumentException("counters: " + counters + " (must be 1 to " + Stripe.LINE_LONGS + ")");
        }
        this.counters = counters;
        // A line before the first stripe keeps the array's length field out of it.
        cells = new long[(Stripe.COUNT + 2) * Stripe.LINE_LONGS];
    }

    /** Adds one. */
    public void increment(int counter) {
        add(counter, 1);
    }

    /** Adds. */
    public void add(int counter, long count) {
        CELLS.getAndAdd(cells, (Stripe.ofThisThread() + 1) * Stripe.LINE_LONGS + counter, count);
    }

    /** What was added so far. */
    public long sum(int counter) {
        if (counter < 0 || counter >= counters) {
            throw new IndexOutOfBoundsException("counter: " + counter + " (must be below " + counters + ")");
        }
        long sum = 0;
        for (int stripe = 1; stripe <= Stripe.COUNT; stripe++) {
            sum += (long) CELLS.getAcquire(cells, stripe * Stripe.LINE_LONGS + counter);
        }
        return sum;
    }
}

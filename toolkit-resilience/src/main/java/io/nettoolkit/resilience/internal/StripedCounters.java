package io.nettoolkit.resilience.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * An atomic addition costs about as much as the decision it counts. So a stripe belongs to the first thread that uses it:
 * that one adds by a load and a store to cells nobody else writes. Other threads of the stripe add atomically, to cells
 * beside those. A thread that ends keeps its stripe; those that come after it pay for the atomic addition, as they would
 * without an owner.
 */
/**
 * A few counters that any thread adds to and a reader sums up now and then.
 *
 * <p>Each thread has a stripe by its id; a stripe holds all the counters, so that one call touches one line, and threads of
 * different stripes share none. An add allocates nothing.
 *
 * <p>Threading: any thread. A sum is exact when nobody adds, and otherwise some value the counter had meanwhile.
 */
public final class StripedCounters {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle OWNERS = MethodHandles.arrayElementVarHandle(long[].class);

    /** The cells of the owner, and those of everybody else. */
    private static final int STRIPE_LONGS = 2 * Stripe.LINE_LONGS;

    private final int counters;
    private final long[] cells;

    /** The id of each stripe's thread; 0, which is no thread's, before it has one. */
    private final long[] owners = new long[Stripe.COUNT];

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
        cells = new long[Stripe.LINE_LONGS + Stripe.COUNT * STRIPE_LONGS + Stripe.LINE_LONGS];
    }

    /** Adds one. */
    public void increment(int counter) {
        add(counter, 1);
    }

    /** Adds. */
    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    public void add(int counter, long count) {
        long thread = Thread.currentThread().getId();
        int stripe = Stripe.of(thread);
        int cell = firstCell(stripe) + counter;
        if (owners[stripe] == thread || (owners[stripe] == 0 && OWNERS.compareAndSet(owners, stripe, 0L, thread))) {
            CELLS.setRelease(cells, cell, cells[cell] + count);
        } else {
            CELLS.getAndAdd(cells, cell + Stripe.LINE_LONGS, count);
        }
    }

    /** What was added so far. */
    public long sum(int counter) {
        if (counter < 0 || counter >= counters) {
            throw new IndexOutOfBoundsException("counter: " + counter + " (must be below " + counters + ")");
        }
        long sum = 0;
        for (int stripe = 0; stripe < Stripe.COUNT; stripe++) {
            int cell = firstCell(stripe) + counter;
            sum += (long) CELLS.getAcquire(cells, cell) + (long) CELLS.getAcquire(cells, cell + Stripe.LINE_LONGS);
        }
        return sum;
    }

    private static int firstCell(int stripe) {
        return Stripe.LINE_LONGS + stripe * STRIPE_LONGS;
    }
}

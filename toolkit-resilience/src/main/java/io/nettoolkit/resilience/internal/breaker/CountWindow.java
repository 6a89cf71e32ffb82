package io.nettoolkit.resilience.internal.breaker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/*
 * The last n results. A result takes the next place of a ring, swaps itself for what is there, and adds the difference of
 * the two to the totals: three atomic instructions, all of them on words that every thread shares. Whatever the
 * interleaving, once everybody is done the totals are those of the ring's contents, because each swap hands the old
 * contents to exactly one thread.
 *
 * A thread held up between its swap and its addition leaves the totals a little off until it goes on; a later thread can
 * even take away what has not been added yet. So the three totals in their word start in the middle of their range, and a
 * reading that cannot be decides nothing.
 *
 * Each generation has a ring of its own, made by the first result that needs it.
 */
final class CountWindow extends Window {

    static final int MOST_CALLS = 100_000;

    private static final VarHandle RING;
    private static final VarHandle OUTCOMES = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final VarHandle NEXT;
    private static final VarHandle TOTALS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            RING = lookup.findVarHandle(CountWindow.class, "ring", Ring.class);
            NEXT = lookup.findVarHandle(Ring.class, "next", long.class);
            TOTALS = lookup.findVarHandle(Ring.class, "totals", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int GENERATION_SPARE_BITS = Integer.SIZE - Integer.bitCount(BreakerWord.GENERATION_MASK);

    private static final int FIELD_BITS = 21;
    private static final int TOTAL_SHIFT = FIELD_BITS + FIELD_BITS;
    private static final long FIELD_MASK = (1L << FIELD_BITS) - 1;
    private static final long MIDDLE = 1L << (FIELD_BITS - 1);
    private static final long NO_TOTALS = MIDDLE << TOTAL_SHIFT | MIDDLE << FIELD_BITS | MIDDLE;

    /** In a place of the ring: somebody's result, in the two bits above. */
    private static final int PRESENT = 1;

    private final int calls;
    private volatile Ring ring;

    CountWindow(int calls, Thresholds thresholds) {
        super(thresholds);
        this.calls = calls;
        ring = new Ring(calls, 0);
    }

    @Override
    boolean record(int generation, int ending) {
        Ring mine = ringOf(generation);
        if (mine == null) {
            counters.increment(LATE);
            return false;
        }
        countOnly(ending);
        int place = (int) Long.remainderUnsigned((long) NEXT.getAndAdd(mine, 1L), calls);
        byte outcome = (byte) (PRESENT | ending << 1);
        byte before = (byte) OUTCOMES.getAndSet(mine.outcomes, place, outcome);
        if (outcome == before) {
            return false;
        }
        long change = weight(outcome) - weight(before);
        long totals = (long) TOTALS.getAndAdd(mine, change) + change;
        return isPossible(totals) && thresholds.trips(total(totals), failed(totals), slow(totals));
    }

    /** The ring of a generation, made where there is none; null when there is one of a later generation. */
    private @Nullable Ring ringOf(int generation) {
        while (true) {
            Ring seen = ring;
            // A distance of 23 bits with its sign.
            int newer = (generation - seen.generation) << GENERATION_SPARE_BITS;
            if (newer == 0) {
                return seen;
            }
            if (newer < 0) {
                return null;
            }
            RING.compareAndSet(this, seen, new Ring(calls, generation));
        }
    }

    @Override
    Counts counts(int generation) {
        Ring seen = ring;
        long totals = seen.generation == generation ? seen.totals : NO_TOTALS;
        return isPossible(totals) ? new Counts(total(totals), failed(totals), slow(totals)) : new Counts(0, 0, 0);
    }

    private boolean isPossible(long totals) {
        return isCount(total(totals)) && isCount(failed(totals)) && isCount(slow(totals));
    }

    private boolean isCount(long count) {
        return count >= 0 && count <= calls;
    }

    private static long weight(byte outcome) {
        return (long) (outcome & PRESENT) << TOTAL_SHIFT | (long) (outcome >> 1 & 1) << FIELD_BITS | (outcome >> 2 & 1);
    }

    private static long total(long totals) {
        return (totals >>> TOTAL_SHIFT & FIELD_MASK) - MIDDLE;
    }

    private static long failed(long totals) {
        return (totals >>> FIELD_BITS & FIELD_MASK) - MIDDLE;
    }

    private static long slow(long totals) {
        return (totals & FIELD_MASK) - MIDDLE;
    }

    private static final class Ring {

        final int generation;
        final byte[] outcomes;

        @SuppressWarnings("unused") // through NEXT
        private volatile long next;

        volatile long totals = NO_TOTALS;

        Ring(int calls, int generation) {
            this.generation = generation;
            outcomes = new byte[calls];
        }
    }
}

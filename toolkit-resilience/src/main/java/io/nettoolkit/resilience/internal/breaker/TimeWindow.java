package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Stripe;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * The results of the last while, in a ring of buckets. A success costs one read of the coarse clock, one load and one
 * atomic instruction.
 *
 *   - Every thread has a stripe by its id, so that threads rarely share a cache line. A stripe has a ring of 16 buckets of
 *     2^k nanoseconds, of which the last 8 to 16 make up the window: index and slot of a bucket are a shift and a mask.
 *   - A bucket has three cells: succeeded, failed, slow. A cell is one word [bucket index 20 | generation 12 | count 32].
 *     It is emptied by the first result that finds an old index or generation in it, in the same compare-and-set that
 *     counts that result. So nobody sweeps, an idle breaker costs nothing, and no result is ever counted in a generation
 *     that is not its own. A thread that is held up may count one bucket off; nothing is lost. The index goes round after
 *     2^20 buckets, 13 days of a window of 10 s: then a cell left alone for just as long may show again, for one bucket.
 *   - What a cell held when it is emptied goes into the counters that run from the breaker's making on, so a success does
 *     not pay for those.
 *   - The rings are summed up only when a result can make the breaker open. A success cannot raise a share, but it can be
 *     the one that makes up minimumCalls; and when a bucket of successes falls out of the window a share rises without any
 *     event. So a success sums up until it has seen minimumCalls in the bucket it is in; afterwards neither can happen
 *     before the next bucket. This is the same as to look at every result, and costs one look per bucket under load.
 *
 * Sources: the striped counters of the JDK's LongAdder; lazily emptied rings of buckets are common in breakers.
 */
final class TimeWindow extends Window {

    /** Slots of a ring, a power of two. */
    static final int SLOTS = 16;

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int CELLS_PER_SLOT = 4;
    private static final int STRIPE_LONGS = SLOTS * CELLS_PER_SLOT + Stripe.LINE_LONGS;

    private static final int TAG_SHIFT = 32;
    private static final long COUNT_MASK = (1L << TAG_SHIFT) - 1;
    private static final int TAG_GENERATION_BITS = 12;
    private static final int TAG_GENERATION_MASK = (1 << TAG_GENERATION_BITS) - 1;

    /** In place of a tag: the result is of an older generation than what its cell counts by now. */
    private static final long TOO_LATE = -1;

    private final TimeSource timeSource;
    private final long originNanos;
    private final int bucketShift;
    private final int buckets;
    private final long[] cells = new long[Stripe.LINE_LONGS + Stripe.COUNT * STRIPE_LONGS];

    /** The tag of the bucket in which enough calls were seen last. A stale reading costs a look, no more. */
    private int enoughTag = -1;

    TimeWindow(TimeSource timeSource, long originNanos, long windowNanos, Thresholds thresholds) {
        super(thresholds);
        this.timeSource = timeSource;
        this.originNanos = originNanos;
        bucketShift = bucketShift(windowNanos);
        buckets = buckets(windowNanos);
    }

    /** The largest power of two of which the window has at least eight. */
    static int bucketShift(long windowNanos) {
        return Long.SIZE - 1 - Long.numberOfLeadingZeros(windowNanos / 8);
    }

    /** How many buckets the window spans. */
    static int buckets(long windowNanos) {
        int shift = bucketShift(windowNanos);
        return (int) ((windowNanos + (1L << shift) - 1) >>> shift);
    }

    @Override
    boolean record(int generation, int ending) {
        long tag = add(generation, ending & Ending.FAILED);
        if (tag == TOO_LATE) {
            counters.increment(LATE);
            return false;
        }
        if ((ending & Ending.SLOW) != 0) {
            add(generation, SLOW);
        }
        return (ending != Ending.OK || enoughTag != (int) tag) && look((int) tag);
    }

    private boolean look(int tag) {
        Counts counts = counts(tag >>> TAG_GENERATION_BITS, tag & TAG_GENERATION_MASK);
        if (counts.total() >= thresholds.minimumCalls()) {
            enoughTag = tag;
        }
        return thresholds.trips(counts.total(), counts.failed(), counts.slow());
    }

    /** Counts one in a cell of the bucket of now: the tag of that bucket, or {@link #TOO_LATE}. */
    private long add(int generation, int kind) {
        int stripe = Stripe.ofThisThread();
        int tag = tag(bucketNow(), generation);
        while (true) {
            int cell = firstCell(stripe, tag) + kind;
            long seen = (long) CELLS.getAcquire(cells, cell);
            if ((int) (seen >>> TAG_SHIFT) == tag) {
                if (CELLS.compareAndSet(cells, cell, seen, seen + 1)) {
                    return Integer.toUnsignedLong(tag);
                }
                continue;
            }
            // The clock has to be read after the cell: then what the cell holds cannot be of a later bucket than now.
            int tagNow = tag(bucketNow(), generation);
            if (tagNow != tag) {
                tag = tagNow;
                continue;
            }
            if (isOfLaterGeneration(seen, tag)) {
                return TOO_LATE;
            }
            if (CELLS.compareAndSet(cells, cell, seen, Integer.toUnsignedLong(tag) << TAG_SHIFT | 1)) {
                counters.add(kind, count(seen));
                return Integer.toUnsignedLong(tag);
            }
        }
    }

    /** Whether a cell of this very bucket is of a later generation; a cell of another bucket is older than this one. */
    private static boolean isOfLaterGeneration(long cell, int tag) {
        int cellTag = (int) (cell >>> TAG_SHIFT);
        boolean sameBucket = cellTag >>> TAG_GENERATION_BITS == tag >>> TAG_GENERATION_BITS;
        // A distance of 12 bits with its sign.
        return sameBucket && (tag - cellTag) << (Integer.SIZE - TAG_GENERATION_BITS) < 0;
    }

    static int tag(int bucket, int generation) {
        return bucket << TAG_GENERATION_BITS | (generation & TAG_GENERATION_MASK);
    }

    static long count(long cell) {
        return cell & COUNT_MASK;
    }

    @Override
    Counts counts(int generation) {
        return counts(bucketNow(), generation);
    }

    private Counts counts(int lastBucket, int generation) {
        long succeeded = 0;
        long failed = 0;
        long slow = 0;
        for (int bucket = lastBucket - buckets + 1; bucket <= lastBucket; bucket++) {
            int tag = tag(bucket, generation);
            for (int stripe = 0; stripe < Stripe.COUNT; stripe++) {
                int first = firstCell(stripe, tag);
                succeeded += countOf(first + SUCCEEDED, tag);
                failed += countOf(first + FAILED, tag);
                slow += countOf(first + SLOW, tag);
            }
        }
        return new Counts(succeeded + failed, failed, slow);
    }

    private long countOf(int cell, int tag) {
        long seen = (long) CELLS.getAcquire(cells, cell);
        return (int) (seen >>> TAG_SHIFT) == tag ? count(seen) : 0;
    }

    @Override
    long sum(int counter) {
        long sum = super.sum(counter);
        if (counter <= SLOW) {
            for (int stripe = 0; stripe < Stripe.COUNT; stripe++) {
                for (int slot = 0; slot < SLOTS; slot++) {
                    sum += count((long) CELLS.getAcquire(
                            cells, Stripe.LINE_LONGS + stripe * STRIPE_LONGS + slot * CELLS_PER_SLOT + counter));
                }
            }
        }
        return sum;
    }

    private int bucketNow() {
        return (int) ((timeSource.coarseNanos() - originNanos) >>> bucketShift);
    }

    private static int firstCell(int stripe, int tag) {
        int slot = (tag >>> TAG_GENERATION_BITS) & (SLOTS - 1);
        return Stripe.LINE_LONGS + stripe * STRIPE_LONGS + slot * CELLS_PER_SLOT;
    }
}

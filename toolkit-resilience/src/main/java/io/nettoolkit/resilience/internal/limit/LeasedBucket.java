package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.resilience.internal.Stripe;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * One hot word is what a token bucket costs when all cores use it. Here each stripe of threads borrows a batch of permits
 * from the bucket and spends it on a word of its own, without a clock and nearly without company.
 *
 * Nothing is admitted beyond the limit, because a borrowed permit is one that the bucket no longer has, and because what
 * stripes may hold together is taken off the bucket's own burst:
 *
 *     burst = (burst of the bucket) + stripes * batch
 *
 * So at every instant the permits in the bucket and in the stripes are the burst or fewer, and what comes in is the rate.
 * While a stripe borrows, its word is marked, and others of the stripe ask the bucket for no more than their own permits:
 * the stripe's share is then in the borrower's hands and nowhere else.
 *
 * A stripe's word:   | when it borrowed, in 2^24 ns | borrowing | permits |
 *
 * Permits on a stripe whose threads have gone elsewhere are not lost: when the bucket has too few, whoever asks takes back
 * what stripes borrowed a lease ago or longer. Before that a caller may be refused although an idle stripe still has some:
 * too strict by a batch per stripe, for as long as a lease.
 */
/**
 * A token bucket for very many calls from many threads.
 *
 * <p>Threading: any thread; lock-free.
 */
public final class LeasedBucket extends Limit {

    /** After how long a stripe's permits may be taken back. */
    public static final long LEASE_NANOS = 100_000_000;

    private static final VarHandle STRIPES = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int MAX_BATCH_BITS = 31;
    private static final long BORROWING = 1L << MAX_BATCH_BITS;
    private static final long PERMITS_MASK = BORROWING - 1;
    private static final int STAMP_SHIFT = 24;
    /** How fine the stamps are. */
    static final long STAMP_NANOS = 1L << STAMP_SHIFT;

    private static final int LEASE_STAMPS = (int) (LEASE_NANOS >> STAMP_SHIFT) + 1;

    private final TokenBucket bucket;
    private final long batch;
    private final long[] stripes = new long[(Stripe.COUNT + 2) * Stripe.LINE_LONGS];

    private LeasedBucket(TokenBucket bucket, long batch, long nowNanos) {
        this.bucket = bucket;
        this.batch = batch;
        for (int stripe = 1; stripe <= Stripe.COUNT; stripe++) {
            stripes[stripe * Stripe.LINE_LONGS] = word(batch, nowNanos);
        }
    }

    /**
     * All permits of the burst are there.
     *
     * @param batch what a stripe borrows; it is cut so that the bucket keeps half of the burst, to 0 if need be
     */
    public static LeasedBucket of(TokenRate rate, long burst, long batch, long nowNanos) {
        long fitting = Math.min(Math.min(batch, PERMITS_MASK), burst / 2 / Stripe.COUNT);
        return new LeasedBucket(TokenBucket.of(rate, burst - fitting * Stripe.COUNT, nowNanos), fitting, nowNanos);
    }

    @Override
    public long capacity() {
        return bucket.capacity();
    }

    @Override
    public boolean isLeased() {
        return true;
    }

    /** What a stripe really borrows. */
    public long batch() {
        return batch;
    }

    /** For tests: what the stripes borrow from. */
    TokenBucket bucket() {
        return bucket;
    }

    @Override
    public boolean trySpend(long permits) {
        int stripe = stripe();
        long word = (long) STRIPES.getAcquire(stripes, stripe);
        while ((word & PERMITS_MASK) >= permits) {
            long seen = (long) STRIPES.compareAndExchange(stripes, stripe, word, word - permits);
            if (seen == word) {
                return true;
            }
            Thread.onSpinWait();
            word = seen;
        }
        return false;
    }

    @Override
    public boolean tryTake(long permits, long nowNanos) {
        if (permits > bucket.capacity()) {
            return false;
        }
        while (true) {
            if (permits <= batch ? borrow(permits, nowNanos) : bucket.tryTake(permits, nowNanos)) {
                return true;
            }
            if (!takeBackIdle(nowNanos)) {
                return false;
            }
        }
    }

    /** Fills the stripe's word up and takes {@code permits} of it; writes nothing where the bucket has too few. */
    private boolean borrow(long permits, long nowNanos) {
        int stripe = stripe();
        long word = (long) STRIPES.getAcquire(stripes, stripe);
        long held = word & PERMITS_MASK;
        if (held >= permits) {
            return trySpend(permits) || bucket.tryTake(permits, nowNanos);
        }
        if (bucket.take(permits - held, nowNanos, -1) > 0) {
            return false;
        }
        if ((word & BORROWING) != 0 || !STRIPES.compareAndSet(stripes, stripe, word, BORROWING)) {
            return bucket.tryTake(permits, nowNanos);
        }
        long borrowed = bucket.takeUpTo(batch - held, permits - held, nowNanos);
        if (borrowed == 0) {
            STRIPES.setRelease(stripes, stripe, word);
            return false;
        }
        STRIPES.setRelease(stripes, stripe, word(held + borrowed - permits, nowNanos));
        return true;
    }

    /** Moves what idle stripes hold into the bucket; false when there was nothing. */
    private boolean takeBackIdle(long nowNanos) {
        boolean found = false;
        for (int stripe = Stripe.LINE_LONGS; stripe <= Stripe.COUNT * Stripe.LINE_LONGS; stripe += Stripe.LINE_LONGS) {
            long word = (long) STRIPES.getAcquire(stripes, stripe);
            long permits = word & PERMITS_MASK;
            int age = (int) (nowNanos >> STAMP_SHIFT) - (int) (word >>> 32);
            if (permits > 0 && age >= LEASE_STAMPS && STRIPES.compareAndSet(stripes, stripe, word, word - permits)) {
                bucket.putBack(permits);
                found = true;
            }
        }
        return found;
    }

    @Override
    public long take(long permits, long nowNanos, long maxWaitNanos) {
        if (maxWaitNanos >= 0 && (trySpend(permits) || tryTake(permits, nowNanos))) {
            return 0;
        }
        if (maxWaitNanos < 0 && ((long) STRIPES.getAcquire(stripes, stripe()) & PERMITS_MASK) >= permits) {
            return 0;
        }
        return bucket.take(permits, nowNanos, maxWaitNanos);
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        return bucket.cancel(permits, dueNanos, nowNanos);
    }

    private static long word(long permits, long nowNanos) {
        return nowNanos >> STAMP_SHIFT << 32 | permits;
    }

    private static int stripe() {
        return (Stripe.ofThisThread() + 1) * Stripe.LINE_LONGS;
    }
}

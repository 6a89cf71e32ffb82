package io.nettoolkit.resilience.internal.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/*
 * The word is the theoretical arrival time (tat): the moment at which the bucket will be full again. The bucket is full when
 * tat <= now, and holds burst - (tat - now) otherwise, all in the units of TokenRate.
 *
 *     start = max(tat, now);  next = start + cost
 *     admitted when next - now <= burst, and then tat = next
 *
 * A refusal is a load and a comparison; an admission is one compare-and-set, and a lost one is tried again with the same
 * reading of the clock. A reservation for later is the same step with a later moment in place of now: its permits are due
 * at next - burst, and since tat grows with each, promises are made in order.
 *
 * The leaky bucket as a queue ("spaced") is the same with a burst that is always as large as the cost: a call is due at
 * start, and those after it wait until its cost has leaked away.
 *
 * Giving back lowers tat. Two things must not be given back: what has come back by itself since the permits were due (or
 * it would be there twice), and what later reservations were promised on top of it (their moment is fixed, and lowering tat
 * by more would let others in beside them). Both are measured from the due time.
 *
 * Warm-up: while a bucket is cold a permit costs up to three times as much, falling to one over the warm-up. It is cold when
 * it is new and after it has lain full for a whole warm-up; the moment it warms up from is a second word, written by
 * whoever takes the first permit. Whether a call is admitted depends on its plain cost, so that a burst of 1 still admits.
 *
 * Sources: ITU-T I.371 (GCRA, virtual scheduling); the law of giving back is that of golang.org/x/time/rate; the
 * factor of 3 and the straight line are those of Guava's SmoothWarmingUp.
 */
/**
 * A token bucket, or a leaky bucket that spaces calls, in one word.
 *
 * <p>Threading: any thread; lock-free.
 */
public final class TokenBucket extends Limit {

    private static final double COLD_COST = 3;
    private static final VarHandle WARM_SINCE;

    static {
        try {
            WARM_SINCE = MethodHandles.lookup().findVarHandle(TokenBucket.class, "warmSinceNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TokenRate rate;
    private final boolean spaced;
    private final long burst;
    private final long burstUnits;
    private final long warmUpNanos;
    private final long warmUpUnits;

    @SuppressWarnings("unused") // through WARM_SINCE
    private long warmSinceNanos;

    private TokenBucket(TokenRate rate, boolean spaced, long burst, long warmUpNanos, long nowNanos) {
        this.rate = rate;
        this.spaced = spaced;
        this.burst = burst;
        this.warmUpNanos = warmUpNanos;
        burstUnits = rate.ofPermits(burst);
        warmUpUnits = rate.units(nowNanos + warmUpNanos) - rate.units(nowNanos);
        publish(rate.units(nowNanos) - warmUpUnits);
    }

    /** A full bucket of {@code burst} permits. */
    public static TokenBucket of(TokenRate rate, long burst, long nowNanos) {
        return new TokenBucket(rate, false, burst, 0, nowNanos);
    }

    /** A full bucket that is cold. */
    public static TokenBucket warmingUp(TokenRate rate, long burst, long warmUpNanos, long nowNanos) {
        return new TokenBucket(rate, false, burst, warmUpNanos, nowNanos);
    }

    /** An empty queue that leaks at this rate. */
    public static TokenBucket spaced(long permits, long perNanos, long nowNanos) {
        TokenRate rate = new TokenRate(permits, perNanos, nowNanos);
        return new TokenBucket(rate, true, rate.maxPermits(), 0, nowNanos);
    }

    @Override
    public long capacity() {
        return burst;
    }

    @Override
    public boolean tryTake(long permits, long nowNanos) {
        if (permits > burst) {
            return false;
        }
        long cost = rate.ofPermits(permits);
        long allowed = spaced ? cost : burstUnits;
        long now = rate.units(nowNanos);
        long tat = word();
        int lost = 0;
        while (true) {
            long start = tat - now > 0 ? tat : now;
            if (start + cost - now > allowed) {
                return false;
            }
            if (exchange(tat, start + charge(cost, tat, now, nowNanos))) {
                return true;
            }
            tat = wordAfterLosing(++lost);
        }
    }

    @Override
    public long take(long permits, long nowNanos, long maxWaitNanos) {
        if (permits > burst) {
            return NEVER;
        }
        long cost = rate.ofPermits(permits);
        long allowed = spaced ? cost : burstUnits;
        long now = rate.units(nowNanos);
        long tat = word();
        int lost = 0;
        while (true) {
            long start = tat - now > 0 ? tat : now;
            long wait = rate.nanosUntil(start + cost - allowed, nowNanos);
            if (start - now > TokenRate.LONGEST_UNITS) {
                return NEVER;
            }
            if (wait > maxWaitNanos) {
                return wait;
            }
            if (exchange(tat, start + charge(cost, tat, now, nowNanos))) {
                return wait;
            }
            tat = wordAfterLosing(++lost);
        }
    }

    @Override
    public boolean cancel(long permits, long dueNanos, long nowNanos) {
        if (permits > burst) {
            return false;
        }
        long cost = rate.ofPermits(permits);
        long allowed = spaced ? cost : burstUnits;
        long due = rate.units(dueNanos);
        long now = rate.units(nowNanos);
        long tat = word();
        int lost = 0;
        while (true) {
            long lastDue = tat - allowed;
            long latest = lastDue - now > 0 ? lastDue : now;
            long gone = Math.max(0, latest - due);
            if (gone >= cost) {
                return false;
            }
            if (exchange(tat, tat - (cost - gone))) {
                return gone < rate.ofPermits(1);
            }
            tat = wordAfterLosing(++lost);
        }
    }

    /** How many permits are free. */
    public long free(long nowNanos) {
        return free(word(), rate.units(nowNanos));
    }

    private long free(long tat, long now) {
        return rate.permitsIn(burstUnits - Math.max(0, tat - now));
    }

    /**
     * Takes as many permits as are free now, up to {@code most}; for whoever spends them elsewhere.
     *
     * @return how many; 0 when fewer than {@code least} are free, and then nothing was written
     */
    public long takeUpTo(long most, long least, long nowNanos) {
        long now = rate.units(nowNanos);
        long tat = word();
        int lost = 0;
        while (true) {
            long permits = Math.min(most, free(tat, now));
            if (permits < least) {
                return 0;
            }
            long start = tat - now > 0 ? tat : now;
            if (exchange(tat, start + rate.ofPermits(permits))) {
                return permits;
            }
            tat = wordAfterLosing(++lost);
        }
    }

    /** Puts permits back that {@link #takeUpTo} took and nobody has spent; what does not fit into the bucket is lost. */
    public void putBack(long permits) {
        addToWord(-rate.ofPermits(permits));
    }

    private long charge(long cost, long tat, long now, long nowNanos) {
        return warmUpNanos == 0 ? cost : coldCharge(cost, tat, now, nowNanos);
    }

    private long coldCharge(long cost, long tat, long now, long nowNanos) {
        if (now - tat >= warmUpUnits) {
            WARM_SINCE.setRelease(this, nowNanos);
            return (long) (cost * COLD_COST);
        }
        long warm = Math.max(0, nowNanos - (long) WARM_SINCE.getAcquire(this));
        if (warm >= warmUpNanos) {
            return cost;
        }
        double cold = (double) (warmUpNanos - warm) / warmUpNanos;
        return (long) (cost * (1 + (COLD_COST - 1) * cold));
    }
}

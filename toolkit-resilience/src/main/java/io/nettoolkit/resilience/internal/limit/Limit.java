package io.nettoolkit.resilience.internal.limit;

/**
 * The arithmetic of one limit: a padded word of state, and time as an argument. It reads no clock, counts nothing and knows
 * no waiters; {@link Limiter} adds those.
 *
 * <p>Times are readings of one clock that may wrap round. A reading that is older than one of another thread is taken as
 * later than it is, which refuses a little too much and never admits too much.
 *
 * <p>Threading: any thread; nothing blocks and nothing allocates.
 */
public abstract class Limit extends PaddedWord.After {

    /** The wait for more permits than there can ever be at once. */
    public static final long NEVER = Long.MAX_VALUE;

    /**
     * Takes permits for the earliest moment at which they are free, if that is soon enough. Otherwise it writes nothing.
     *
     * @param permits 1 or more
     * @param maxWaitNanos how much later than {@code nowNanos} that moment may be; negative to ask only; less than {@link #NEVER}
     * @return how much later it is. The permits have been taken when this is at most {@code maxWaitNanos}
     */
    public abstract long take(long permits, long nowNanos, long maxWaitNanos);

    /** Takes permits that are free now; false when there are too few, and then nothing was written. */
    public boolean tryTake(long permits, long nowNanos) {
        return take(permits, nowNanos, 0) == 0;
    }

    /**
     * Gives back what {@link #take} took, as far as it was not promised to later ones nor has come back by itself.
     *
     * @param dueNanos the moment the permits were taken for: the reading given to {@code take}, and the wait it answered;
     *     an older one gives back less
     * @return whether all of it could be given back, but for a fraction of a permit
     */
    public abstract boolean cancel(long permits, long dueNanos, long nowNanos);

    /** The most permits that one call may take. */
    public abstract long capacity();

    /** Whether it can promise a later moment; where not, {@link #take} takes for now or not at all. */
    public boolean promises() {
        return true;
    }

    /** Whether {@link #trySpend} may ever succeed. */
    public boolean isLeased() {
        return false;
    }

    /** Takes permits that the calling thread's stripe has borrowed before, which needs no clock. */
    public boolean trySpend(long permits) {
        return false;
    }

    /** Makes a limit from what all of them have. */
    @FunctionalInterface
    public interface Factory {
        /** So many permits per period, with all of them free. */
        Limit limit(long permits, long perNanos, long nowNanos);
    }
}

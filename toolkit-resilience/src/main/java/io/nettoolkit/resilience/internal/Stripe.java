package io.nettoolkit.resilience.internal;

/**
 * Which part of a striped array the calling thread writes to, so that threads rarely share a cache line. A stripe belongs
 * to a thread's id, for as long as the thread lives; threads may share one.
 *
 * <p>Threading: any thread.
 */
public final class Stripe {

    /** How many there are: a power of two, about twice the processors, 16 at most. */
    public static final int COUNT =
            Integer.highestOneBit(Math.max(1, Math.min(16, Runtime.getRuntime().availableProcessors() * 2 - 1)));

    /** 128 bytes: a cache line and its neighbour, which processors fetch together. */
    public static final int LINE_LONGS = 16;

    private Stripe() {}

    /** The calling thread's: 0 or more, below {@link #COUNT}. */
    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    public static int ofThisThread() {
        return of(Thread.currentThread().getId());
    }

    /** That of the thread with this id. */
    static int of(long threadId) {
        return (int) (threadId ^ (threadId >>> 4)) & (COUNT - 1);
    }
}

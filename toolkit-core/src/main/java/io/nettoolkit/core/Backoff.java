package io.nettoolkit.core;

import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * How long to wait before trying again: one pure function of the attempt, the wait before it and a random source.
 *
 * <p>The next wait of a loop is {@code wait = backoff.delayNanos(attempt, wait, random)}, where a negative answer ends
 * it. Retrying without any delay turns a short outage into a long one; combine every backoff with jitter where
 * several callers share a peer.
 *
 * <p><b>Threading.</b> The ones made here are immutable and stateless; share them freely. Randomness comes in as an
 * argument, so each caller can use its own source.
 *
 * <p><b>Sources.</b> Decorrelated jitter: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
@FunctionalInterface
public interface Backoff {

    /** The answer of {@link #delayNanos} that says "do not try again". */
    long STOP = -1;

    /**
     * The wait before an attempt.
     *
     * @param attempt number of the retry, 1 for the first one after the original try
     * @param previousNanos what this method answered for the retry before, 0 for the first
     * @param random where jitter comes from
     * @return nanoseconds to wait, 0 for none, {@link #STOP} to give up
     */
    long delayNanos(int attempt, long previousNanos, RandomGenerator random);

    /** The same wait every time. */
    static Backoff fixed(Duration delay) {
        long nanos = nonNegative("delay", delay);
        return (attempt, previous, random) -> nanos;
    }

    /**
     * Doubles from {@code initial} up to {@code max}.
     *
     * @param initial the first wait, more than zero
     * @param max the longest wait, at least {@code initial}
     */
    static Backoff exponential(Duration initial, Duration max) {
        long first = positive("initial", initial);
        long cap = atLeast("max", max, initial);
        return (attempt, previous, random) -> {
            int doublings = Math.max(0, attempt - 1);
            return doublings >= Long.numberOfLeadingZeros(first) - 1 ? cap : Math.min(cap, first << doublings);
        };
    }

    /**
     * A random wait between {@code base} and three times the wait before, at most {@code max}: spreads callers that
     * failed together better than any fixed growth.
     *
     * @param base the shortest wait, more than zero
     * @param max the longest wait, at least {@code base}
     */
    static Backoff decorrelatedJitter(Duration base, Duration max) {
        long floor = positive("base", base);
        long cap = atLeast("max", max, base);
        return (attempt, previous, random) -> {
            long before = Math.max(floor, previous);
            long ceiling = before >= cap / 3 ? cap : before * 3;
            return ceiling <= floor ? floor : random.nextLong(floor, ceiling + 1);
        };
    }

    /**
     * Spreads each wait evenly over {@code [(1 - fraction) x wait, wait]}, so the longest wait stays what it was.
     *
     * @param fraction 0 for no jitter, 1 for full jitter
     */
    default Backoff withJitter(double fraction) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("fraction: " + fraction + " (must be between 0 and 1)");
        }
        return (attempt, previous, random) -> {
            long delay = delayNanos(attempt, previous, random);
            return delay <= 0 ? delay : delay - (long) (delay * fraction * random.nextDouble());
        };
    }

    /**
     * Gives up after this many retries.
     *
     * @param maxAttempts retries allowed, 0 for none
     */
    default Backoff withMaxAttempts(int maxAttempts) {
        if (maxAttempts < 0) {
            throw new IllegalArgumentException("maxAttempts: " + maxAttempts + " (must be 0 or more)");
        }
        return (attempt, previous, random) ->
                attempt > maxAttempts ? STOP : delayNanos(attempt, previous, random);
    }

    private static long nonNegative(String name, Duration value) {
        Objects.requireNonNull(value, () -> name + ": must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value + " (must not be negative)");
        }
        return value.toNanos();
    }

    private static long positive(String name, Duration value) {
        long nanos = nonNegative(name, value);
        if (nanos == 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be more than zero)");
        }
        return nanos;
    }

    private static long atLeast(String name, Duration value, Duration floor) {
        long nanos = nonNegative(name, value);
        if (value.compareTo(floor) < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be at least " + floor + ")");
        }
        return nanos;
    }
}

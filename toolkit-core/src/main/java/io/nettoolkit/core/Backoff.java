package io.nettoolkit.core;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before trying again: one pure function of the attempt, the wait before it and a random source.
 *
 * <pre>{@code
 * Backoff backoff = Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10)).withJitter(0.5);
 * long waitNanos = 0;
 * for (int attempt = 1; (waitNanos = backoff.delayNanos(attempt, waitNanos, random)) != Backoff.STOP; attempt++) {
 *     …
 * }
 * }</pre>
 *
 * <p>Retrying without any delay turns a short outage into a long one; where several callers share a peer, jitter keeps
 * them from coming back all at once.
 *
 * <p><b>Threading.</b> The ones made here are immutable, stateless and comparable; share them freely. Randomness comes
 * in as an argument, so each caller can use its own source.
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
     * @return nanoseconds to wait, 0 for none, {@link #STOP} (or anything negative) to give up
     */
    long delayNanos(int attempt, long previousNanos, RandomGenerator random);

    /**
     * The same wait every time.
     *
     * @param delay 0 for none; more than 73 years is cut to that, here and below
     */
    static Backoff fixed(Duration delay) {
        return new Backoffs.Fixed(Backoffs.nonNegative("delay", delay));
    }

    /**
     * Doubles from {@code initial} up to {@code max}.
     *
     * @param initial the first wait, more than zero
     * @param max the longest wait, at least {@code initial}
     */
    static Backoff exponential(Duration initial, Duration max) {
        return new Backoffs.Exponential(
                Backoffs.positive("initial", initial), Backoffs.atLeast("max", max, "initial", initial));
    }

    /**
     * A random wait between {@code base} and three times the wait before, at most {@code max}: spreads callers that
     * failed together better than any fixed growth.
     *
     * @param base the shortest wait, more than zero
     * @param max the longest wait, at least {@code base}
     */
    static Backoff decorrelatedJitter(Duration base, Duration max) {
        return new Backoffs.DecorrelatedJitter(
                Backoffs.positive("base", base), Backoffs.atLeast("max", max, "base", base));
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
        return new Backoffs.Jittered(this, fraction);
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
        return new Backoffs.Limited(this, maxAttempts);
    }
}

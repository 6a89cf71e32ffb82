package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.nettoolkit.resilience.internal.limit.TokenBucket;
import io.nettoolkit.resilience.internal.limit.TokenRate;
import java.time.Duration;

/**
 * One process' part of a limit, for as long as the store is away: a bucket of its own that fills up n times as slowly and
 * holds an n-th, but one permit at least. Where that is more than a {@link TokenBucket} can count, it holds what takes four
 * years to come in.
 *
 * <p>Threading: any thread; nothing blocks and nothing allocates.
 */
final class LocalShare {

    private static final Duration LONGEST_PERIOD = Duration.ofDays(365);

    /** What a {@link TokenRate} takes. */
    private static final long MOST_PER_NANO = 8;

    private final TimeSource timeSource;
    private final TokenBucket bucket;

    /** The share of one of {@code nodes}. */
    LocalShare(Limit whole, int nodes, TimeSource timeSource) {
        this.timeSource = timeSource;
        long perNanos = whole.period().toNanos();
        long permits = whole.permits();
        boolean divides = permits >= nodes && permits % nodes == 0;
        // A longer period divides what fewer permits would round.
        if (!divides && whole.period().multipliedBy(nodes).compareTo(LONGEST_PERIOD) <= 0) {
            perNanos *= nodes;
        } else {
            permits = Math.max(1, permits / nodes);
        }
        permits = Math.min(permits, Math.multiplyExact(MOST_PER_NANO, perNanos));
        long burst = Math.min(Math.max(1, whole.burst() / nodes), TokenRate.maxBurst(permits, perNanos));
        long nowNanos = timeSource.nanoTime();
        bucket = TokenBucket.of(new TokenRate(permits, perNanos, nowNanos), burst, nowNanos);
    }

    /** Takes so many permits or none. */
    boolean tryTake(long permits) {
        return bucket.tryTake(permits, timeSource.nanoTime());
    }

    /** How many are free. */
    long remaining() {
        return bucket.free(timeSource.nanoTime());
    }

    /** Whether there can ever be so many. */
    boolean canHold(long permits) {
        return permits <= bucket.capacity();
    }

    /** How long until so many are free, where there can be. */
    long waitNanos(long permits) {
        return bucket.take(permits, timeSource.nanoTime(), -1);
    }
}

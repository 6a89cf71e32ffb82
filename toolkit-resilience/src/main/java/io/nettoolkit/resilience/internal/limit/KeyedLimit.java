package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.KeyedRateLimiter;
import io.nettoolkit.resilience.internal.StripedCounters;
import java.time.Duration;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A table of buckets, the hash that leads there, and counters.
 *
 * <p>Threading: any thread.
 *
 * @param <K> the keys
 */
public final class KeyedLimit<K> {

    private static final int GRANTED = 0;
    private static final int REFUSED = 1;
    private static final int SHARED = 2;

    private final KeyTable table;
    private final KeyHash seeded;
    private final @Nullable ToLongFunction<? super K> hash;
    private final StripedCounters counters = new StripedCounters(3);

    /**
     * Over a table.
     *
     * @param hash the user's; null for the built-in one
     * @param seed0 one half of the secret
     * @param seed1 the other
     */
    public KeyedLimit(KeyTable table, @Nullable ToLongFunction<? super K> hash, long seed0, long seed1) {
        JfrEvents.register();
        this.table = table;
        this.hash = hash;
        seeded = new KeyHash(seed0, seed1);
    }

    /** Takes permits of the key. */
    public boolean tryTake(K key, long permits, long nowNanos) {
        switch (table.take(hash(key), permits, nowNanos)) {
            case TAKEN -> {
                counters.add(GRANTED, permits);
                return true;
            }
            case TAKEN_SHARED -> {
                counters.add(GRANTED, permits);
                counters.increment(SHARED);
                return true;
            }
            case REFUSED_SHARED -> {
                counters.increment(REFUSED);
                counters.increment(SHARED);
                return false;
            }
            default -> {
                counters.increment(REFUSED);
                return false;
            }
        }
    }

    /** How long until so many permits are free. */
    public long waitNanos(K key, long permits, long nowNanos) {
        return table.waitNanos(hash(key), permits, nowNanos);
    }

    private long hash(K key) {
        Objects.requireNonNull(key, "key: must not be null");
        return hash == null ? seeded.of(key) : seeded.ofNumber(hash.applyAsLong(key));
    }

    /** What was counted. */
    public KeyedRateLimiter.Stats stats(long nowNanos) {
        return new KeyedRateLimiter.Stats(
                counters.sum(GRANTED),
                counters.sum(REFUSED),
                counters.sum(SHARED),
                table.busy(nowNanos),
                table.memoryBytes());
    }

    /** A refusal in words; the key is not among them, for it may be a secret. */
    public RejectedException rejected(String name, Duration retryAfter, String shape) {
        return new RejectedException(name, Reason.RATE_LIMITED, retryAfter, "1 of " + shape);
    }
}

package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.store.InProcessTokenStore;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * Where the {@link DistributedRateLimiter}s of many processes keep one limit together. Implement it for a store that the
 * toolkit has no adapter for; {@code io.nettoolkit.resilience.redis.RedisTokenStore} is the one for Redis.
 *
 * <pre>{@code
 * TokenStore store = TokenStore.inProcess(); // for tests and for a single process
 * store.take("orders", new TokenStore.Limit(100, Duration.ofSeconds(1), 100), 1, 1, deadline);
 * }</pre>
 *
 * <p><b>Threading.</b> Called by any thread, event loops among them, and so must not block; by one limiter at most once at a
 * time for a key.
 *
 * <p><b>Failure.</b> The stage fails, or never completes, or the method throws: a limiter bears all three. A limiter that has
 * waited long enough cancels the stage, if it is a {@link java.util.concurrent.Future}.
 *
 * <p><b>Sources.</b> The generic cell rate algorithm, ITU-T I.371.
 */
@FunctionalInterface
public interface TokenStore {

    /**
     * Takes whole units out of a bucket that fills up by {@code limit}, in one atomic step: as many as there are, at most
     * {@code count}. The store's own clock counts, so that processes whose clocks differ share one limit.
     *
     * @param key which bucket
     * @param limit how it fills up; the same for every caller of the key
     * @param unit permits in a unit, 1 to the limit's burst
     * @param count units wanted, 0 to take none and see how things are
     * @param deadline when the caller stops waiting
     */
    CompletionStage<Grant> take(String key, Limit limit, long unit, long count, Deadline deadline);

    /** A store in this process, on the system clock. It keeps as many buckets as there are keys in use. */
    static TokenStore inProcess() {
        return inProcess(TimeSource.system());
    }

    /** A store in this process, on the given clock. */
    static TokenStore inProcess(TimeSource timeSource) {
        return new InProcessTokenStore(Objects.requireNonNull(timeSource, "timeSource: must not be null"));
    }

    /**
     * How a bucket fills up.
     *
     * @param permits so many, 1 or more
     * @param period in this time, which counts in whole microseconds
     * @param burst the most it holds, 1 or more. Burst times microseconds has to stay below 2^52, because stores such as
     *     Redis count in doubles
     */
    record Limit(long permits, Duration period, long burst) {

        private static final long EXACT_IN_DOUBLES = 1L << 52;
        private static final long NANOS_IN_MICRO = 1_000;

        public Limit {
            Check.between("permits", permits, 1, EXACT_IN_DOUBLES);
            Check.between("burst", burst, 1, EXACT_IN_DOUBLES);
            long micros = Check.positiveNanos("period", period) / NANOS_IN_MICRO;
            if (micros == 0) {
                throw new IllegalArgumentException("period: " + period + " (must be 1 microsecond or more)");
            }
            if (burst > EXACT_IN_DOUBLES / micros) {
                throw new IllegalArgumentException("burst: " + burst + " (must be at most " + EXACT_IN_DOUBLES / micros
                        + " with a period of " + period + ")");
            }
        }

        /** The period in whole microseconds. */
        public long periodMicros() {
            return period.toNanos() / NANOS_IN_MICRO;
        }
    }

    /**
     * What came out.
     *
     * @param granted units taken, 0 to the count asked for
     * @param remaining permits left in the bucket
     * @param retryAfter when there will be one unit more, if nobody else takes any; zero where all were granted
     * @param resetAfter when the bucket will be full again, likewise
     */
    record Grant(long granted, long remaining, Duration retryAfter, Duration resetAfter) {
        public Grant {
            Objects.requireNonNull(retryAfter, "retryAfter: must not be null");
            Objects.requireNonNull(resetAfter, "resetAfter: must not be null");
        }
    }
}

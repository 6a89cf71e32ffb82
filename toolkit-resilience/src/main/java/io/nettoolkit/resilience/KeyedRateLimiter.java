package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.FailureText;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import io.nettoolkit.resilience.internal.limit.KeyTable;
import io.nettoolkit.resilience.internal.limit.KeyedLimit;
import io.nettoolkit.resilience.internal.limit.TokenRate;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One token bucket per key, such as a client's address or a user's name, in a fixed amount of memory whatever the keys are.
 *
 * <pre>{@code
 * KeyedRateLimiter<InetAddress> perClient = KeyedRateLimiter.<InetAddress>builder(10, Duration.ofSeconds(1))
 *         .burst(20)
 *         .maxKeys(1_000_000)
 *         .build();
 *
 * boolean admitted = perClient.tryAcquire(client.getAddress());
 * }</pre>
 *
 * <p><b>Memory.</b> 36 bytes per key of {@link Builder#maxKeys}, taken when it is built and never more. A key that has not
 * been used for as long as its bucket takes to fill up leaves no trace: its bucket is full, as that of a key never seen.
 *
 * <p><b>When it is full.</b> Keys whose bucket is not full need a place. If there are more of them than places, those that
 * come last share a few buckets: each then gets less than its limit, never more, and {@link Stats#shared} counts their calls.
 * With {@code maxKeys} keys in use at once next to none has to share; with 1.4 times as many about one call in 300 is
 * decided so.
 *
 * <p><b>Identity.</b> A key is known by 64 bits of a hash that is seeded at random: SipHash-1-3 of the characters of a
 * {@link CharSequence}, the bytes of an {@link InetAddress} (without a scope) or of a {@code byte[]}, not of their
 * {@code hashCode}. Another type needs a {@link Builder#hash}. Two keys with the same 64 bits share a bucket: among a
 * million keys in use at once the odds for any such pair are 1 in 37 million, and nobody outside can choose keys that do.
 *
 * <p><b>Threading.</b> Any thread; a key that has an entry, and every refusal, is decided without locks. Allocates nothing, but
 * for the JDK's copy of an IPv6 address.
 *
 * <p><b>Life cycle.</b> There is nothing to close.
 *
 * <p><b>Failure.</b> "No" is an answer. What the user's hash throws reaches the caller.
 *
 * <p><b>Sources.</b> ITU-T I.371 (the generic cell rate algorithm); Aumasson and Bernstein, "SipHash", 2012.
 *
 * @param <K> the keys
 */
public final class KeyedRateLimiter<K> {

    private final KeyedLimit<K> limit;
    private final String name;
    private final TimeSource timeSource;
    private final boolean shadow;
    private final String shape;
    private final Timers timers = new Timers(null);

    private KeyedRateLimiter(Builder<K> builder) {
        name = builder.name;
        timeSource = builder.timeSource;
        shadow = builder.shadow;
        SecureRandom random = new SecureRandom();
        TokenRate rate = new TokenRate(builder.permits, builder.perNanos, timeSource.nanoTime());
        limit = new KeyedLimit<>(
                new KeyTable(rate, builder.burst, builder.maxKeys), builder.hash, random.nextLong(), random.nextLong());
        shape = builder.permits + " per " + FailureText.of(Duration.ofNanos(builder.perNanos)) + ", burst "
                + builder.burst + ", maxKeys " + builder.maxKeys;
    }

    /**
     * Begins with the rate of each key.
     *
     * @param permits 1 or more; at most 8 per nanosecond
     * @param per more than zero, at most 365 days
     */
    public static <K> Builder<K> builder(long permits, Duration per) {
        return new Builder<>(permits, per);
    }

    /** What it is called in messages, events and metrics. */
    public String name() {
        return name;
    }

    /** Takes a permit of the key, if one is free. */
    public boolean tryAcquire(K key) {
        return limit.tryTake(key, 1, timeSource.nanoTime()) || isLetThrough();
    }

    /**
     * Takes permits of the key, all or none.
     *
     * @param permits 1 or more; more than the burst are never free
     */
    public boolean tryAcquire(K key, long permits) {
        return limit.tryTake(key, positive(permits), timeSource.nanoTime()) || isLetThrough();
    }

    /** Whether who got no permit goes ahead all the same; a recording hears of who does not. */
    private boolean isLetThrough() {
        if (!shadow) {
            JfrEvents.policyShed(name, Reason.RATE_LIMITED.name());
        }
        return shadow;
    }

    /** When a permit of the key is free, in nanoseconds from now: 0 for now. */
    public long retryAfterNanos(K key) {
        return limit.waitNanos(key, 1, timeSource.nanoTime());
    }

    /**
     * When so many permits of the key are free, in nanoseconds from now: 0 for now, {@link Long#MAX_VALUE} for never.
     *
     * @param permits 1 or more
     */
    public long retryAfterNanos(K key, long permits) {
        return limit.waitNanos(key, positive(permits), timeSource.nanoTime());
    }

    /**
     * Makes a call that costs the key one permit.
     *
     * @throws RejectedException when there is none, and the call was not made
     */
    public <T extends @Nullable Object> T execute(K key, Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        if (!tryAcquire(key)) {
            throw rejected(key);
        }
        return call.call();
    }

    /**
     * Starts a call that costs the key one permit. Where there is none, the call is not made and the future fails with a
     * {@link RejectedException}. A supplier that throws or answers null fails the future; its permit is gone.
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(
            K key, Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        boolean admitted = tryAcquire(key);
        EventExecutor loop = timers.loop();
        return admitted
                ? GuardedCall.start(call, loop, GuardedCall.End.NOTHING)
                : ToolkitFuture.failed(loop, rejected(key));
    }

    private RejectedException rejected(K key) {
        return limit.rejected(name, Duration.ofNanos(retryAfterNanos(key)), shape);
    }

    private static long positive(long permits) {
        if (permits < 1) {
            throw new IllegalArgumentException("permits: " + permits + " (must be 1 or more)");
        }
        return permits;
    }

    /** What it did so far. Reads the whole table to count the keys. */
    public Stats stats() {
        return limit.stats(timeSource.nanoTime());
    }

    @Override
    public String toString() {
        return "KeyedRateLimiter[name=" + name + ", " + shape + (shadow ? ", shadow" : "") + "]";
    }

    /**
     * What a limiter did since it was built.
     *
     * @param granted permits taken
     * @param refused calls that got none; in shadow mode those that would have got none
     * @param shared calls, of all, that were decided by a bucket which several keys share
     * @param keys keys that have a place and whose bucket is not full
     * @param memoryBytes what it takes
     */
    public record Stats(long granted, long refused, long shared, long keys, long memoryBytes) {}

    /**
     * Puts a limiter together.
     *
     * <p><b>Threading.</b> A builder belongs to one thread.
     *
     * @param <K> the keys
     */
    public static final class Builder<K> {

        private final long permits;
        private final long perNanos;
        private long burst;
        private int maxKeys = 100_000;
        private @Nullable ToLongFunction<? super K> hash;
        private String name = "keyed-rate-limiter";
        private TimeSource timeSource = TimeSource.system();
        private boolean shadow;

        private Builder(long permits, Duration per) {
            perNanos = Check.positiveNanos("per", per);
            this.permits = Check.between("permits", permits, 1, perNanos * 8);
            burst = permits;
        }

        /**
         * How many unused permits of a key are kept, which is also the most that one call may cost. Default: the permits of
         * one period. It must not take more than about four years to come in.
         */
        public Builder<K> burst(long burst) {
            this.burst = Check.between("burst", burst, 1, TokenRate.maxBurst(permits, perNanos));
            return this;
        }

        /**
         * How many keys have a bucket of their own at once; each takes 36 bytes. Keys whose bucket is full do not count, so
         * this is about the number of clients that come within the time a bucket takes to fill. Default 100,000.
         */
        public Builder<K> maxKeys(int keys) {
            maxKeys = (int) Check.between("maxKeys", keys, 1, KeyTable.MAX_KEYS);
            return this;
        }

        /**
         * What tells keys apart: 64 bits, the same for the same key, and seldom the same for different ones (a user's number
         * as it is, or a good hash; not a {@code hashCode}, whose 32 bits are the same for some pair among 80,000 keys). They
         * are spread with a secret seed. Default: the built-in hash for {@link CharSequence}, {@link InetAddress} and
         * {@code byte[]}.
         */
        public Builder<K> hash(ToLongFunction<? super K> hash) {
            this.hash = Objects.requireNonNull(hash, "hash: must not be null");
            return this;
        }

        /** What it is called in messages, events and metrics. Default "keyed-rate-limiter". */
        public Builder<K> name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder<K> timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Whether it only counts what it would refuse, and lets all through. Default false. */
        public Builder<K> shadow(boolean shadow) {
            this.shadow = shadow;
            return this;
        }

        /** The limiter. */
        public KeyedRateLimiter<K> build() {
            return new KeyedRateLimiter<>(this);
        }
    }
}

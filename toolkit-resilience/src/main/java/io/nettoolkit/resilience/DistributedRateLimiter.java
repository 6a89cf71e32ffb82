package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.store.DecidedCall;
import io.nettoolkit.resilience.internal.store.StoreLimiter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One rate limit that many processes keep together, in a {@link TokenStore} such as Redis.
 *
 * <pre>{@code
 * DistributedRateLimiter limiter = DistributedRateLimiter.builder(
 *                 store, "orders", 100, Duration.ofSeconds(1), Outage.localShare(4))
 *         .burst(20)
 *         .build();
 * limiter.tryAcquire().thenAccept(decision -> {
 *     if (decision.granted()) {
 *         answer(request);
 *     } else {
 *         refuse(request, decision.retryAfter());
 *     }
 * });
 * }</pre>
 *
 * <p><b>Exact or leased.</b> By default every decision is the store's: one round trip, shared by all who ask meanwhile, and
 * over any time no more permits than the limit allows are granted by all processes together. With {@link Builder#leased} a
 * process borrows several permits at once and spends them by itself: that is many times faster, and still never more in
 * total, because borrowed permits are spent in the store at once. What it costs is that permits borrowed and not spent within
 * a second are lost, and that a burst may come a lease later than it was paid for.
 *
 * <p><b>When the store is away</b>, slow or answers nonsense, the {@link Outage} given to the builder decides. A caller waits
 * for the store for {@link Builder#storeTimeout} at most; after three failed calls in a row nobody waits, and the store is
 * probed in the background, at first every 100 ms, later every 5 s. After a refusal of the store no caller asks again until
 * there can be a permit.
 *
 * <p><b>Threading.</b> Any thread may call every method, and only {@link #execute} waits, which refuses event loops. A
 * decision that had to be asked for arrives on the caller's event loop, or on a shared one. A builder belongs to one thread.
 *
 * <p><b>Life cycle.</b> One per key and process. There is nothing to close; the store stays its owner's.
 *
 * <p><b>Failure.</b> {@link #tryAcquire} never fails because of the store: its decision says by its {@link Source} who made
 * it. {@link #execute} throws, and {@link #executeAsync} fails with, a {@link RejectedException} of reason
 * {@link Reason#RATE_LIMITED} when the decision is no.
 *
 * <p><b>Sources.</b> The generic cell rate algorithm, ITU-T I.371.
 */
public final class DistributedRateLimiter {

    private final String name;
    private final long burst;
    private final StoreLimiter limiter;
    private final Timers timers;
    private final String description;

    private DistributedRateLimiter(Builder builder) {
        name = builder.name;
        burst = builder.burst;
        description = builder.toString();
        timers = new Timers(builder.scheduler);
        limiter = new StoreLimiter(
                new StoreLimiter.Settings(
                        builder.name,
                        builder.store,
                        builder.key,
                        builder.limit(),
                        builder.outage.nodes,
                        builder.maxLease,
                        builder.storeTimeoutNanos,
                        builder.maxPending),
                builder.listener,
                builder.timeSource,
                timers,
                builder.random);
    }

    /**
     * Begins with exact decisions and a burst of as many as {@code permits}.
     *
     * @param store where the limit is kept
     * @param key what the limit is called there: every process with the same key shares it, and has to give the same numbers
     * @param permits so many, 1 or more
     * @param per in this time, more than zero
     * @param outage what to do while the store does not answer
     */
    public static Builder builder(TokenStore store, String key, long permits, Duration per, Outage outage) {
        return new Builder(store, key, permits, per, outage);
    }

    /** As {@link #tryAcquire(long)} with one permit. */
    public CompletableFuture<Decision> tryAcquire() {
        return tryAcquire(1);
    }

    /**
     * Asks for permits, all or none, and never waits for any to come free.
     *
     * @param permits 1 to the burst
     * @return complete already where the decision needs no store; cancelling it does not give permits back
     */
    public CompletableFuture<Decision> tryAcquire(long permits) {
        Check.between("permits", permits, 1, burst);
        return limiter.tryAcquire(permits);
    }

    /**
     * Spends borrowed permits without waiting and without an allocation. When there are not enough, it answers false and
     * borrows more in the background: ask again, or with {@link #tryAcquire}. While the store is away the {@link Outage}
     * decides here too.
     *
     * @param permits 1 to the burst
     * @throws IllegalStateException when this limiter does not borrow: see {@link Builder#leased}
     */
    public boolean tryAcquireNow(long permits) {
        Check.between("permits", permits, 1, burst);
        return limiter.tryAcquireNow(permits);
    }

    /**
     * Makes the call on this thread if a permit is granted; waits for the decision, not for a permit.
     *
     * @throws RejectedException when it is not
     * @throws IllegalStateException on an event loop, where the decision would have to be waited for
     */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        BlockingCheck.refuseOnEventLoop("DistributedRateLimiter.execute", "executeAsync");
        CompletableFuture<Decision> asked = tryAcquire(1);
        Decision decision;
        try {
            decision = asked.get();
        } catch (InterruptedException interrupted) {
            asked.cancel(true);
            throw interrupted;
        } catch (ExecutionException failure) {
            throw new IllegalStateException("a decision of " + name + " failed", failure.getCause());
        }
        if (!decision.granted()) {
            throw rejected(decision);
        }
        return call.call();
    }

    /**
     * Makes the call if a permit is granted; otherwise the future fails with a {@link RejectedException}. Where the decision
     * had to be asked for, the call is made on the event loop on which it arrives.
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        return DecidedCall.start(tryAcquire(1), call, this::rejected, timers.loop());
    }

    private RejectedException rejected(Decision decision) {
        String detail = decision.source() == Source.FALLBACK
                ? "the token store is away, and this is what was chosen for that case"
                : "the limit is used up";
        return new RejectedException(name, Reason.RATE_LIMITED, decision.retryAfter(), detail);
    }

    /** What happened so far; each decision is counted once. */
    public Stats stats() {
        return limiter.stats();
    }

    @Override
    public String toString() {
        return description;
    }

    /** Who made a decision. */
    public enum Source {
        /** The store, asked for it. */
        STORE,
        /** Permits borrowed before. */
        LEASE,
        /** An earlier refusal of the store, which still holds. */
        CACHE,
        /** The {@link Outage} chosen, because the store did not answer. */
        FALLBACK
    }

    /**
     * An answer.
     *
     * @param granted whether the permits are the caller's
     * @param remaining permits left where the decision was made: in the store's bucket, in the lease, in the local share
     * @param retryAfter when asking again makes sense; zero where granted, or not known
     * @param source who made it
     */
    public record Decision(boolean granted, long remaining, Duration retryAfter, Source source) {}

    /**
     * Figures of a limiter.
     *
     * @param grantedByStore decisions
     * @param grantedFromLease decisions
     * @param grantedByFallback decisions
     * @param refusedByStore decisions
     * @param refusedFromCache decisions
     * @param refusedByFallback decisions
     * @param storeCalls calls made, probes included
     * @param storeFailures those that failed, were late or answered nonsense
     * @param unspent permits that came from the store and were not used
     * @param storeAway whether the store counts as away now
     */
    public record Stats(
            long grantedByStore,
            long grantedFromLease,
            long grantedByFallback,
            long refusedByStore,
            long refusedFromCache,
            long refusedByFallback,
            long storeCalls,
            long storeFailures,
            long unspent,
            boolean storeAway) {}

    /** Hears of rare events, on the thread that notices them: do not block it. */
    public interface Listener {
        /** The store does not answer; decisions are local from now on. */
        default void onStoreLost(Throwable cause) {}

        /** It answers again. */
        default void onStoreBack() {}
    }

    /** What decides while the store does not answer. */
    public static final class Outage {

        private static final int OPEN = 0;
        private static final int CLOSED = -1;

        private final int nodes;

        private Outage(int nodes) {
            this.nodes = nodes;
        }

        /** Everything is granted: the limit protects less than the service is worth. */
        public static Outage failOpen() {
            return new Outage(OPEN);
        }

        /** Everything is refused: nothing may ever go over the limit. */
        public static Outage failClosed() {
            return new Outage(CLOSED);
        }

        /**
         * Each process grants its part of the limit by itself. A call that asks for more than the part holds is refused.
         *
         * @param nodes how many processes share the limit, 1 or more
         */
        public static Outage localShare(int nodes) {
            return new Outage(Check.atLeast("nodes", nodes, 1));
        }

        @Override
        public String toString() {
            return switch (nodes) {
                case OPEN -> "failOpen";
                case CLOSED -> "failClosed";
                default -> "localShare(" + nodes + ")";
            };
        }
    }

    /** Options of a limiter. */
    public static final class Builder {

        private static final Listener NOBODY = new Listener() {};

        private final TokenStore store;
        private final String key;
        private final long permits;
        private final Duration per;
        private final Outage outage;
        private String name = "distributed-rate-limiter";
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private Listener listener = NOBODY;
        private long burst;
        private long maxLease;
        private long storeTimeoutNanos = Duration.ofMillis(20).toNanos();
        private int maxPending = 10_000;

        private Builder(TokenStore store, String key, long permits, Duration per, Outage outage) {
            this.store = Objects.requireNonNull(store, "store: must not be null");
            this.key = Objects.requireNonNull(key, "key: must not be null");
            if (key.isBlank()) {
                throw new IllegalArgumentException("key: \"" + key + "\" (must not be blank)");
            }
            this.permits = new TokenStore.Limit(permits, per, 1).permits();
            this.per = per;
            this.outage = Objects.requireNonNull(outage, "outage: must not be null");
            burst = permits;
        }

        /** What messages, events and metrics call it; by default {@code distributed-rate-limiter}. */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** The most permits that can be had at once after a rest, 1 or more; by default as many as in one period. */
        public Builder burst(long burst) {
            this.burst = Check.between("burst", burst, 1, Long.MAX_VALUE);
            return this;
        }

        /**
         * Borrows up to so many permits at once and spends them by itself; how many follows from the demand, so that the store
         * is asked once in 10 to 50 ms. By default nothing is borrowed. A quarter of the burst, divided by the number of
         * processes, leaves something for each of them.
         *
         * @param maxPermits 1 to the burst
         */
        public Builder leased(long maxPermits) {
            maxLease = Check.between("maxPermits", maxPermits, 1, Long.MAX_VALUE);
            return this;
        }

        /** How long a caller waits for the store at most; more than zero, by default 20 ms. */
        public Builder storeTimeout(Duration storeTimeout) {
            storeTimeoutNanos = Check.positiveNanos("storeTimeout", storeTimeout);
            return this;
        }

        /** How many callers may wait for the store; for more, the outage decides. 1 or more, by default 10,000. */
        public Builder maxPending(int maxPending) {
            this.maxPending = Check.atLeast("maxPending", maxPending, 1);
            return this;
        }

        /** Who hears of the store's coming and going; by default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** Where deadlines run; by default the calling event loop, or a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /** Where the jitter of probes comes from, used by several threads; by default the thread's own. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The clock, by default {@link TimeSource#system()}; for tests. The store has its own. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        private TokenStore.Limit limit() {
            return new TokenStore.Limit(permits, per, burst);
        }

        /** The limiter. */
        public DistributedRateLimiter build() {
            if (maxLease > burst) {
                throw new IllegalArgumentException(
                        "maxPermits: " + maxLease + " (must be at most the burst, " + burst + ")");
            }
            limit();
            return new DistributedRateLimiter(this);
        }

        @Override
        public String toString() {
            return "DistributedRateLimiter[" + name + ", key " + key + ", " + permits + " per " + per + ", burst "
                    + burst
                    + (maxLease == 0 ? ", exact" : ", leased " + maxLease) + ", " + outage + ", storeTimeout "
                    + Duration.ofNanos(storeTimeoutNanos) + ", maxPending " + maxPending + "]";
        }
    }
}

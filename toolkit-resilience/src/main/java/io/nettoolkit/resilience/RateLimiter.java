package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.FailureText;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.limit.AllLimits;
import io.nettoolkit.resilience.internal.limit.FixedWindow;
import io.nettoolkit.resilience.internal.limit.LeasedBucket;
import io.nettoolkit.resilience.internal.limit.Limit;
import io.nettoolkit.resilience.internal.limit.Limiter;
import io.nettoolkit.resilience.internal.limit.LimiterOptions;
import io.nettoolkit.resilience.internal.limit.SlidingCounter;
import io.nettoolkit.resilience.internal.limit.SlidingLog;
import io.nettoolkit.resilience.internal.limit.TokenBucket;
import io.nettoolkit.resilience.internal.limit.TokenRate;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many permits through in a time. A call costs one permit or more.
 *
 * <pre>{@code
 * RateLimiter limiter = RateLimiter.tokenBucket(1000, Duration.ofSeconds(1)).burst(50).name("search").build();
 *
 * if (!limiter.tryAcquire()) {
 *     return busy(limiter.retryAfterNanos(1));
 * }
 * }</pre>
 *
 * <p>Which one:
 * <ul>
 *   <li>{@link #tokenBucket}: the usual choice. A steady rate, and a burst of what was not used.
 *   <li>{@link #leakyBucket}: calls evenly spaced, without a burst. Made for {@link #reserve} and {@link #acquire}, which
 *       tell a call when its turn is.
 *   <li>{@link #fixedWindow}: "1000 per minute" as quotas are often written; twice as many may pass around the end of a minute.
 *   <li>{@link #slidingWindowLog}: never more in any span of the window's length, exactly; takes 8 bytes per permit.
 *   <li>{@link #slidingWindowCounter}: about the same from two counts.
 *   <li>{@link #allOf}: several limits at once.
 * </ul>
 *
 * <p>Permits come in order: whoever asks to wait is promised the next free moment, and nobody is promised an earlier one
 * afterwards. One call may cost as much as the burst, or as a window's limit; more is refused for ever
 * ({@link #retryAfterNanos} answers {@link Long#MAX_VALUE}).
 *
 * <p><b>Threading.</b> Any thread. {@code tryAcquire}, {@code reserve}, {@code retryAfterNanos} and {@code cancel} return at
 * once and allocate nothing; a refusal writes to nothing that threads share.
 *
 * <p><b>Life cycle.</b> There is nothing to close. Not meant to be implemented elsewhere.
 *
 * <p><b>Failure.</b> "No" is an answer of the primitives; {@code execute}, {@code acquire} and their like report it as a
 * {@link RejectedException} with the time to wait.
 *
 * <p><b>Sources.</b> ITU-T I.371 (the generic cell rate algorithm); golang.org/x/time/rate for what a cancel gives back.
 */
public interface RateLimiter {

    /**
     * A token bucket: permits come in at a steady rate, and up to {@link TokenBucketBuilder#burst} of them are kept.
     *
     * @param permits 1 or more; at most 8 per nanosecond
     * @param per more than zero, at most 365 days
     */
    static TokenBucketBuilder tokenBucket(long permits, Duration per) {
        return new TokenBucketBuilder(permits, per);
    }

    /**
     * A leaky bucket as a queue: calls are spaced evenly, and one that comes too soon is told how long to wait. A call that
     * costs more makes the next ones wait longer.
     *
     * @param permits 1 or more; at most 8 per nanosecond
     * @param per more than zero, at most 365 days
     */
    static WindowBuilder leakyBucket(long permits, Duration per) {
        return new WindowBuilder("leaky bucket", permits, per, Long.MAX_VALUE, TokenBucket::spaced);
    }

    /**
     * So many permits in each window. Windows follow one another from the moment the limiter is built.
     *
     * @param permits 1 or more; at most 8 per nanosecond
     * @param window more than zero, at most 365 days
     */
    static WindowBuilder fixedWindow(long permits, Duration window) {
        return new WindowBuilder("fixed window", permits, window, Long.MAX_VALUE, FixedWindow::new);
    }

    /**
     * So many permits in any span of the window's length, exactly.
     *
     * @param permits 1 to 16,777,216; each takes 8 bytes
     * @param window more than zero, at most 365 days
     */
    static WindowBuilder slidingWindowLog(long permits, Duration window) {
        return new WindowBuilder("sliding window log", permits, window, SlidingLog.MAX_LIMIT, SlidingLog::new);
    }

    /**
     * So many permits in any span of the window's length, as far as can be told from the counts of two fixed windows: those
     * of the earlier one are taken as evenly spread.
     *
     * @param permits 1 or more; at most 4,194,303, and for windows below a minute fewer (about 500,000 for a second)
     * @param window more than zero, at most 365 days
     */
    static WindowBuilder slidingWindowCounter(long permits, Duration window) {
        long most = SlidingCounter.maxLimit(Check.positiveNanos("window", window));
        return new WindowBuilder("sliding window counter", permits, window, most, SlidingCounter::new);
    }

    /**
     * Admits what all of them admit; what some have given when another refuses is given back. They may be used on their own
     * as well, and count what they decide here, too. The name is that of the first.
     *
     * <p>Together they promise no later moment: {@link #reserve} answers 0 or -1, and whoever waits tries again when the
     * slowest may have room, in about the order of asking.
     *
     * @param limiters made by this interface's factories on the same clock; 1 to 64. The one that refuses most comes best
     *     first
     */
    static RateLimiter allOf(RateLimiter... limiters) {
        return AllLimits.limiterOf(limiters);
    }

    /** What it is called in messages, events and metrics. */
    String name();

    /** Takes a permit, if one is free. */
    boolean tryAcquire();

    /**
     * Takes permits, all or none.
     *
     * @param permits 1 or more
     */
    boolean tryAcquire(long permits);

    /**
     * When so many permits would be free if nobody else asked, in nanoseconds from now: 0 for now, {@link Long#MAX_VALUE} for
     * never, because one call may not cost as many.
     *
     * @param permits 1 or more
     */
    long retryAfterNanos(long permits);

    /**
     * Takes permits for the earliest moment at which they are free, and tells how long that is from now: whoever calls waits
     * that long and then goes ahead, or gives them back with {@link #cancel}.
     *
     * @param permits 1 or more
     * @param maxWaitNanos what is worth waiting for; 0 for no wait at all
     * @return nanoseconds to wait, 0 or more; -1 when it would be longer than {@code maxWaitNanos}, and nothing was taken
     */
    long reserve(long permits, long maxWaitNanos);

    /**
     * Gives back permits that were taken and will not be used. What was promised to later ones on top of them is not given
     * back, nor what has come back by itself since they were due.
     *
     * @param permits as many as were taken
     * @param dueNanos the moment they were taken for, as a reading of the limiter's {@link TimeSource}: read before they were
     *     taken, and, for a reservation, the wait added
     * @return whether all of it could be given back, but for a fraction of a permit
     */
    boolean cancel(long permits, long dueNanos);

    /**
     * Waits for permits without a thread: the future completes at the moment they are promised for. Callers are served in
     * the order of asking. A cancel gives back what {@link #cancel} would.
     *
     * <p>The future fails with a {@link RejectedException}: at once with reason {@code RATE_LIMITED} where they cannot be there
     * by the deadline, or {@code PENDING_LIMIT} where {@link Builder#maxPending} callers wait already.
     *
     * @param permits 1 or more
     * @param deadline of the limiter's clock
     */
    CompletableFuture<@Nullable Void> acquire(long permits, Deadline deadline);

    /**
     * Parks the calling thread, platform or virtual, until it has the permits.
     *
     * @param permits 1 or more
     * @param deadline of the limiter's clock
     * @throws RejectedException as for {@link #acquire}
     * @throws InterruptedException what was promised has been given back
     * @throws IllegalStateException on an event loop
     */
    void acquireBlocking(long permits, Deadline deadline) throws InterruptedException;

    /**
     * Makes a call that costs one permit.
     *
     * @throws RejectedException when there is none, and the call was not made
     */
    <T extends @Nullable Object> T execute(Callable<T> call) throws Exception;

    /**
     * Starts a call that costs one permit. Where there is none, the call is not made and the future fails with a
     * {@link RejectedException}. A supplier that throws or answers null fails the future; its permit is gone.
     */
    <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call);

    /** What it did so far. */
    Stats stats();

    /**
     * What a limiter did since it was built.
     *
     * @param granted permits taken, reserved or waited for
     * @param refused calls that got none; in shadow mode those that would have got none
     * @param cancelled reservations and waits that were given up
     * @param pending callers that wait now
     */
    record Stats(long granted, long refused, long cancelled, int pending) {}

    /**
     * The options that all limiters share.
     *
     * <p><b>Threading.</b> A builder belongs to one thread.
     *
     * @param <B> the builder itself
     */
    abstract class Builder<B extends Builder<B>> {

        final long permits;
        final long perNanos;
        private final String kind;
        private String name = "rate-limiter";
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private int maxPending = 1000;
        private boolean shadow;

        Builder(String kind, long permits, Duration per, long mostPermits) {
            this.kind = kind;
            perNanos = Check.positiveNanos(kind.endsWith("bucket") ? "per" : "window", per);
            this.permits = Check.between("permits", permits, 1, Math.min(mostPermits, perNanos * 8));
        }

        abstract B self();

        abstract Limit limit(long now);

        String shape() {
            return kind + " of " + permits + " per " + FailureText.of(Duration.ofNanos(perNanos));
        }

        /** What it is called in messages, events and metrics. Default "rate-limiter". */
        public B name(String name) {
            this.name = Check.name(name);
            return self();
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public B timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return self();
        }

        /** Where {@link RateLimiter#acquire} waits. By default the calling event loop, else a shared one. */
        public B scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return self();
        }

        /**
         * How many callers may wait in {@link RateLimiter#acquire} and {@link RateLimiter#acquireBlocking}. Default 1000;
         * 0 for none, and then both refuse what is not free at once.
         */
        public B maxPending(int callers) {
            maxPending = Check.atLeast("maxPending", callers, 0);
            return self();
        }

        /** Whether it only counts what it would refuse, and lets all through without a wait. Default false. */
        public B shadow(boolean shadow) {
            this.shadow = shadow;
            return self();
        }

        /** The limiter. */
        public RateLimiter build() {
            LimiterOptions options = new LimiterOptions(name, shape(), timeSource, scheduler, maxPending, shadow);
            return new Limiter(limit(timeSource.nanoTime()), options);
        }
    }

    /** Puts together what has no options of its own. */
    final class WindowBuilder extends Builder<WindowBuilder> {

        private final Limit.Factory factory;

        private WindowBuilder(String kind, long permits, Duration per, long mostPermits, Limit.Factory factory) {
            super(kind, permits, per, mostPermits);
            this.factory = factory;
        }

        @Override
        WindowBuilder self() {
            return this;
        }

        @Override
        Limit limit(long now) {
            return factory.limit(permits, perNanos, now);
        }
    }

    /** Puts a token bucket together. */
    final class TokenBucketBuilder extends Builder<TokenBucketBuilder> {

        private long burst;
        private long leaseBatch;
        private long warmUpNanos;

        private TokenBucketBuilder(long permits, Duration per) {
            super("token bucket", permits, per, Long.MAX_VALUE);
            burst = permits;
        }

        /**
         * How many unused permits are kept, which is also the most that one call may cost. Default: the permits of one
         * period. 1 spaces calls evenly. It must not take more than about four years to come in.
         */
        public TokenBucketBuilder burst(long burst) {
            this.burst = Check.between("burst", burst, 1, TokenRate.maxBurst(permits, perNanos));
            return this;
        }

        /**
         * For a limit that many threads take from millions of times a second: each stripe of threads borrows so many permits
         * at once and spends them without a look at the clock or at the others. Never admits more than without; may
         * refuse while another stripe has permits left, for up to 100 ms. At most half of the burst is lent in all, and the
         * batch is cut accordingly; one call may cost no more than the rest. Default 0: nothing is lent.
         */
        public TokenBucketBuilder leased(long batch) {
            leaseBatch = Check.between("leased", batch, 0, Integer.MAX_VALUE);
            return this;
        }

        /**
         * How long it takes a cold limiter to get to its full rate, for a callee that has caches to fill or connections to
         * open. It is cold when it is new and when it has not been used for as long; then a permit costs three, and
         * less and less down to one. A cancel during the warm-up gives less back. Default zero: no warm-up.
         */
        public TokenBucketBuilder warmUp(Duration warmUp) {
            warmUpNanos =
                    Objects.requireNonNull(warmUp, "warmUp: must not be null").isZero()
                            ? 0
                            : Check.positiveNanos("warmUp", warmUp);
            return this;
        }

        /**
         * The limiter.
         *
         * @throws IllegalArgumentException when it should lend permits and warm up as well
         */
        @Override
        public RateLimiter build() {
            if (leaseBatch > 0 && warmUpNanos > 0) {
                throw new IllegalArgumentException("leased: " + leaseBatch
                        + " (must be 0 with a warmUp: what is lent costs the same at all times)");
            }
            return super.build();
        }

        @Override
        TokenBucketBuilder self() {
            return this;
        }

        @Override
        Limit limit(long now) {
            TokenRate rate = new TokenRate(permits, perNanos, now);
            if (leaseBatch > 0) {
                return LeasedBucket.of(rate, burst, leaseBatch, now);
            }
            return warmUpNanos > 0
                    ? TokenBucket.warmingUp(rate, burst, warmUpNanos, now)
                    : TokenBucket.of(rate, burst, now);
        }

        @Override
        String shape() {
            return super.shape() + ", burst " + burst + (leaseBatch > 0 ? ", leased " + leaseBatch : "")
                    + (warmUpNanos > 0 ? ", warm-up " + FailureText.of(Duration.ofNanos(warmUpNanos)) : "");
        }
    }
}

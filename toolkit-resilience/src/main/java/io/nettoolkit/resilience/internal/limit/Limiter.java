package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.RateLimiter;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * A limit with a clock, counters and callers that wait.
 *
 * There is no queue. Whoever waits has been promised the permits of a moment, in the order of asking, and needs no more than
 * a timer for it; who could not be served by its deadline is refused at once and takes nothing. The number of those who
 * wait is bounded. A cancel gives back what the limit lets it (Limit.cancel).
 *
 * Several limits at once promise nothing (AllLimits): there a waiter tries again when the slowest limit says it may, and
 * gives up at its deadline.
 */
/**
 * The one implementation of {@link RateLimiter}.
 *
 * <p>Threading: any thread.
 */
public final class Limiter implements RateLimiter {

    /** How a thread waits; a test lets virtual time pass instead. */
    @FunctionalInterface
    interface Parking {
        void park(Object blocker, long nanos);
    }

    private static final int GRANTED = 0;
    private static final int REFUSED = 1;
    private static final int CANCELLED = 2;

    private final Limit limit;
    private final LimiterOptions options;
    private final TimeSource time;
    private final boolean shadow;
    private final boolean leased;
    private final Timers timers;
    private final StripedCounters counters = new StripedCounters(3);
    private final AtomicInteger pending = new AtomicInteger();
    private final Parking parking;

    /** A limiter on the limit, which belongs to it from now on. */
    public Limiter(Limit limit, LimiterOptions options) {
        this(limit, options, LockSupport::parkNanos);
    }

    Limiter(Limit limit, LimiterOptions options, Parking parking) {
        JfrEvents.register();
        this.limit = limit;
        this.options = options;
        this.parking = parking;
        time = options.timeSource();
        shadow = options.shadow();
        leased = limit.isLeased();
        timers = new Timers(options.scheduler());
    }

    /** A limiter of the same name and options, but for shadow mode, on another limit. */
    public Limiter withLimit(Limit other, String shape) {
        return new Limiter(
                other,
                new LimiterOptions(name(), shape, time, options.scheduler(), options.maxPending(), false),
                parking);
    }

    /** The limit. */
    public Limit limit() {
        return limit;
    }

    boolean isShadow() {
        return shadow;
    }

    /** The clock it was built with. */
    public TimeSource timeSource() {
        return time;
    }

    @Override
    public String name() {
        return options.name();
    }

    @Override
    public boolean tryAcquire() {
        return admit(1);
    }

    @Override
    public boolean tryAcquire(long permits) {
        return admit(positive(permits));
    }

    private boolean admit(long permits) {
        if ((leased && limit.trySpend(permits)) || limit.tryTake(permits, time.nanoTime())) {
            counters.add(GRANTED, permits);
            return true;
        }
        refused(Reason.RATE_LIMITED);
        return shadow;
    }

    /** Counts a refusal; a recording hears of it where the caller does. */
    private void refused(Reason reason) {
        counters.increment(REFUSED);
        if (!shadow) {
            JfrEvents.policyShed(name(), reason.name());
        }
    }

    /** Whether {@link #takeAsMember} would refuse, and that counts; writes to no limit. */
    boolean refusesAsMember(long permits, long nowNanos) {
        // What a lease can find in the end only an attempt tells.
        if (shadow || leased || limit.take(permits, nowNanos, -1) == 0) {
            return false;
        }
        counters.increment(REFUSED);
        return true;
    }

    boolean takeAsMember(long permits, long nowNanos) {
        boolean taken = limit.tryTake(permits, nowNanos);
        counters.add(taken ? GRANTED : REFUSED, taken ? permits : 1);
        return taken;
    }

    void giveBackAsMember(long permits, long nowNanos) {
        limit.cancel(permits, nowNanos, nowNanos);
        counters.add(GRANTED, -permits);
    }

    @Override
    public long retryAfterNanos(long permits) {
        return limit.take(positive(permits), time.nanoTime(), -1);
    }

    @Override
    public long reserve(long permits, long maxWaitNanos) {
        positive(permits);
        if (maxWaitNanos < 0) {
            throw new IllegalArgumentException("maxWaitNanos: " + maxWaitNanos + " (must be 0 or more)");
        }
        long most = limit.promises() ? Math.min(maxWaitNanos, Limit.NEVER - 1) : 0;
        long wait = limit.take(permits, time.nanoTime(), most);
        if (wait <= most) {
            counters.add(GRANTED, permits);
            return shadow ? 0 : wait;
        }
        refused(Reason.RATE_LIMITED);
        return shadow ? 0 : -1;
    }

    @Override
    public boolean cancel(long permits, long dueNanos) {
        positive(permits);
        counters.increment(CANCELLED);
        return limit.cancel(permits, dueNanos, time.nanoTime());
    }

    @Override
    public CompletableFuture<@Nullable Void> acquire(long permits, Deadline deadline) {
        positive(permits);
        // Before the clock is read: the first call may start the shared loops.
        EventExecutor loop = timers.loop();
        long now = time.nanoTime();
        long left = left(permits, deadline, now);
        long wait = limit.take(permits, now, left > 0 ? 0 : -1);
        if (wait == 0 && left > 0) {
            counters.add(GRANTED, permits);
            return ToolkitFuture.succeeded(loop, null);
        }
        try {
            wait = enter(permits, now, left, wait);
        } catch (RejectedException refused) {
            return shadow ? ToolkitFuture.succeeded(loop, null) : ToolkitFuture.failed(loop, refused);
        }
        return new Waiter(this, permits, deadline, now + wait, loop).start();
    }

    @Override
    public void acquireBlocking(long permits, Deadline deadline) throws InterruptedException {
        BlockingCheck.refuseOnEventLoop("RateLimiter.acquireBlocking", "acquire");
        long now = time.nanoTime();
        long left = left(positive(permits), deadline, now);
        if (Thread.interrupted()) {
            throw interrupted();
        }
        long wait = limit.take(permits, now, left > 0 ? 0 : -1);
        if (wait == 0 && left > 0) {
            counters.add(GRANTED, permits);
            return;
        }
        try {
            long due = now + enter(permits, now, left, wait);
            while (true) {
                parkUntil(due, permits);
                long more = settle(permits, due, deadline);
                if (more == 0) {
                    return;
                }
                due += more;
            }
        } catch (RejectedException refused) {
            if (!shadow) {
                throw refused;
            }
        }
    }

    private void parkUntil(long dueNanos, long permits) throws InterruptedException {
        for (long left = dueNanos - time.nanoTime(); left > 0; left = dueNanos - time.nanoTime()) {
            parking.park(this, left);
            if (Thread.interrupted()) {
                leave(permits, dueNanos);
                throw interrupted();
            }
        }
    }

    private InterruptedException interrupted() {
        return new InterruptedException("interrupted while waiting for the permits of " + name());
    }

    /** Makes the caller one of those who wait, and promises it the permits; answers how long it has to. */
    private long enter(long permits, long nowNanos, long leftNanos, long waitNanos) {
        if (leftNanos <= 0 || waitNanos > leftNanos || shadow) {
            throw refuse(permits, waitNanos, leftNanos);
        }
        if (pending.incrementAndGet() > options.maxPending()) {
            pending.decrementAndGet();
            refused(Reason.PENDING_LIMIT);
            throw rejected(
                    Reason.PENDING_LIMIT, waitNanos, options.maxPending() + " callers wait already (maxPending)");
        }
        long wait = limit.promises() ? limit.take(permits, nowNanos, leftNanos) : waitNanos;
        if (wait > leftNanos) {
            pending.decrementAndGet();
            throw refuse(permits, wait, leftNanos);
        }
        return wait;
    }

    /** Ends the wait of a caller whose moment has come: 0, or how much longer it takes after all. */
    long settle(long permits, long dueNanos, Deadline deadline) {
        if (!limit.promises()) {
            long now = time.nanoTime();
            long left = deadline.nanos() - now;
            long wait = limit.take(permits, now, left >= 0 ? 0 : -1);
            if (left < 0 || wait > left) {
                pending.decrementAndGet();
                throw refuse(permits, wait, left);
            }
            if (wait > 0) {
                return now + wait - dueNanos;
            }
        }
        pending.decrementAndGet();
        counters.add(GRANTED, permits);
        return 0;
    }

    /** Ends the wait of a caller that gives up. */
    void leave(long permits, long dueNanos) {
        pending.decrementAndGet();
        counters.increment(CANCELLED);
        if (limit.promises()) {
            limit.cancel(permits, dueNanos, time.nanoTime());
        }
    }

    /** Takes back what a caller got that had given up just then. */
    void takeBack(long permits, long dueNanos) {
        counters.add(GRANTED, -permits);
        counters.increment(CANCELLED);
        limit.cancel(permits, dueNanos, time.nanoTime());
    }

    /** Where delays run, given where the future of the call completes. */
    ScheduledExecutorService schedulerOr(EventExecutor loop) {
        ScheduledExecutorService given = options.scheduler();
        return given != null ? given : loop;
    }

    long nanoTime() {
        return time.nanoTime();
    }

    private RejectedException refuse(long permits, long waitNanos, long leftNanos) {
        refused(Reason.RATE_LIMITED);
        return refusal(permits, waitNanos, leftNanos);
    }

    private RejectedException refusal(long permits, long waitNanos, long leftNanos) {
        if (permits > limit.capacity()) {
            return rejected(
                    Reason.RATE_LIMITED,
                    0,
                    permits + " permits are more than the " + limit.capacity() + " there can be at once in a "
                            + options.shape());
        }
        String late = leftNanos == Long.MAX_VALUE
                ? ""
                : ", and the deadline is in " + Duration.ofNanos(Math.max(0, leftNanos));
        return rejected(Reason.RATE_LIMITED, waitNanos, permits + " of a " + options.shape() + late);
    }

    private RejectedException rejected(Reason reason, long waitNanos, String detail) {
        return new RejectedException(name(), reason, Duration.ofNanos(waitNanos), detail);
    }

    private void require() {
        if (!admit(1)) {
            throw refusal(1, limit.take(1, time.nanoTime(), -1), Long.MAX_VALUE);
        }
    }

    @Override
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        require();
        return call.call();
    }

    @Override
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        EventExecutor loop = timers.loop();
        try {
            require();
        } catch (RejectedException refused) {
            return ToolkitFuture.failed(loop, refused);
        }
        return GuardedCall.start(call, loop, GuardedCall.End.NOTHING);
    }

    @Override
    public Stats stats() {
        return new Stats(counters.sum(GRANTED), counters.sum(REFUSED), counters.sum(CANCELLED), pending.get());
    }

    private long left(long permits, Deadline deadline, long nowNanos) {
        if (deadline.timeSource() != time) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", this limiter on "
                    + time + "; build both from the same TimeSource");
        }
        return deadline.nanos() - nowNanos;
    }

    private static long positive(long permits) {
        if (permits < 1) {
            throw new IllegalArgumentException("permits: " + permits + " (must be 1 or more)");
        }
        return permits;
    }

    @Override
    public String toString() {
        return "RateLimiter[name=" + name() + ", " + options.shape() + ", maxPending=" + options.maxPending()
                + (shadow ? ", shadow" : "") + "]";
    }
}

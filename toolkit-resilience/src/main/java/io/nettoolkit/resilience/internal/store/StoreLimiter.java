package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Listener;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.DistributedRateLimiter.Stats;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * Who decides, in this order: permits borrowed before; the outage chosen, while the store is away; an earlier refusal, while
 * it holds; the store.
 */

/**
 * The decisions of a distributed limiter.
 *
 * <p>Threading: any thread.
 */
public final class StoreLimiter {

    /**
     * What stays the same.
     *
     * @param name in messages and events
     * @param store where the limit is kept
     * @param key its name there
     * @param limit how it fills up
     * @param outageNodes how many share the limit while the store is away; 0 to grant all, less to refuse all
     * @param maxLease the most to borrow at once, 0 for nothing
     * @param timeoutNanos how long to wait for the store
     * @param maxPending how many may wait
     */
    public record Settings(
            String name,
            TokenStore store,
            String key,
            Limit limit,
            int outageNodes,
            long maxLease,
            long timeoutNanos,
            int maxPending) {}

    /** A refusal that holds: so many permits are not there before then. */
    private record Denial(long permits, long untilNanos) {}

    private static final int GRANTED_BY_STORE = 0;
    private static final int GRANTED_FROM_LEASE = 1;
    private static final int GRANTED_BY_FALLBACK = 2;
    private static final int REFUSED_BY_STORE = 3;
    private static final int REFUSED_FROM_CACHE = 4;
    private static final int REFUSED_BY_FALLBACK = 5;
    private static final int STORE_CALLS = 6;
    private static final int STORE_FAILURES = 7;
    private static final int UNSPENT = 8;
    private static final int COUNTERS = 9;

    private final Settings settings;
    private final Listener listener;
    private final CallbackGuard guard;
    private final TimeSource timeSource;
    private final Timers timers;
    private final StripedCounters counters = new StripedCounters(COUNTERS);
    private final Lease lease;
    private final @Nullable LocalShare share;
    private final StoreCalls calls;
    private volatile @Nullable Denial denial;

    /** Asks nothing yet. */
    public StoreLimiter(
            Settings settings, Listener listener, TimeSource timeSource, Timers timers, RandomGenerator random) {
        JfrEvents.register();
        this.settings = settings;
        this.listener = listener;
        this.timeSource = timeSource;
        this.timers = timers;
        guard = new CallbackGuard("the listener of " + settings.name(), timeSource);
        lease = new Lease(settings.maxLease(), timeSource);
        share = settings.outageNodes() > 0
                ? new LocalShare(settings.limit(), settings.outageNodes(), timeSource)
                : null;
        calls = new StoreCalls(
                new StoreCalls.Settings(
                        settings.store(),
                        settings.key(),
                        settings.limit(),
                        settings.timeoutNanos(),
                        settings.maxPending()),
                lease,
                new Decisions(),
                timeSource,
                new StoreCalls.Clockwork(timers, random));
    }

    /** All of these permits or none. */
    public CompletableFuture<Decision> tryAcquire(long permits) {
        if (lease.isUsed() && spend(permits)) {
            return now(new Decision(true, lease.left(), Duration.ZERO, Source.LEASE));
        }
        if (calls.isAway()) {
            return now(withoutStore(permits));
        }
        long deniedNanos = deniedNanos(permits);
        if (deniedNanos > 0) {
            refused(REFUSED_FROM_CACHE);
            return now(new Decision(false, 0, Duration.ofNanos(deniedNanos), Source.CACHE));
        }
        Waiter waiter = new Waiter(permits, timeSource.nanoTime() + settings.timeoutNanos(), timers.loop());
        calls.ask(waiter);
        return waiter.future();
    }

    /** Borrowed permits alone. */
    public boolean tryAcquireNow(long permits) {
        if (!lease.isUsed()) {
            throw new IllegalStateException("tryAcquireNow: " + settings.name()
                    + " does not borrow permits; build it with leased(...), or use tryAcquire");
        }
        if (spend(permits)) {
            return true;
        }
        if (calls.isAway()) {
            return isGrantedWithoutStore(permits);
        }
        if (deniedNanos(1) <= 0) {
            calls.borrow();
        }
        return false;
    }

    /** How long an earlier refusal of the store still holds for so many permits. */
    private long deniedNanos(long permits) {
        Denial held = denial;
        return held == null || permits < held.permits() ? 0 : held.untilNanos() - timeSource.nanoTime();
    }

    private boolean spend(long permits) {
        if (!lease.spend(permits)) {
            return false;
        }
        counters.increment(GRANTED_FROM_LEASE);
        if (lease.isLow() && deniedNanos(1) <= 0) {
            calls.borrow();
        }
        return true;
    }

    private CompletableFuture<Decision> now(Decision decision) {
        return ToolkitFuture.succeeded(timers.loop(), decision);
    }

    /** Counts a refusal, and tells a recording of it. */
    private void refused(int counter) {
        counters.increment(counter);
        JfrEvents.policyShed(settings.name(), Reason.RATE_LIMITED.name());
    }

    /** Allocates nothing but the probe that may be due. */
    private boolean isGrantedWithoutStore(long permits) {
        if (calls.isAway()) {
            calls.probe();
        }
        boolean granted = share == null ? settings.outageNodes() == 0 : share.tryTake(permits);
        if (granted) {
            counters.increment(GRANTED_BY_FALLBACK);
        } else {
            refused(REFUSED_BY_FALLBACK);
        }
        return granted;
    }

    private Decision withoutStore(long permits) {
        boolean granted = isGrantedWithoutStore(permits);
        long remaining = share == null ? 0 : share.remaining();
        return new Decision(
                granted, remaining, granted ? Duration.ZERO : retryAfterWithoutStore(permits), Source.FALLBACK);
    }

    /** What the share does not have now it will have; what it can never have, only the store may have again. */
    private Duration retryAfterWithoutStore(long permits) {
        return Duration.ofNanos(
                share != null && share.canHold(permits) ? share.waitNanos(permits) : calls.nanosToProbe());
    }

    /** What happened so far. */
    public Stats stats() {
        return new Stats(
                counters.sum(GRANTED_BY_STORE),
                counters.sum(GRANTED_FROM_LEASE),
                counters.sum(GRANTED_BY_FALLBACK),
                counters.sum(REFUSED_BY_STORE),
                counters.sum(REFUSED_FROM_CACHE),
                counters.sum(REFUSED_BY_FALLBACK),
                counters.sum(STORE_CALLS),
                counters.sum(STORE_FAILURES),
                counters.sum(UNSPENT),
                calls.isAway());
    }

    private final class Decisions implements StoreCalls.Desk {

        @Override
        public void decide(Waiter waiter, boolean granted, Grant grant) {
            Duration retryAfter = granted ? Duration.ZERO : grant.retryAfter();
            boolean heard = waiter.future().succeed(new Decision(granted, grant.remaining(), retryAfter, Source.STORE));
            if (!granted && heard) {
                refused(REFUSED_BY_STORE);
            } else if (heard) {
                counters.increment(GRANTED_BY_STORE);
            } else if (granted) {
                leftOver(waiter.permits());
            }
        }

        @Override
        public void decideWithoutStore(Waiter waiter) {
            if (!waiter.future().isDone()) {
                waiter.future().succeed(withoutStore(waiter.permits()));
            }
        }

        @Override
        public void leftOver(long permits) {
            counters.add(UNSPENT, lease.isUsed() ? lease.add(permits) : permits);
        }

        @Override
        public void exhausted(long unit, long untilNanos) {
            denial = new Denial(unit, untilNanos);
        }

        @Override
        public void called() {
            counters.increment(STORE_CALLS);
            denial = null;
        }

        @Override
        public void failed() {
            counters.increment(STORE_FAILURES);
        }

        @Override
        public void storeLost(Throwable cause) {
            JfrEvents.policyState(settings.name(), "STORE", "FALLBACK");
            guard.run(() -> listener.onStoreLost(cause));
        }

        @Override
        public void storeBack() {
            JfrEvents.policyState(settings.name(), "FALLBACK", "STORE");
            guard.run(listener::onStoreBack);
        }
    }
}

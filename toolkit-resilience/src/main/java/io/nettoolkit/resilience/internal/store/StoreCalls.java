package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * One limiter's traffic with its store.
 *
 * At most one call is under way. Who comes meanwhile waits in `queue`, and the next call asks for all of them: so a hot key
 * costs one round trip at a time however many ask, and the store never sees one process race with itself.
 *
 * Every waiter has a deadline, and all have the same time to it, so the head of the queue, or of the call under way, is the
 * first to expire: one timer, set while anybody waits, serves all. A call that is late for its own deadline is abandoned: its
 * answer will not count, and the next one may begin.
 *
 * The lock is held for a few instructions. What a user wrote (the store, callbacks of futures) is called outside of it.
 */

/**
 * Merges callers into calls, bounds the time they wait, and notices when the store is away.
 *
 * <p>Threading: any thread.
 */
public final class StoreCalls {

    /** Who decides on the callers. Called outside the lock; must not throw. */
    public interface Desk {
        /** The store answered for this caller. */
        void decide(Waiter waiter, boolean granted, Grant grant);

        /** There will be no answer of the store. */
        void decideWithoutStore(Waiter waiter);

        /** Permits of an answer that no caller of that call took. */
        void leftOver(long permits);

        /** The store had less than was asked for; {@code unit} permits are not there before {@code untilNanos}. */
        void exhausted(long unit, long untilNanos);

        /** A call was made. */
        void called();

        /** A call failed or was late. */
        void failed();

        /** The store does not answer, from now on nobody waits for it. */
        void storeLost(Throwable cause);

        /** It answers again. */
        void storeBack();
    }

    /**
     * What stays the same.
     *
     * @param store where to ask
     * @param key which bucket
     * @param limit how it fills up
     * @param timeoutNanos how long a caller waits, and how long a call may take
     * @param maxPending how many callers may wait
     */
    public record Settings(TokenStore store, String key, Limit limit, long timeoutNanos, int maxPending) {}

    private final Settings settings;
    private final Lease lease;
    private final Desk desk;
    private final TimeSource timeSource;
    private final Timers timers;

    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Waiter> queue = new ArrayDeque<>();
    private final StoreHealth health;
    private @Nullable StoreCall call;
    private boolean timerSet;
    private long timerDueNanos;
    private volatile boolean busy;
    private volatile boolean away;

    /** Asks nothing yet. */
    public StoreCalls(Settings settings, Lease lease, Desk desk, TimeSource timeSource, Clockwork clockwork) {
        this.settings = settings;
        this.lease = lease;
        this.desk = desk;
        this.timeSource = timeSource;
        timers = clockwork.timers();
        health = new StoreHealth(clockwork.random());
    }

    /**
     * Where delays run and chance comes from.
     *
     * @param timers for deadlines
     * @param random for the delay of probes
     */
    public record Clockwork(Timers timers, RandomGenerator random) {}

    /** Whether the store does not answer, so that nobody should wait for it. */
    public boolean isAway() {
        return away;
    }

    /** How long until the store is asked again; 0 where it is not away. */
    public long nanosToProbe() {
        lock.lock();
        try {
            return health.isAway() ? Math.max(0, health.probeAtNanos() - timeSource.nanoTime()) : 0;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the caller wait for an answer. */
    public void ask(Waiter waiter) {
        boolean full;
        StoreCall next = null;
        long timerNanos = 0;
        lock.lock();
        try {
            full = health.isAway() || queue.size() >= settings.maxPending();
            if (!full) {
                queue.addLast(waiter);
                next = begin(timeSource.nanoTime());
                timerNanos = timerToSet();
            }
        } finally {
            lock.unlock();
        }
        if (full) {
            desk.decideWithoutStore(waiter);
            return;
        }
        setTimer(timerNanos);
        send(next);
    }

    /** Borrows permits while there still are some, if no call is under way. */
    public void borrow() {
        if (busy || away) {
            return;
        }
        sendAlone(false);
    }

    /** Asks the store for nothing, if it is away and a probe is due. */
    public void probe() {
        if (busy) {
            return;
        }
        sendAlone(true);
    }

    private void sendAlone(boolean probe) {
        StoreCall next = null;
        long timerNanos = 0;
        lock.lock();
        try {
            long now = timeSource.nanoTime();
            if (call == null && health.isAway() == probe && (!probe || health.isProbeDue(now))) {
                next = StoreCall.alone(probe ? 0 : lease.size(), now);
                under(next);
                timerNanos = timerToSet();
            }
        } finally {
            lock.unlock();
        }
        setTimer(timerNanos);
        send(next);
    }

    // ---- under the lock

    private void under(@Nullable StoreCall next) {
        call = next;
        busy = next != null;
    }

    /** The next call for those who wait, where none is under way. */
    private @Nullable StoreCall begin(long now) {
        if (call != null || health.isAway()) {
            return null;
        }
        StoreCall next = StoreCall.merging(queue, lease, settings.limit().burst(), now);
        if (next != null) {
            under(next);
        }
        return next;
    }

    /** The delay of the timer to set now; 0 for none. */
    private long timerToSet() {
        long now = timeSource.nanoTime();
        long due = nextDue(now);
        // A timer that should have run long ago was on a loop that is gone.
        boolean stillSet = timerSet && now - timerDueNanos < settings.timeoutNanos();
        if (stillSet || due == 0) {
            return 0;
        }
        timerSet = true;
        timerDueNanos = now + due;
        return due;
    }

    private long nextDue(long now) {
        long due = Long.MAX_VALUE;
        StoreCall current = call;
        if (current != null) {
            due = current.startNanos + settings.timeoutNanos() - now;
            if (!current.waiters.isEmpty()) {
                due = Math.min(due, current.waiters.get(0).deadlineNanos - now);
            }
        }
        Waiter head = queue.peekFirst();
        if (head != null) {
            due = Math.min(due, head.deadlineNanos - now);
        }
        return due == Long.MAX_VALUE ? 0 : Math.max(1, due);
    }

    private void takeExpired(Iterator<Waiter> waiters, long now, List<Waiter> expired) {
        while (waiters.hasNext()) {
            Waiter waiter = waiters.next();
            if (now - waiter.deadlineNanos < 0) {
                return;
            }
            expired.add(waiter);
            waiters.remove();
        }
    }

    /** Notes a failure; those who wait are not to wait longer once the store counts as away. */
    private boolean noteFailure(long now, List<Waiter> abandoned) {
        boolean lost = health.failed(now);
        away = health.isAway();
        if (away) {
            abandoned.addAll(queue);
            queue.clear();
        }
        return lost;
    }

    // ---- outside the lock

    private void setTimer(long delayNanos) {
        if (delayNanos == 0) {
            return;
        }
        try {
            timers.current().schedule(this::onTimer, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            // Without a timer nobody may wait.
            giveUp();
        }
    }

    private void giveUp() {
        List<Waiter> abandoned = new ArrayList<>();
        lock.lock();
        try {
            timerSet = false;
            StoreCall current = call;
            if (current != null) {
                abandoned.addAll(current.waiters);
                current.waiters.clear();
            }
            under(null);
            abandoned.addAll(queue);
            queue.clear();
        } finally {
            lock.unlock();
        }
        abandoned.forEach(desk::decideWithoutStore);
    }

    private void onTimer() {
        List<Waiter> expired = new ArrayList<>();
        StoreCall late = null;
        boolean lost = false;
        StoreCall next;
        long timerNanos;
        lock.lock();
        try {
            timerSet = false;
            long now = timeSource.nanoTime();
            StoreCall current = call;
            if (current != null) {
                takeExpired(current.waiters.iterator(), now, expired);
                if (now - current.startNanos - settings.timeoutNanos() >= 0) {
                    late = current;
                    expired.addAll(current.waiters);
                    current.waiters.clear();
                    under(null);
                    lost = noteFailure(now, expired);
                }
            }
            takeExpired(queue.iterator(), now, expired);
            next = begin(now);
            timerNanos = timerToSet();
        } finally {
            lock.unlock();
        }
        if (late != null) {
            desk.failed();
            late.cancel();
            if (lost) {
                desk.storeLost(new TimeoutException("no answer within " + Duration.ofNanos(settings.timeoutNanos())));
            }
        }
        expired.forEach(desk::decideWithoutStore);
        setTimer(timerNanos);
        send(next);
    }

    /** A loop, because a store that answers at once would otherwise add to the stack for each call. */
    private void send(@Nullable StoreCall first) {
        for (StoreCall next = first; next != null; ) {
            desk.called();
            StoreCall sent = next;
            CompletionStage<Grant> stage = sent.send(settings, timeSource);
            if (!(stage instanceof CompletableFuture<Grant> done && Body.isDone(done))) {
                stage.whenComplete((grant, failure) -> send(end(sent, grant, failure)));
                return;
            }
            next = endOf(sent, done);
        }
    }

    private @Nullable StoreCall endOf(StoreCall sent, CompletableFuture<Grant> done) {
        Grant grant;
        try {
            grant = done.join();
        } catch (Throwable failure) {
            return end(sent, null, failure);
        }
        return end(sent, grant, null);
    }

    /** The call is over; answers the one that comes next. */
    private @Nullable StoreCall end(StoreCall ended, @Nullable Grant grant, @Nullable Throwable failure) {
        Throwable problem = ended.problem(grant, failure, settings.limit().burst());
        List<Waiter> undecided = new ArrayList<>();
        boolean lost = false;
        boolean back = false;
        StoreCall next;
        lock.lock();
        try {
            if (call != ended) {
                return null;
            }
            under(null);
            if (problem != null) {
                undecided.addAll(ended.waiters);
                lost = noteFailure(timeSource.nanoTime(), undecided);
            } else {
                back = health.succeeded();
                away = false;
                if (lease.isUsed() && ended.count > 0) {
                    lease.resize();
                }
            }
            next = begin(timeSource.nanoTime());
        } finally {
            lock.unlock();
        }
        if (problem != null) {
            desk.failed();
            if (lost) {
                desk.storeLost(problem);
            }
            undecided.forEach(desk::decideWithoutStore);
        } else {
            if (back) {
                desk.storeBack();
            }
            ended.deliver(Objects.requireNonNull(grant), desk);
        }
        return next;
    }
}

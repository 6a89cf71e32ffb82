package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.PermitQueue.Entry;
import io.nettoolkit.resilience.internal.call.PermitQueue.Fate;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A {@link PermitQueue} with its clock, its counters and the ways to wait for it. Any thread. */
public final class Permits {

    /** Counter of calls that were refused because everything was taken. */
    public static final int REFUSED = 0;
    /** Counter of waits that ended without a permit because their time was over. */
    public static final int EXPIRED = 1;
    /** Counter of waits that were given up. */
    public static final int CANCELLED = 2;

    private static final int COUNTERS = 3;

    /**
     * What a bulkhead was built from.
     *
     * @param maxWaitNanos how long a waiter waits without a sooner deadline
     */
    public record Plan(
            String name,
            int maxConcurrent,
            int maxPending,
            long maxWaitNanos,
            TimeSource timeSource,
            Timers timers,
            Parking parking) {}

    private final Plan plan;
    private final PermitQueue queue;
    private final StripedCounters counters = new StripedCounters(COUNTERS);

    /** All permits free. */
    public Permits(Plan plan) {
        JfrEvents.register();
        this.plan = plan;
        queue = new PermitQueue(plan.maxConcurrent(), plan.maxPending());
    }

    /** What it was built from. */
    public Plan plan() {
        return plan;
    }

    /** For questions. */
    public PermitQueue queue() {
        return queue;
    }

    /** One of the counters. */
    public long count(int counter) {
        return counters.sum(counter);
    }

    /** A permit, where one is free and nobody waits. */
    public boolean tryAcquire() {
        if (queue.tryAcquire()) {
            return true;
        }
        refused();
        return false;
    }

    private void refused() {
        counters.increment(REFUSED);
        JfrEvents.policyShed(plan.name(), reason().name());
    }

    private Reason reason() {
        return plan.maxPending() == 0 ? Reason.BULKHEAD_FULL : Reason.PENDING_LIMIT;
    }

    /** What a caller is told whom {@link #tryAcquire} or a full queue turned away. */
    RejectedException refusal() {
        return new RejectedException(
                plan.name(),
                reason(),
                Duration.ZERO,
                queue.inFlight() + " of " + plan.maxConcurrent() + " calls are under way, " + queue.queued() + " of "
                        + plan.maxPending() + " places in the queue are taken");
    }

    private RejectedException expiry(long waitedNanos) {
        JfrEvents.policyShed(plan.name(), Reason.BULKHEAD_FULL.name());
        return new RejectedException(
                plan.name(),
                Reason.BULKHEAD_FULL,
                Duration.ZERO,
                "no permit within " + Duration.ofNanos(waitedNanos) + "; " + queue.inFlight() + " of "
                        + plan.maxConcurrent() + " calls are under way, " + queue.queued() + " wait");
    }

    /** The sooner one of the deadline and the longest wait, as a time. */
    private long dueNanos(@Nullable Deadline deadline) {
        long nowNanos = plan.timeSource().nanoTime();
        long waitNanos =
                deadline == null ? plan.maxWaitNanos() : Math.min(plan.maxWaitNanos(), deadline.nanos() - nowNanos);
        return nowNanos + waitNanos;
    }

    /** Parks until there is a permit; throws a refusal where there is none in time. */
    public void acquireBlocking(@Nullable Deadline deadline) throws InterruptedException {
        if (queue.tryAcquire()) {
            return;
        }
        Parked waiter = new Parked(Thread.currentThread());
        switch (queue.enter(waiter)) {
            case GRANTED -> {}
            case REFUSED -> {
                refused();
                throw refusal();
            }
            case QUEUED -> await(waiter, deadline);
        }
    }

    private void await(Parked waiter, @Nullable Deadline deadline) throws InterruptedException {
        long startNanos = plan.timeSource().nanoTime();
        long dueNanos = dueNanos(deadline);
        while (waiter.fate() == Fate.WAITING) {
            if (Thread.interrupted()) {
                if (queue.leave(waiter, Fate.CANCELLED)) {
                    counters.increment(CANCELLED);
                } else {
                    queue.release();
                }
                throw new InterruptedException();
            }
            long nowNanos = plan.timeSource().nanoTime();
            if (dueNanos - nowNanos > 0) {
                plan.parking().park(this, dueNanos - nowNanos);
            } else if (queue.leave(waiter, Fate.EXPIRED)) {
                counters.increment(EXPIRED);
                throw expiry(nowNanos - startNanos);
            }
        }
    }

    /** A future of a permit. */
    public CompletableFuture<@Nullable Void> acquire(@Nullable Deadline deadline) {
        EventExecutor loop = plan.timers().loop();
        if (queue.tryAcquire()) {
            return ToolkitFuture.succeeded(loop, null);
        }
        FutureWaiter waiter = new FutureWaiter(loop);
        Entry entry = waiter.enter(deadline);
        if (entry == Entry.GRANTED) {
            return ToolkitFuture.succeeded(loop, null);
        }
        return entry == Entry.QUEUED ? waiter.future : ToolkitFuture.failed(loop, refusal());
    }

    private static final class Parked extends PermitQueue.Waiter {

        private final Thread thread;

        Parked(Thread thread) {
            this.thread = thread;
        }

        @Override
        void onGranted() {
            LockSupport.unpark(thread);
        }
    }

    /**
     * One who waits without a thread. Its permit is handed over by a task on its loop: whoever releases runs nobody's code,
     * and a long queue of calls that end at once does not deepen a stack.
     */
    abstract class LoopWaiter extends PermitQueue.Waiter implements Alarm.Action, Runnable {

        private final EventExecutor loop;
        private long startNanos;
        private volatile @Nullable Alarm alarm;

        LoopWaiter(EventExecutor loop) {
            this.loop = loop;
        }

        /** A permit, a place with an alarm, or neither; a refusal is counted. */
        final Entry enter(@Nullable Deadline deadline) {
            Entry entry = queue.enter(this);
            if (entry == Entry.REFUSED) {
                refused();
            } else if (entry == Entry.QUEUED) {
                startNanos = plan.timeSource().nanoTime();
                alarm = Alarm.set(plan.timers().current(), plan.timeSource(), dueNanos(deadline), this);
                if (fate() != Fate.WAITING) {
                    Alarm.silence(alarm);
                }
            }
            return entry;
        }

        /** Gives up; false where the permit is on its way. */
        final boolean giveUp() {
            Alarm.silence(alarm);
            if (!queue.leave(this, Fate.CANCELLED)) {
                return false;
            }
            counters.increment(CANCELLED);
            return true;
        }

        @Override
        final void onGranted() {
            try {
                loop.execute(this);
            } catch (RejectedExecutionException shutDown) {
                run();
            }
        }

        @Override
        public final void run() {
            Alarm.silence(alarm);
            granted();
        }

        @Override
        public final void goOff() {
            if (queue.leave(this, Fate.EXPIRED)) {
                counters.increment(EXPIRED);
                failed(expiry(plan.timeSource().nanoTime() - startNanos));
            }
        }

        @Override
        public final void lost(RejectedExecutionException cause) {
            if (giveUp()) {
                failed(cause);
            }
        }

        /** The permit is this waiter's, on its loop. */
        abstract void granted();

        /** There is no permit, and no more wait. */
        abstract void failed(Throwable why);
    }

    private final class FutureWaiter extends LoopWaiter {

        private final ToolkitFuture<@Nullable Void> future;

        FutureWaiter(EventExecutor loop) {
            super(loop);
            // Where it does not give up, the permit is on its way, and finds the future cancelled.
            future = new ToolkitFuture<>(loop, this::giveUp);
        }

        @Override
        void granted() {
            if (!future.succeed(null)) {
                queue.release();
            }
        }

        @Override
        void failed(Throwable why) {
            future.fail(why);
        }
    }
}

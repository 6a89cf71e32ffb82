package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Goes off once, when the exact clock has reached its time: the timers of executors keep their own time, and may be early.
 *
 * <p>Threading: any thread may cancel; it goes off on the executor. A cancel that comes too late is not noticed: what goes
 * off has to decide for itself whether it still matters.
 */
final class Alarm implements Runnable {

    /** What goes off. */
    interface Action {

        void goOff();

        /** The executor takes no more tasks, so it never will. */
        void lost(RejectedExecutionException cause);
    }

    private final ScheduledExecutorService executor;
    private final TimeSource timeSource;
    private final long dueNanos;
    private final Action action;
    private volatile @Nullable Future<?> task;
    private volatile boolean cancelled;

    private Alarm(ScheduledExecutorService executor, TimeSource timeSource, long dueNanos, Action action) {
        this.executor = executor;
        this.timeSource = timeSource;
        this.dueNanos = dueNanos;
        this.action = action;
    }

    /** Sets an alarm. Where the executor does not take it, the action is told before this returns. */
    static Alarm set(ScheduledExecutorService executor, TimeSource timeSource, long dueNanos, Action action) {
        Alarm alarm = new Alarm(executor, timeSource, dueNanos, action);
        alarm.schedule(dueNanos - timeSource.nanoTime());
        return alarm;
    }

    private void schedule(long delayNanos) {
        try {
            task = executor.schedule(this, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            action.lost(shutDown);
            return;
        }
        if (cancelled) {
            cancel();
        }
    }

    @Override
    public void run() {
        if (cancelled) {
            return;
        }
        long leftNanos = dueNanos - timeSource.nanoTime();
        if (leftNanos > 0) {
            schedule(leftNanos);
        } else {
            action.goOff();
        }
    }

    void cancel() {
        cancelled = true;
        Future<?> scheduled = task;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    static void silence(@Nullable Alarm alarm) {
        if (alarm != null) {
            alarm.cancel();
        }
    }
}

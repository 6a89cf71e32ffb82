package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One caller of {@code acquire} that waits: a timer and a future. It ends once, by its timer or by its caller, and is no
 * longer counted among those who wait when its future completes.
 *
 * <p>Threading: the timer runs on the scheduler, the caller gives up on the future's executor; {@link #ended} decides.
 */
final class Waiter implements Runnable {

    private final Limiter limiter;
    private final long permits;
    private final Deadline deadline;
    private final ToolkitFuture<@Nullable Void> future;
    private final ScheduledExecutorService scheduler;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile long dueNanos;
    private volatile @Nullable Future<?> timer;

    Waiter(Limiter limiter, long permits, Deadline deadline, long dueNanos, EventExecutor loop) {
        this.limiter = limiter;
        this.permits = permits;
        this.deadline = deadline;
        this.dueNanos = dueNanos;
        future = new ToolkitFuture<>(loop, this::giveUp);
        scheduler = limiter.schedulerOr(loop);
    }

    CompletableFuture<@Nullable Void> start() {
        arm();
        return future;
    }

    private void arm() {
        try {
            timer = scheduler.schedule(this, Math.max(0, dueNanos - limiter.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            giveUp();
            future.fail(shutDown);
        }
    }

    @Override
    public void run() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        try {
            // A scheduler with a clock or a resolution of its own may be early.
            long due = dueNanos;
            boolean early = due - limiter.nanoTime() > 0;
            long more = early ? 0 : limiter.settle(permits, due, deadline);
            if (early || more > 0) {
                dueNanos = due + more;
                waitOn();
                return;
            }
        } catch (RejectedException refused) {
            future.fail(refused);
            return;
        }
        if (!future.succeed(null)) {
            limiter.takeBack(permits, dueNanos);
        }
    }

    private void waitOn() {
        ended.set(false);
        if (future.isDone()) {
            giveUp(); // it did while the timer ran
        } else {
            arm();
        }
    }

    private void giveUp() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        Future<?> armed = timer;
        if (armed != null) {
            armed.cancel(false);
        }
        limiter.leave(permits, dueNanos);
    }
}

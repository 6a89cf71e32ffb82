package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.netty.util.concurrent.EventExecutor;

/** A caller that waits for the store's answer, until its deadline at the latest. */
public final class Waiter {

    final long permits;
    final long deadlineNanos;
    private final ToolkitFuture<Decision> future;

    /** Waits from now on. */
    public Waiter(long permits, long deadlineNanos, EventExecutor loop) {
        this.permits = permits;
        this.deadlineNanos = deadlineNanos;
        future = new ToolkitFuture<>(loop);
    }

    /** What the caller holds. */
    public ToolkitFuture<Decision> future() {
        return future;
    }

    /** How much it asked for. */
    public long permits() {
        return permits;
    }

    boolean isGone() {
        return future.isDone();
    }
}

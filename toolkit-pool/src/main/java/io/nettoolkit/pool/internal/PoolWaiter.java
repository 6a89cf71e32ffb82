package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.internal.state.Waiter;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * One who waits, from the event "waits" to the effect "has got a connection" or "has got none". The machine decides who gets
 * which; whether a delivery comes before a cancel is decided by the waiter itself.
 */
abstract class PoolWaiter extends Waiter {

    final HostPool<?> pool;
    /** Where it waits; null where it is on no event loop. */
    final @Nullable EventLoop loop;

    private final @Nullable Throwable acquiredAt;
    private @Nullable Connection connection;
    private @Nullable Throwable failure;

    /**
     * What is asked for.
     *
     * @param acquiredAt the stack, with leak detection
     */
    record Request(
            long sinceNanos, long deadlineNanos, @Nullable Throwable acquiredAt) {}

    PoolWaiter(HostPool<?> pool, Request request, @Nullable EventLoop loop) {
        super(request.sinceNanos, request.deadlineNanos);
        this.pool = pool;
        this.loop = loop;
        acquiredAt = request.acquiredAt;
    }

    /** Its outcome, within the section. */
    final void outcome(@Nullable Connection delivered, @Nullable Throwable cause) {
        connection = delivered;
        failure = cause;
    }

    @Override
    public final void apply(long nowNanos) {
        pool.state().acquire(this, nowNanos);
    }

    @Override
    public final void perform() {
        Connection delivered = connection;
        Throwable cause = failure;
        connection = null;
        if (delivered != null) {
            Lease lease = pool.lease(delivered, acquiredAt);
            if (!accept(delivered, lease)) {
                pool.lateCancel(lease);
            }
        } else if (cause != null) {
            refuse(cause);
        }
    }

    /** False where it gave up before. */
    abstract boolean accept(Connection delivered, Lease lease);

    abstract void refuse(Throwable cause);
}

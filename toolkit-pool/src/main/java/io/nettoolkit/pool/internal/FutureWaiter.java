package io.nettoolkit.pool.internal;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.Lease;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/** Waits with a future, whose outcome is decided once: by a delivery, a failure, or its owner who gives up. */
final class FutureWaiter extends PoolWaiter implements Runnable {

    final ToolkitFuture<Lease> future;
    private final @Nullable Turns turns;
    private final long loopThread;

    FutureWaiter(HostPool<?> pool, Request request, @Nullable EventLoop loop) {
        super(pool, request, loop);
        future = new ToolkitFuture<>(loop != null ? loop : pool.home(), this);
        turns = loop == null ? null : Turns.of(loop);
        loopThread = loop != null && pool.isBarging() ? HostPool.thread() : 0;
    }

    @Override
    protected long loopThread() {
        return loopThread;
    }

    /** Its owner gave up. */
    @Override
    public void run() {
        pool.cancelled(this);
    }

    @Override
    boolean accept(Connection connection, Lease lease) {
        return future.succeedLater(turns != null ? turns : connection.channel.eventLoop(), lease);
    }

    @Override
    void refuse(Throwable cause) {
        future.failLater(turns != null ? turns : pool.home(), cause);
    }
}

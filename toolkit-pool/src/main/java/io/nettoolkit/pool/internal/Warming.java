package io.nettoolkit.pool.internal;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.internal.state.WarmUp;
import org.jspecify.annotations.Nullable;

/** A warm-up somebody waits for. */
final class Warming extends WarmUp implements Runnable {

    final ToolkitFuture<Integer> future;
    private final HostPool<?> pool;

    Warming(int connections, HostPool<?> pool) {
        super(connections);
        this.pool = pool;
        future = new ToolkitFuture<>(pool.home(), this);
    }

    /** Its owner gave up. */
    @Override
    public void run() {
        pool.control().giveUp(this);
    }

    void end(int open, @Nullable Throwable failure) {
        if (failure == null) {
            future.succeedLater(pool.home(), open);
        } else {
            future.failLater(pool.home(), failure);
        }
    }
}

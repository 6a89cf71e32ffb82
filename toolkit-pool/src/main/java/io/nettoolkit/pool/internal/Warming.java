package io.nettoolkit.pool.internal;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.internal.state.WarmUp;
import io.netty.util.concurrent.EventExecutor;
import org.jspecify.annotations.Nullable;

/** A warm-up somebody waits for. */
final class Warming extends WarmUp {

    final ToolkitFuture<Integer> future;
    private final EventExecutor home;

    Warming(int connections, EventExecutor home) {
        super(connections);
        this.home = home;
        future = new ToolkitFuture<>(home);
    }

    void end(int open, @Nullable Throwable failure) {
        if (failure == null) {
            future.succeedLater(home, open);
        } else {
            future.failLater(home, failure);
        }
    }
}

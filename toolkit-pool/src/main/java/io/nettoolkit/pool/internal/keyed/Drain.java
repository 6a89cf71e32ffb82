package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.channel.EventLoop;
import java.util.concurrent.CompletableFuture;

/** The one end of a pool that any number of callers ask for. */
final class Drain {

    private final CompletableFuture<DrainReport> done = new CompletableFuture<>();

    void complete(DrainReport report) {
        done.complete(report);
    }

    /** Each caller has one, to cancel or to put a timeout on. */
    CompletableFuture<DrainReport> newFuture(EventLoop loop) {
        ToolkitFuture<DrainReport> future = new ToolkitFuture<>(loop);
        done.thenAccept(future::succeed);
        return future;
    }
}

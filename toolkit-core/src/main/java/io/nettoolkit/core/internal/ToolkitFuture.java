package io.nettoolkit.core.internal;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Stub until the real one lands. */
public final class ToolkitFuture<T extends @Nullable Object> extends CompletableFuture<T> {
    public ToolkitFuture(EventExecutor loop) {}
    public ToolkitFuture(EventExecutor loop, Runnable onCancel) {}
    public boolean succeed(T value) { return complete(value); }
    public boolean fail(Throwable t) { return completeExceptionally(t); }
}

package io.nettoolkit.resilience.internal.call;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A call that ends on another thread after it was begun, and before the layers outside begin to wait for it. */
public final class EndedLayer extends Layer {

    private final @Nullable Throwable failure;

    /**
     * Ends with "value", or fails.
     *
     * @param failure null for none
     */
    public EndedLayer(@Nullable Throwable failure) {
        this.failure = failure;
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope) {
        Pending pending = new StagePending(new CompletableFuture<>());
        pending.end(failure == null ? "value" : null, failure);
        return pending;
    }

    @Override
    public boolean mayWait() {
        return false;
    }
}

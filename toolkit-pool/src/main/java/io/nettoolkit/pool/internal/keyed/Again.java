package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.core.internal.ToolkitFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What was asked of a pool while it was being removed: asked again where that pool refuses. */
final class Again<T> {

    final ToolkitFuture<T> future;

    private final HostPools<?> pools;
    private final Supplier<CompletableFuture<T>> again;
    private final Consumer<? super T> unwanted;
    private volatile CompletableFuture<T> asked;

    /**
     * @param again asks once more
     * @param unwanted takes a result for which the caller came too late
     */
    @SuppressWarnings("this-escape") // the last statement
    Again(
            HostPools<?> pools,
            CompletableFuture<T> asked,
            Supplier<CompletableFuture<T>> again,
            Consumer<? super T> unwanted) {
        this.pools = pools;
        this.asked = asked;
        this.again = again;
        this.unwanted = unwanted;
        future = new ToolkitFuture<>(pools.home(), this::giveUp);
        asked.whenComplete(this::answered);
    }

    private void answered(@Nullable T answer, @Nullable Throwable failure) {
        if (answer != null) {
            if (!future.succeed(answer)) {
                unwanted.accept(answer);
            }
            return;
        }
        Throwable cause = causeOf(failure);
        if (!pools.isGone(cause)) {
            future.fail(cause);
        } else if (!future.isDone()) {
            CompletableFuture<T> next = again.get();
            asked = next;
            next.whenComplete(this::answered);
            if (future.isDone()) {
                next.cancel(false);
            }
        }
    }

    private static Throwable causeOf(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause == null ? new IllegalStateException("neither an answer nor a failure") : cause;
    }

    private void giveUp() {
        asked.cancel(false);
    }
}

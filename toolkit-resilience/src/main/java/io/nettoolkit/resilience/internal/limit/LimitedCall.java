package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.internal.Classification;
import io.netty.util.concurrent.EventExecutor;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An asynchronous call that was admitted. */
final class LimitedCall {

    private LimitedCall() {}

    /** Makes the call; the future has its outcome, and a cancel of the future reaches the call. */
    static <T extends @Nullable Object> CompletableFuture<T> start(
            EventExecutor loop, Supplier<? extends CompletionStage<T>> call) {
        CompletionStage<T> stage;
        try {
            stage = Objects.requireNonNull(call.get(), "call: must not answer null");
        } catch (Throwable failure) {
            return ToolkitFuture.failed(loop, failure);
        }
        ToolkitFuture<T> future = new ToolkitFuture<>(loop, () -> cancel(stage));
        stage.whenComplete((result, failure) -> {
            Throwable cause = Classification.cause(failure);
            if (cause == null) {
                future.succeed(result);
            } else {
                future.fail(cause);
            }
        });
        return future;
    }

    private static void cancel(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException notAFuture) {
            // Then nothing can be cancelled.
        }
    }
}

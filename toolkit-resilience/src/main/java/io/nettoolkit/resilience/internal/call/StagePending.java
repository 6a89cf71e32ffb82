package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.resilience.internal.Classification;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Follows a stage of the user's. */
final class StagePending extends Pending implements BiConsumer<@Nullable Object, @Nullable Throwable> {

    private final CompletionStage<?> stage;

    StagePending(CompletionStage<?> stage) {
        this.stage = stage;
    }

    @Override
    public void accept(@Nullable Object result, @Nullable Throwable failure) {
        end(result, Classification.cause(failure));
    }

    /** Ends first, so that it ends with the reason, and also where the stage knows no cancel or never completes. */
    @Override
    void abandon(Throwable why) {
        if (!end(null, why)) {
            return;
        }
        try {
            Future<?> future = stage instanceof Future<?> itself ? itself : stage.toCompletableFuture();
            future.cancel(true);
        } catch (RuntimeException cannotBeCancelled) {
            // A stage need not have a future; nothing more can be done about it.
        }
    }
}

package io.nettoolkit.resilience.internal.adaptive;

import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import io.netty.util.concurrent.EventExecutor;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous call of the user's under a policy: its end is told once, before the caller hears of it, and a cancel of
 * the caller's future reaches the user's.
 *
 * <p>Threading: any thread.
 */
public final class GuardedCall {

    private GuardedCall() {}

    /** Hears how the call ended: exactly one of the two, or a null result. */
    @FunctionalInterface
    public interface End {
        /** Must not throw. */
        void ended(@Nullable Object result, @Nullable Throwable failure);
    }

    /** Makes the call and answers its future, which completes on {@code loop}. */
    public static <T extends @Nullable Object> CompletableFuture<T> start(
            Supplier<? extends CompletionStage<T>> call, EventExecutor loop, End end) {
        CompletionStage<T> stage;
        try {
            stage = Objects.requireNonNull(call.get(), "call: must not answer null");
        } catch (Throwable failure) {
            end.ended(null, failure);
            return ToolkitFuture.failed(loop, failure);
        }
        if (stage instanceof CompletableFuture<T> done && done.isDone()) {
            return completed(done, loop, end);
        }
        ToolkitFuture<T> future =
                new ToolkitFuture<>(loop, () -> stage.toCompletableFuture().cancel(true));
        stage.whenComplete((result, failure) -> {
            end.ended(result, failure);
            Throwable cause = Classification.cause(failure);
            if (cause == null) {
                future.succeed(result);
            } else {
                future.fail(cause);
            }
        });
        return future;
    }

    /** Without the detour over the loop. */
    private static <T extends @Nullable Object> CompletableFuture<T> completed(
            CompletableFuture<T> done, EventExecutor loop, End end) {
        T result;
        try {
            result = done.join();
        } catch (Throwable failure) {
            end.ended(null, failure);
            Throwable cause = Classification.cause(failure);
            return ToolkitFuture.failed(loop, cause == null ? failure : cause);
        }
        end.ended(result, null);
        return ToolkitFuture.succeeded(loop, result);
    }

    /** A failure that is a timeout speaks of overload, whatever the classifier knows of it. */
    public static Outcome timeoutIsOverload(Outcome outcome, @Nullable Throwable failure) {
        if (outcome != Outcome.FAILURE) {
            return outcome;
        }
        Throwable cause = Classification.cause(failure);
        boolean timeout = cause instanceof TimeoutException || (cause instanceof NetFailure known && known.isTimeout());
        return timeout ? Outcome.OVERLOAD : outcome;
    }
}

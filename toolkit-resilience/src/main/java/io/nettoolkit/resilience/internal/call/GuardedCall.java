package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.internal.GivenUpException;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call through a stage under one policy. Whatever comes first, the call's end, the caller's cancel or the caller's timeout,
 * is told once, before the caller hears of it; a cancel and a timeout reach the user's stage.
 *
 * <p>Threading: any thread.
 */
public final class GuardedCall {

    private GuardedCall() {}

    /** Hears how the call ended: exactly one of the two, or a null result. */
    @FunctionalInterface
    public interface End {
        /** For who does not want to know. */
        End NOTHING = (result, failure) -> {};

        /** Must not throw. */
        void ended(@Nullable Object result, @Nullable Throwable failure);
    }

    /** Makes the call and answers its future, which completes on {@code loop}, or is complete already. */
    public static <T extends @Nullable Object> CompletableFuture<T> start(
            Supplier<? extends CompletionStage<T>> call, EventExecutor loop, End end) {
        Object result;
        try {
            result = Body.INSTANCE.start(call, null);
        } catch (Throwable failure) {
            end.ended(null, failure);
            return ToolkitFuture.failed(loop, failure);
        }
        if (!(result instanceof Pending)) {
            end.ended(result, null);
        }
        return future(result, loop, end);
    }

    /** What its caller gets for the result of a call, or for one that is pending: then its end is told. */
    static <T extends @Nullable Object> CompletableFuture<T> future(
            @Nullable Object result, EventExecutor loop, End end) {
        return result instanceof Pending pending
                ? new Delivery<T>(loop, pending, end).begin()
                : ToolkitFuture.succeeded(loop, GuardedCall.<T>typed(result));
    }

    /** A result is the call's or, by the user's word, a fallback's; its type says whether it may be null. */
    @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
    static <T extends @Nullable Object> T typed(@Nullable Object result) {
        return (T) result;
    }

    /** Between a pending call and the future its caller has. */
    private static final class Delivery<T extends @Nullable Object> implements Pending.Listener, Runnable {

        private final Pending pending;
        private final End end;
        private final ToolkitFuture<T> future;

        Delivery(EventExecutor loop, Pending pending, End end) {
            this.pending = pending;
            this.end = end;
            future = new ToolkitFuture<>(loop, this);
        }

        ToolkitFuture<T> begin() {
            if (!pending.subscribe(this)) {
                try {
                    onEnd(pending.take(), null);
                } catch (Throwable failure) {
                    onEnd(null, failure);
                }
            }
            return future;
        }

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            end.ended(result, failure);
            if (failure == null) {
                future.succeed(GuardedCall.<T>typed(result));
            } else {
                future.fail(failure);
            }
        }

        /** The caller does not wait any longer. Without a cancel that is a timeout of the future, and of the call. */
        @Override
        public void run() {
            pending.abandon(
                    future.isCancelled()
                            ? new GivenUpException("the caller gave the call up")
                            : new TimeoutException("the caller's time for the call is over"));
        }
    }
}

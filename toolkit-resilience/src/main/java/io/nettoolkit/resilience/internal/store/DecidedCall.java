package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous call that waits for a decision first. A cancel reaches whichever of the two is under way, and a call whose
 * caller has gone is not made.
 *
 * <p>Threading: any thread.
 */
public final class DecidedCall<T extends @Nullable Object> {

    private final Supplier<? extends CompletionStage<T>> call;
    private final Function<Decision, RejectedException> refusals;
    private final EventExecutor loop;
    private final ToolkitFuture<T> future;
    private volatile CompletableFuture<?> underWay;

    private DecidedCall(
            CompletableFuture<Decision> decision,
            Supplier<? extends CompletionStage<T>> call,
            Function<Decision, RejectedException> refusals,
            EventExecutor loop) {
        this.call = call;
        this.refusals = refusals;
        this.loop = loop;
        underWay = decision;
        future = new ToolkitFuture<>(loop, () -> underWay.cancel(true));
    }

    /**
     * Makes the call as soon as the decision is yes; the future completes on the loop.
     *
     * @param refusals what the caller is told where it is no
     */
    public static <T extends @Nullable Object> CompletableFuture<T> start(
            CompletableFuture<Decision> decision,
            Supplier<? extends CompletionStage<T>> call,
            Function<Decision, RejectedException> refusals,
            EventExecutor loop) {
        DecidedCall<T> decided = new DecidedCall<>(decision, call, refusals, loop);
        if (decision.isDone()) {
            return decided.make(decision.join());
        }
        decision.whenComplete(decided::onDecision);
        return decided.future;
    }

    private CompletableFuture<T> make(Decision decision) {
        return decision.granted()
                ? GuardedCall.start(call, loop, GuardedCall.End.NOTHING)
                : ToolkitFuture.failed(loop, refusals.apply(decision));
    }

    private void onDecision(Decision decision, @Nullable Throwable failure) {
        if (failure != null) {
            future.fail(failure);
        } else if (!future.isDone()) {
            CompletableFuture<T> made = make(decision);
            underWay = made;
            if (future.isCancelled()) {
                made.cancel(true);
            }
            made.whenComplete(this::onEnd);
        }
    }

    private void onEnd(T result, @Nullable Throwable thrown) {
        Throwable cause = Classification.cause(thrown);
        if (cause == null) {
            future.succeed(result);
        } else {
            future.fail(cause);
        }
    }
}

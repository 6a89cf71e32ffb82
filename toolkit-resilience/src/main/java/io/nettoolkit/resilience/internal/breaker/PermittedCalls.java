package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls that a breaker let through, and tells it how they ended, in the terms of its user's classifier.
 *
 * <p>Threading: any thread. A report never throws, so a permit is always given back.
 */
public final class PermittedCalls {

    private final String breaker;
    private final BreakerCore core;
    private final Classifier classifier;
    private final CallbackGuard guard;
    private final TimeSource timeSource;
    private final Timers timers = new Timers(null);

    /** Calls of the breaker of this name. */
    public PermittedCalls(String breaker, BreakerCore core, Classifier classifier, TimeSource timeSource) {
        this.breaker = breaker;
        this.core = core;
        this.classifier = classifier;
        this.timeSource = timeSource;
        guard = new CallbackGuard("the classifier of circuit breaker " + breaker, timeSource);
    }

    /** What the end of a call means to the breaker. */
    public Classifier classifier() {
        return classifier;
    }

    /** Makes a call on this thread. */
    public <T extends @Nullable Object> T call(long permit, Callable<T> call) throws Exception {
        long startNanos = startNanos();
        T result;
        try {
            result = call.call();
        } catch (Throwable thrown) {
            ended(permit, startNanos, null, thrown);
            throw thrown;
        }
        ended(permit, startNanos, result, null);
        return result;
    }

    /** Makes a call through a stage. */
    public <T extends @Nullable Object> CompletableFuture<T> start(
            long permit, Supplier<? extends CompletionStage<T>> call) {
        EventExecutor loop = timers.loop();
        long startNanos = startNanos();
        return GuardedCall.start(call, loop, (result, failure) -> ended(permit, startNanos, result, failure));
    }

    /** For a call that was not made. */
    public <T extends @Nullable Object> CompletableFuture<T> refused(RejectedException refusal) {
        return ToolkitFuture.failed(timers.loop(), refusal);
    }

    /** What a refusal of {@link BreakerCore#tryAcquire} means. */
    public RejectedException refusal(long refusal) {
        if (refusal == BreakerCore.REFUSED_BY_HAND) {
            return new RejectedException(breaker, Reason.CIRCUIT_OPEN, Duration.ZERO, "it was forced open");
        }
        return refusal == BreakerCore.REFUSED_FOR_NOW
                ? new RejectedException(breaker, Reason.CIRCUIT_OPEN, Duration.ZERO, "its probes are under way")
                : new RejectedException(
                        breaker, Reason.CIRCUIT_OPEN, Duration.ofNanos(-refusal), "too many calls failed");
    }

    /** 0 where the breaker does not look at that. */
    private long startNanos() {
        return core.needsElapsed() ? timeSource.nanoTime() : 0;
    }

    private void ended(long permit, long startNanos, @Nullable Object result, @Nullable Throwable failure) {
        long elapsedNanos = core.needsElapsed() ? timeSource.nanoTime() - startNanos : 0;
        core.onResult(permit, Classification.of(classifier, result, failure, guard), elapsedNanos);
    }
}

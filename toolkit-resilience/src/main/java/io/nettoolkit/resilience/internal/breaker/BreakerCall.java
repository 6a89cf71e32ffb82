package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.Timers;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous call that a breaker let through. Whatever comes first, the call's end, the caller's cancel or the
 * caller's timeout, is reported, once; only then does the caller's future complete.
 *
 * <p>Threading: the call may end on any thread.
 */
public final class BreakerCall<T extends @Nullable Object> {

    private static final Timers TIMERS = new Timers(null);

    private final CallReports reports;
    private final long permit;
    private final long startNanos;
    private final CompletionStage<T> stage;
    private final AtomicBoolean reported = new AtomicBoolean();
    private final ToolkitFuture<T> future;

    private BreakerCall(
            CallReports reports, long permit, long startNanos, CompletionStage<T> stage, EventExecutor executor) {
        this.reports = reports;
        this.permit = permit;
        this.startNanos = startNanos;
        this.stage = stage;
        future = new ToolkitFuture<>(executor, this::onAbandoned);
    }

    /** Makes the call. */
    public static <T extends @Nullable Object> CompletableFuture<T> start(
            CallReports reports, long permit, Supplier<? extends CompletionStage<T>> call) {
        EventExecutor executor = TIMERS.loop();
        long startNanos = reports.start();
        CompletionStage<T> stage;
        try {
            stage = call.get();
            if (stage == null) {
                throw new NullPointerException("call: must not answer null");
            }
        } catch (Throwable thrown) {
            reports.ended(permit, startNanos, null, thrown);
            return ToolkitFuture.failed(executor, thrown);
        }
        if (stage instanceof CompletableFuture<T> done && isDone(done)) {
            return ended(reports, permit, startNanos, done, executor);
        }
        BreakerCall<T> running = new BreakerCall<>(reports, permit, startNanos, stage, executor);
        stage.whenComplete(running::onEnd);
        return running.future;
    }

    /** The JDK's minimal stages are futures by type alone: they throw when asked. */
    private static boolean isDone(CompletableFuture<?> future) {
        try {
            return future.isDone();
        } catch (UnsupportedOperationException minimal) {
            return false;
        }
    }

    /** Of a call that was over at once: so is the caller's future, on the caller's thread. */
    private static <T extends @Nullable Object> CompletableFuture<T> ended(
            CallReports reports, long permit, long startNanos, CompletableFuture<T> done, EventExecutor executor) {
        T result;
        try {
            result = done.join();
        } catch (Throwable failure) {
            Throwable cause = cause(failure);
            reports.ended(permit, startNanos, null, cause);
            return ToolkitFuture.failed(executor, cause);
        }
        reports.ended(permit, startNanos, result, null);
        return ToolkitFuture.succeeded(executor, result);
    }

    private void onEnd(T result, @Nullable Throwable failure) {
        if (reported.compareAndSet(false, true)) {
            reports.ended(permit, startNanos, result, failure);
        }
        if (failure == null) {
            future.succeed(result);
        } else {
            future.fail(cause(failure));
        }
    }

    private void onAbandoned() {
        if (reported.compareAndSet(false, true)) {
            if (future.isCancelled()) {
                reports.abandoned(permit);
            } else {
                // Only a timeout of the caller's abandons a call without a cancel.
                reports.ended(permit, startNanos, null, new TimeoutException());
            }
        }
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException notOne) {
            // A stage need not be a future: then nobody can stop it.
        }
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = Classification.cause(failure);
        return cause == null ? failure : cause;
    }
}

package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.resilience.internal.Timers;
import io.netty.util.concurrent.EventExecutor;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way in and out of linked layers: what a policy's or a pipeline's {@code execute} and {@code executeAsync} are.
 *
 * <p>Threading: any thread.
 */
public final class Chain {

    private final String name;
    private final Layer outermost;
    private final TimeSource timeSource;
    private final Timers timers;
    private final boolean mayWait;

    /**
     * Layers behind one face.
     *
     * @param timers say where futures complete, and run the timers of deadlines
     */
    public Chain(String name, Layer outermost, TimeSource timeSource, Timers timers) {
        this.name = name;
        this.outermost = outermost;
        this.timeSource = timeSource;
        this.timers = timers;
        mayWait = outermost.mayWait();
    }

    /**
     * A call on this thread.
     *
     * @param operation what the user called, for the message that refuses an event loop
     */
    public <T extends @Nullable Object> T call(String operation, Callable<T> call, @Nullable Deadline deadline)
            throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        requireSameClock(deadline);
        if (mayWait) {
            BlockingCheck.refuseOnEventLoop(operation, "executeAsync");
        }
        return GuardedCall.typed(outermost.call(call, scope(deadline)));
    }

    /** A call through a stage. */
    public <T extends @Nullable Object> CompletableFuture<T> start(
            Supplier<? extends CompletionStage<T>> call, @Nullable Deadline deadline) {
        Objects.requireNonNull(call, "call: must not be null");
        requireSameClock(deadline);
        EventExecutor loop = timers.loop();
        Object result;
        try {
            CallScope scope = scope(deadline);
            result = outermost.start(call, scope);
            if (scope != null && result instanceof Pending pending) {
                result = TimeLimitRun.follow(name, scope.deadline(), timers, pending);
            }
        } catch (Throwable failure) {
            return ToolkitFuture.failed(loop, failure);
        }
        return GuardedCall.future(result, loop, GuardedCall.End.NOTHING);
    }

    private void requireSameClock(@Nullable Deadline deadline) {
        if (deadline != null && deadline.timeSource() != timeSource) {
            throw new IllegalArgumentException("deadline: measured on " + deadline.timeSource() + ", " + name + " on "
                    + timeSource + "; build both from the same TimeSource");
        }
    }

    private @Nullable CallScope scope(@Nullable Deadline deadline) {
        if (deadline == null) {
            return null;
        }
        if (deadline.isExpired()) {
            throw Failures.raise(Failures.tooLate(name, deadline));
        }
        return CallScope.within(null, deadline);
    }
}

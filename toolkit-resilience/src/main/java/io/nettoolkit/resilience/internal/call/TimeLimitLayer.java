package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Stops a call that takes too long. */
public final class TimeLimitLayer extends Layer {

    /** What a time limit was built from, and where it counts. */
    public record Plan(
            String name,
            Duration limit,
            TimeSource timeSource,
            Timers timers,
            @Nullable Executor executor,
            Parking parking,
            StripedCounters timeouts) {}

    private final Plan plan;
    private final Layer inner;

    /** Limits the inner layer. */
    public TimeLimitLayer(Plan plan, Layer inner) {
        this.plan = plan;
        this.inner = inner;
    }

    @Override
    public boolean mayWait() {
        return true;
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        Executor executor = plan.executor();
        if (executor == null) {
            throw new IllegalStateException(plan.name() + ": a call on the caller's own thread cannot be stopped; give"
                    + " the time limit an executor (TimeLimit.builder(limit).executor(…)), or use executeAsync");
        }
        CallScope within = within(scope);
        long startNanos = plan.timeSource().nanoTime();
        Task task = new Task(() -> inner.call(body, within), Thread.currentThread());
        executor.execute(task);
        while (!task.isDone()) {
            long leftNanos = within.deadline().remainingNanos();
            if (leftNanos <= 0) {
                Throwable timeout =
                        Failures.timeout(plan.name(), plan.timeSource().nanoTime() - startNanos);
                if (stop(task, within, timeout)) {
                    plan.timeouts().increment(0);
                    throw Failures.raise(timeout);
                }
            } else if (Thread.interrupted()) {
                InterruptedException interrupted = new InterruptedException();
                Throwable meaning = CallScope.meaning(scope, interrupted);
                stop(task, within, meaning);
                throw Failures.raise(meaning);
            } else {
                plan.parking().park(this, leftNanos);
            }
        }
        try {
            return task.get();
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            throw Failures.raise(cause == null ? failed : cause);
        }
    }

    /** Tells the layers inside first why they are interrupted; false where the call ended meanwhile. */
    private static boolean stop(Task task, CallScope scope, Throwable why) {
        scope.abandon(why);
        return task.cancel(true);
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        CallScope within = within(scope);
        Object result = inner.start(body, within);
        return result instanceof Pending pending ? new Run().begin(within.deadline(), plan.timers(), pending) : result;
    }

    private CallScope within(@Nullable CallScope scope) {
        return CallScope.within(scope, Deadline.after(plan.limit(), plan.timeSource()));
    }

    private final class Run extends TimeLimitRun {

        Run() {
            super(plan.name(), plan.timeSource());
        }

        @Override
        void onTimeout() {
            plan.timeouts().increment(0);
        }
    }

    /** Wakes its caller when it is over. */
    private static final class Task extends FutureTask<@Nullable Object> {

        private final Thread caller;

        Task(Callable<@Nullable Object> call, Thread caller) {
            super(call);
            this.caller = caller;
        }

        @Override
        protected void done() {
            LockSupport.unpark(caller);
        }
    }
}

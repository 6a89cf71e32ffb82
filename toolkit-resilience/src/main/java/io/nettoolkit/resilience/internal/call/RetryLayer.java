package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Attempts around a call. Both halves are loops: no number of attempts deepens the stack. */
public final class RetryLayer extends Layer {

    private final RetryPlan plan;
    private final Layer inner;

    /** Retries the inner layer. */
    public RetryLayer(RetryPlan plan, Layer inner) {
        this.plan = plan;
        this.inner = inner;
    }

    @Override
    public boolean mayWait() {
        return plan.maxAttempts() > 1 || inner.mayWait();
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) throws Exception {
        long startNanos = plan.timeSource().coarseNanos();
        RetryState state = null;
        for (; ; ) {
            Object result = null;
            Throwable failure = null;
            try {
                result = inner.call(body, scope);
                if (state == null && isSuccess(result)) {
                    return result;
                }
            } catch (Throwable thrown) {
                failure = thrown;
            }
            if (state == null) {
                state = new RetryState(plan, startNanos, scope);
            }
            long waitNanos = state.next(result, failure);
            // Nobody waits any more for a call that a time limit outside gave up.
            if (waitNanos == RetryState.OVER || CallScope.abandonedWith(scope) != null) {
                if (failure != null) {
                    throw Failures.raise(state.report(failure));
                }
                return result;
            }
            pause(waitNanos, failure, scope);
        }
    }

    private void pause(long waitNanos, @Nullable Throwable failure, @Nullable CallScope scope) {
        if (waitNanos == 0) {
            return;
        }
        try {
            plan.parking().until(plan.timeSource().nanoTime() + waitNanos, plan.timeSource());
        } catch (InterruptedException interrupted) {
            Throwable meaning = CallScope.meaning(scope, interrupted);
            Failures.suppress(meaning, failure);
            throw Failures.raise(meaning);
        }
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        long startNanos = plan.timeSource().coarseNanos();
        Object result = null;
        Throwable failure = null;
        try {
            result = inner.start(body, scope);
            if (!(result instanceof Pending) && isSuccess(result)) {
                return result;
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
        Run run = new Run(body, scope, new RetryState(plan, startNanos, scope));
        run.begin(result, failure);
        return run.hasEnded() ? run.take() : run;
    }

    private boolean isSuccess(@Nullable Object result) {
        return Classification.of(plan.classifier(), result, null, plan.guard()) == Outcome.SUCCESS;
    }

    private final class Run extends Relay implements Alarm.Action {

        private final Supplier<? extends CompletionStage<?>> body;
        private final @Nullable CallScope scope;
        private final RetryState state;

        private volatile @Nullable Alarm alarm;
        /** Of the attempt before the one that is waited for. */
        private volatile @Nullable Throwable lastFailure;

        Run(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope, RetryState state) {
            this.body = body;
            this.scope = scope;
            this.state = state;
        }

        /** Goes on from the first attempt. */
        void begin(@Nullable Object result, @Nullable Throwable failure) {
            if (isToBeRepeated(result, failure)) {
                attempts();
            }
        }

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            if (isOverOrWaits(result, failure)) {
                return;
            }
            attempts();
        }

        @Override
        public void goOff() {
            if (abandonedWith() == null) {
                attempts();
            }
        }

        @Override
        public void lost(RejectedExecutionException cause) {
            Throwable failure = lastFailure == null ? cause : lastFailure;
            Failures.suppress(failure, cause);
            end(null, state.report(failure));
        }

        /** Between attempts nothing else would end it. */
        @Override
        void onAbandoned(Throwable why) {
            Alarm.silence(alarm);
            Failures.suppress(why, lastFailure);
            end(null, why);
        }

        private void attempts() {
            Object result;
            Throwable failure;
            do {
                result = null;
                failure = null;
                try {
                    result = inner.start(body, scope);
                } catch (Throwable thrown) {
                    failure = thrown;
                }
            } while (isToBeRepeated(result, failure));
        }

        /** What an attempt answered: false where it is pending, waits for its turn, or was the last one. */
        private boolean isToBeRepeated(@Nullable Object answer, @Nullable Throwable thrown) {
            Object result = answer;
            Throwable failure = thrown;
            if (result instanceof Pending pending) {
                if (follow(pending)) {
                    return false;
                }
                try {
                    result = pending.take();
                } catch (Throwable ended) {
                    result = null;
                    failure = ended;
                }
            }
            return !isOverOrWaits(result, failure);
        }

        private boolean isOverOrWaits(@Nullable Object result, @Nullable Throwable failure) {
            Throwable why = abandonedWith();
            if (why != null) {
                end(null, why);
                return true;
            }
            long waitNanos = state.next(result, failure);
            if (waitNanos == RetryState.OVER) {
                end(result, failure == null ? null : state.report(failure));
                return true;
            }
            if (waitNanos == 0) {
                return false;
            }
            lastFailure = failure;
            Alarm set = Alarm.set(
                    plan.timers().current(),
                    plan.timeSource(),
                    plan.timeSource().nanoTime() + waitNanos,
                    this);
            alarm = set;
            if (abandonedWith() != null) {
                set.cancel();
            }
            return true;
        }
    }
}

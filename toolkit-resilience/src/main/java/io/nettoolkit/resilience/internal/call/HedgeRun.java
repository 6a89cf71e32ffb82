package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.GivenUpException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. A first attempt is under way; an alarm may add a second. The call has the outcome of the attempt that ends first,
 * unless that failed while the other one is still under way: then it waits for the other one.
 *
 * Invariants. Under the lock, where nobody else's code runs, `over` is set once, by whoever decides the outcome: an attempt
 * that ends, or an abandon. Whoever sets it stops the attempts that are still under way; an attempt that is only being begun
 * then is stopped by who begins it, because it publishes the attempt and looks at `over` under the lock.
 */

/** One hedged call. */
final class HedgeRun extends Pending implements Alarm.Action {

    private final HedgeLayer layer;
    private final Supplier<? extends CompletionStage<?>> body;
    private final @Nullable CallScope scope;
    private final TimeSource timeSource;

    private final Attempt first = new Attempt();
    private final Attempt second = new Attempt();
    private volatile @Nullable Alarm alarm;

    // ---- under the lock
    private boolean over;
    /** Of an attempt that failed while the other one was under way. */
    private @Nullable Throwable earlierFailure;

    HedgeRun(HedgeLayer layer, Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope) {
        this.layer = layer;
        this.body = body;
        this.scope = scope;
        timeSource = layer.plan().timeSource();
    }

    /** Follows the first attempt; this call, or its result where it has ended meanwhile. */
    @Nullable
    Object begin(Pending pending, long startNanos) {
        synchronized (this) {
            first.isUnderWay = true;
            first.startNanos = startNanos;
            first.pending = pending;
        }
        long delayNanos = layer.plan().delayNanos();
        if (delayNanos > 0) {
            alarm = Alarm.set(layer.plan().timers().current(), timeSource, startNanos + delayNanos, this);
        }
        first.listenTo(pending);
        return hasEnded() ? take() : this;
    }

    /** Time for a second attempt. */
    @Override
    public void goOff() {
        if (isOver()) {
            return;
        }
        if (!layer.plan().budget().tryWithdraw()) {
            layer.plan().counters().increment(HedgeLayer.REFUSED);
            return;
        }
        synchronized (this) {
            if (over) {
                return;
            }
            second.isUnderWay = true;
            second.startNanos = timeSource.nanoTime();
        }
        layer.plan().counters().increment(HedgeLayer.HEDGES);
        Object result = null;
        Throwable failure = null;
        try {
            result = layer.inner().start(body, scope);
        } catch (Throwable thrown) {
            failure = thrown;
        }
        if (!(result instanceof Pending pending)) {
            second.onEnd(result, failure);
            return;
        }
        boolean tooLate;
        synchronized (this) {
            second.pending = pending;
            tooLate = over;
        }
        if (tooLate) {
            pending.abandon(fasterAttempt());
        }
        second.listenTo(pending);
    }

    /** No timer, no second attempt. */
    @Override
    public void lost(RejectedExecutionException cause) {}

    private synchronized boolean isOver() {
        return over;
    }

    @Override
    void abandon(Throwable why) {
        Pending stopFirst;
        Pending stopSecond;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            stopFirst = first.stoppable();
            stopSecond = second.stoppable();
        }
        Alarm.silence(alarm);
        stop(stopFirst, why);
        stop(stopSecond, why);
        end(null, why);
    }

    private static void stop(@Nullable Pending pending, Throwable why) {
        if (pending != null) {
            pending.abandon(why);
        }
    }

    private static GivenUpException fasterAttempt() {
        return new GivenUpException("another attempt of the same call was faster");
    }

    private final class Attempt implements Pending.Listener {

        // ---- under the lock of the call
        private boolean isUnderWay;
        private long startNanos;
        private @Nullable Pending pending;

        @Nullable
        Pending stoppable() {
            return isUnderWay ? pending : null;
        }

        void listenTo(Pending call) {
            if (call.subscribe(this)) {
                return;
            }
            Object result = null;
            Throwable failure = null;
            try {
                result = call.take();
            } catch (Throwable thrown) {
                failure = thrown;
            }
            onEnd(result, failure);
        }

        @Override
        public void onEnd(@Nullable Object result, @Nullable Throwable failure) {
            HedgeLayer.Plan plan = layer.plan();
            Outcome outcome = Classification.of(plan.classifier(), result, failure, plan.guard());
            boolean failed = outcome == Outcome.FAILURE || outcome == Outcome.OVERLOAD;
            long nowNanos = timeSource.nanoTime();
            Attempt other = this == first ? second : first;
            Throwable earlier;
            Pending loser;
            long lostNanos;
            synchronized (HedgeRun.this) {
                isUnderWay = false;
                if (over) {
                    return;
                }
                if (failed && other.isUnderWay) {
                    earlierFailure = failure;
                    return;
                }
                over = true;
                earlier = earlierFailure;
                loser = other.stoppable();
                lostNanos = loser == null ? 0 : nowNanos - other.startNanos;
            }
            Alarm.silence(alarm);
            if (loser != null) {
                // It took at least so long. Leaving the slow ones out would make the estimate ever shorter.
                layer.plan().durations().record(lostNanos);
                loser.abandon(fasterAttempt());
            }
            if (!failed) {
                layer.plan().durations().record(nowNanos - startNanos);
                if (this == second) {
                    plan.counters().increment(HedgeLayer.WINS);
                }
            }
            if (failure != null) {
                Failures.suppress(failure, earlier);
            }
            end(result, failure);
        }
    }
}

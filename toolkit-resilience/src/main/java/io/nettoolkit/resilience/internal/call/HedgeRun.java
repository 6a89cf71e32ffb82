package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.GivenUpException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. A first attempt is under way; an alarm may add a second. The call has the outcome of the attempt that ends first,
 * unless that failed while the other one is still under way: then it waits for the other one.
 *
 * Invariants. One word says which attempts are under way and whether the outcome is decided; each step is one
 * compare-and-set of it, and nothing waits. OVER is set once, by whoever decides the outcome: an attempt that ends, or an
 * abandon. Whoever sets it stops the attempts that are still under way. An attempt that is only being begun then is stopped
 * by who begins it, because it publishes the attempt before it looks at OVER, and the others look for the attempt after they
 * have set OVER. An attempt notes how it ended before it leaves the word, so who finds it gone finds that.
 */

/** One hedged call. */
final class HedgeRun extends Pending implements Alarm.Action {

    private static final int FIRST = 1;
    private static final int SECOND = 2;
    private static final int OVER = 4;

    private final HedgeLayer layer;
    private final Supplier<? extends CompletionStage<?>> body;
    private final @Nullable CallScope scope;
    private final TimeSource timeSource;

    private final Attempt first = new Attempt(FIRST);
    private final Attempt second = new Attempt(SECOND);
    private final AtomicInteger state = new AtomicInteger(FIRST);
    private volatile @Nullable Alarm alarm;

    HedgeRun(HedgeLayer layer, Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope) {
        this.layer = layer;
        this.body = body;
        this.scope = scope;
        timeSource = layer.plan().timeSource();
    }

    /** Follows the first attempt; this call, or its result where it has ended meanwhile. */
    @Nullable
    Object begin(Pending pending, long startNanos) {
        first.startNanos = startNanos;
        first.pending = pending;
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
        second.startNanos = timeSource.nanoTime();
        if (!join()) {
            return;
        }
        // Only who has a place pays for it.
        boolean paid = false;
        try {
            paid = layer.plan().budget().tryWithdraw();
        } finally {
            if (!paid) {
                second.leave();
            }
        }
        if (!paid) {
            layer.plan().counters().increment(HedgeLayer.REFUSED);
            return;
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
        second.pending = pending;
        if (isOver(state.get())) {
            pending.abandon(fasterAttempt());
        }
        second.listenTo(pending);
    }

    /** No timer, no second attempt. */
    @Override
    public void lost(RejectedExecutionException cause) {}

    /** A place for the second attempt, unless the call is over. */
    private boolean join() {
        int before;
        do {
            before = state.get();
            if (isOver(before)) {
                return false;
            }
        } while (!state.compareAndSet(before, before | SECOND));
        return true;
    }

    private static boolean isOver(int state) {
        return (state & OVER) != 0;
    }

    @Override
    void abandon(Throwable why) {
        int before = state.getAndUpdate(now -> now | OVER);
        if (isOver(before)) {
            return;
        }
        Alarm.silence(alarm);
        stop(first.stoppable(before), why);
        stop(second.stoppable(before), why);
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

        private final int bit;
        private long startNanos;
        private volatile @Nullable Pending pending;
        private @Nullable Object result;
        private @Nullable Throwable failure;

        Attempt(int bit) {
            this.bit = bit;
        }

        private boolean isIn(int state) {
            return (state & bit) != 0;
        }

        private Attempt other() {
            return this == first ? second : first;
        }

        /** What to stop when the outcome was decided in this state. */
        @Nullable
        Pending stoppable(int state) {
            return isIn(state) ? pending : null;
        }

        /** It is not made after all; what it kept the other one from deciding is decided now. */
        void leave() {
            Attempt other = other();
            int before = state.getAndUpdate(now -> other.isIn(now) ? now & ~bit : now | OVER);
            if (!other.isIn(before) && !isOver(before)) {
                end(other.result, other.failure);
            }
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
            Attempt other = other();
            this.result = result;
            this.failure = failure;
            int before;
            boolean decides;
            do {
                before = state.get();
                if (isOver(before)) {
                    return;
                }
                decides = !failed || !other.isIn(before);
            } while (!state.compareAndSet(before, decides ? before | OVER : before & ~bit));
            if (!decides) {
                return;
            }
            Pending loser = other.stoppable(before);
            Throwable earlier = other.isIn(before) ? null : other.failure;
            Alarm.silence(alarm);
            if (loser != null) {
                // It took at least so long. Leaving the slow ones out would make the estimate ever shorter.
                layer.plan().durations().record(nowNanos - other.startNanos);
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

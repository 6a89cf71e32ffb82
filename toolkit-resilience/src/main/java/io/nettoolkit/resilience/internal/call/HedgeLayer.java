package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier;
import io.nettoolkit.resilience.RetryBudget;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A second attempt beside a first one that takes long. */
public final class HedgeLayer extends Layer {

    /** Counter of second attempts. */
    public static final int HEDGES = 0;
    /** Counter of calls that a second attempt answered. */
    public static final int WINS = 1;
    /** Counter of second attempts the budget refused. */
    public static final int REFUSED = 2;
    /** How many counters there are. */
    public static final int COUNTERS = 3;

    /** What a hedge was built from, and where it counts. */
    public record Plan(
            String name,
            QuantileEstimate durations,
            long minDelayNanos,
            Classifier classifier,
            RetryBudget budget,
            TimeSource timeSource,
            Timers timers,
            CallbackGuard guard,
            StripedCounters counters) {

        /** How long to wait for the first attempt, in nanoseconds; 0 while that is not known. */
        public long delayNanos() {
            long estimateNanos = durations.nanos();
            return estimateNanos == 0 ? 0 : Math.max(minDelayNanos, estimateNanos);
        }

        /** The same hedge with another classifier, and the same counters and experience. */
        public Plan with(Classifier other) {
            return new Plan(name, durations, minDelayNanos, other, budget, timeSource, timers, guard, counters);
        }
    }

    private final Plan plan;
    private final Layer inner;

    /** Hedges the inner layer. */
    public HedgeLayer(Plan plan, Layer inner) {
        this.plan = plan;
        this.inner = inner;
    }

    @Override
    public boolean mayWait() {
        return inner.mayWait();
    }

    @Override
    public @Nullable Object call(Callable<?> body, @Nullable CallScope scope) {
        throw new IllegalStateException(plan.name() + ": a thread makes one attempt at a time; use executeAsync");
    }

    @Override
    public @Nullable Object start(Supplier<? extends CompletionStage<?>> body, @Nullable CallScope scope)
            throws Exception {
        long startNanos = plan.timeSource().nanoTime();
        Object result = inner.start(body, scope);
        if (result instanceof Pending pending) {
            return new HedgeRun(this, body, scope).begin(pending, startNanos);
        }
        plan.durations().record(plan.timeSource().nanoTime() - startNanos);
        return result;
    }

    Plan plan() {
        return plan;
    }

    Layer inner() {
        return inner;
    }
}

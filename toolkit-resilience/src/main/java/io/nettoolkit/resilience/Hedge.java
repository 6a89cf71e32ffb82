package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.DepositLayer;
import io.nettoolkit.resilience.internal.call.HedgeLayer;
import io.nettoolkit.resilience.internal.call.Layer;
import io.nettoolkit.resilience.internal.call.QuantileEstimate;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the tail of latencies: when a call takes longer than most, makes it a second time beside the first and takes the
 * answer that comes first.
 *
 * <pre>{@code
 * Hedge hedge = Hedge.builder().quantile(0.95).maxExtra(0.05).build();
 * CompletableFuture<Row> row = hedge.executeAsync(() -> replicas.read(key));
 * }</pre>
 *
 * <p>How long "longer than most" is, it learns from the calls themselves: a quantile of the last 10 to 20 seconds. Until it
 * has seen 64 calls there are no second attempts. Only calls that may be made twice belong in here.
 *
 * <p>An attempt that fails while the other one is under way is not the call's outcome: the other one's is. One that fails
 * alone is; making it again is {@link Retry}'s business.
 *
 * <p><b>Threading.</b> Any thread; the second attempt begins on the scheduler. There is no {@code execute}: a thread makes one
 * attempt at a time.
 *
 * <p><b>Life cycle.</b> Holds nothing but what it learned; one for each kind of call.
 *
 * <p><b>Failure.</b> Exactly one outcome; the attempt that lost is cancelled. A budget that is used up means no second attempt
 * and nothing else.
 *
 * <p><b>Sources.</b> Jeffrey Dean and Luiz André Barroso, "The Tail at Scale", CACM 56(2), 2013.
 */
public final class Hedge {

    /** How old the oldest experience is at most: two of these. */
    private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();

    private final double quantile;
    private final HedgeLayer.Plan plan;
    private final Chain chain;

    private Hedge(Builder builder) {
        RetryBudget given = builder.budget;
        RetryBudget budget = given != null
                ? given
                : RetryBudget.builder()
                        .name(builder.name + "-budget")
                        .ratio(builder.maxExtra)
                        .minPerSecond(0)
                        .timeSource(builder.timeSource)
                        .build();
        plan = new HedgeLayer.Plan(
                builder.name,
                new QuantileEstimate(builder.quantile, WINDOW_NANOS, builder.timeSource),
                builder.minDelayNanos,
                builder.classifier,
                budget,
                builder.timeSource,
                new Timers(builder.scheduler),
                new CallbackGuard("the classifier of " + builder.name, builder.timeSource),
                new StripedCounters(HedgeLayer.COUNTERS));
        quantile = builder.quantile;
        chain = new Chain(
                plan.name(),
                DepositLayer.into(budget, new HedgeLayer(plan, Body.INSTANCE)),
                plan.timeSource(),
                plan.timers());
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Makes the call, the first attempt on this thread. Cancelling the future cancels both attempts. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /** What it did so far, in pipelines too. */
    public Stats stats() {
        StripedCounters counters = plan.counters();
        return new Stats(
                Duration.ofNanos(plan.delayNanos()),
                counters.sum(HedgeLayer.HEDGES),
                counters.sum(HedgeLayer.WINS),
                counters.sum(HedgeLayer.REFUSED));
    }

    /** Without the deposit. */
    Layer layer(Layer inner, @Nullable Classifier classifier) {
        return new HedgeLayer(classifier == null ? plan : plan.with(classifier), inner);
    }

    String name() {
        return plan.name();
    }

    RetryBudget budget() {
        return plan.budget();
    }

    TimeSource timeSource() {
        return plan.timeSource();
    }

    @Override
    public String toString() {
        return "Hedge[" + plan.name() + ", quantile=" + quantile + ", minDelay="
                + Duration.ofNanos(plan.minDelayNanos()) + ", budget=" + plan.budget() + "]";
    }

    /**
     * What a hedge did so far.
     *
     * @param delay how long a call has now before there is a second attempt, as it learned; zero
     *     while that is not known
     * @param hedges second attempts
     * @param wins calls that the second attempt answered
     * @param refused second attempts that the budget did not allow
     */
    public record Stats(Duration delay, long hedges, long wins, long refused) {}

    /** Puts a hedge together. Not thread-safe. */
    public static final class Builder {
        private String name = "hedge";
        private double quantile = 0.95;
        private long minDelayNanos = Duration.ofMillis(1).toNanos();
        private double maxExtra = 0.05;
        private @Nullable RetryBudget budget;
        private Classifier classifier = Classifier.defaults();
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;

        private Builder() {}

        /** What messages and metrics call it. Default "hedge". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** The share of calls that are faster than the delay, 0.5 to 0.999. Default 0.95. */
        public Builder quantile(double quantile) {
            if (!(quantile >= 0.5 && quantile <= 0.999)) {
                throw new IllegalArgumentException("quantile: " + quantile + " (must be 0.5 to 0.999)");
            }
            this.quantile = quantile;
            return this;
        }

        /** The shortest delay, more than zero. Default 1 ms. */
        public Builder minDelay(Duration delay) {
            minDelayNanos = Check.positiveNanos("minDelay", delay);
            return this;
        }

        /**
         * Second attempts for each call at most, 0.001 to 1. Default 0.05: one for twenty calls. To a hedge inside of a
         * {@link Retry} each of its attempts is a call; for a bound on both together give them one {@link #budget}.
         */
        public Builder maxExtra(double share) {
            if (!(share >= 0.001 && share <= 1)) {
                throw new IllegalArgumentException("maxExtra: " + share + " (must be 0.001 to 1)");
            }
            maxExtra = share;
            return this;
        }

        /**
         * A budget shared with others, in place of {@link #maxExtra}; on the same clock. A call of a pipeline pays into it
         * once, whoever else of the pipeline takes out of it. Default one of its own.
         */
        public Builder budget(RetryBudget budget) {
            this.budget = Objects.requireNonNull(budget, "budget: must not be null");
            return this;
        }

        /** Which attempts failed: {@link Outcome#FAILURE} and {@link Outcome#OVERLOAD}. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where second attempts begin. Default the calling event loop, else a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /** The hedge. */
        public Hedge build() {
            if (budget != null && budget.timeSource() != timeSource) {
                throw new IllegalArgumentException("budget: measured on " + budget.timeSource() + ", " + name + " on "
                        + timeSource + "; build both from the same TimeSource");
            }
            return new Hedge(this);
        }
    }
}

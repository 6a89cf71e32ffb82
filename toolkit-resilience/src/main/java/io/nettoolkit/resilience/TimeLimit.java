package io.nettoolkit.resilience;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.Layer;
import io.nettoolkit.resilience.internal.call.Parking;
import io.nettoolkit.resilience.internal.call.TimeLimitLayer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends a call that takes too long, and stops its work.
 *
 * <pre>{@code
 * TimeLimit limit = TimeLimit.of(Duration.ofMillis(300));
 * CompletableFuture<Quote> quote = limit.executeAsync(() -> client.quoteAsync("ACME"));
 * }</pre>
 *
 * <p>A call through a stage is stopped by cancelling that stage's future. A call on a thread is stopped by an interrupt, and
 * since a thread cannot stop itself, {@code execute} needs an executor to run it on, given to the builder. Either way
 * whatever the work had taken in policies inside (permits, places) comes back at once, and they count a failure, not a cancel.
 *
 * <p><b>Threading.</b> Any thread; {@code execute} parks and refuses event loops.
 *
 * <p><b>Life cycle.</b> Holds nothing; the executor stays its owner's.
 *
 * <p><b>Failure.</b> A {@link NetException} of kind {@link NetFailure.Kind#REQUEST_TIMEOUT}. Work that ignores its cancel or
 * its interrupt goes on unseen, and its result is dropped. An executor that takes no task fails the call as it says.
 */
public final class TimeLimit {

    private final TimeLimitLayer.Plan plan;
    private final Chain chain;

    private TimeLimit(Builder builder) {
        plan = new TimeLimitLayer.Plan(
                builder.name,
                builder.limit,
                builder.timeSource,
                new Timers(builder.scheduler),
                builder.executor,
                builder.parking,
                new StripedCounters(1));
        chain = new Chain(plan.name(), layer(Body.INSTANCE), plan.timeSource(), plan.timers());
    }

    /**
     * A limit for stages.
     *
     * @param limit more than zero, at most 365 days
     */
    public static TimeLimit of(Duration limit) {
        return builder(limit).build();
    }

    /**
     * Begins with the defaults.
     *
     * @param limit as for {@link #of}
     */
    public static Builder builder(Duration limit) {
        return new Builder(limit);
    }

    /**
     * Makes the call on the executor and waits for it, for the time of the limit at most.
     *
     * @throws IllegalStateException without an executor, or on an event loop
     */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return chain.call("TimeLimit.execute", call, null);
    }

    /** Makes the call on this thread; its stage has the time of the limit from now. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /** How many calls it ended so far. */
    public Stats stats() {
        return new Stats(plan.timeouts().sum(0));
    }

    Layer layer(Layer inner) {
        return new TimeLimitLayer(plan, inner);
    }

    String name() {
        return plan.name();
    }

    boolean hasExecutor() {
        return plan.executor() != null;
    }

    TimeSource timeSource() {
        return plan.timeSource();
    }

    @Override
    public String toString() {
        return "TimeLimit[" + plan.name() + ", limit=" + plan.limit() + ", "
                + (hasExecutor() ? "executor=" + plan.executor() : "for stages only") + "]";
    }

    /**
     * What a time limit did so far.
     *
     * @param timeouts calls it ended
     */
    public record Stats(long timeouts) {}

    /** Puts a time limit together. Not thread-safe. */
    public static final class Builder {
        private final Duration limit;
        private String name = "time-limit";
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private @Nullable Executor executor;
        private Parking parking = Parking.THREAD;

        private Builder(Duration limit) {
            Check.positiveNanos("limit", limit);
            this.limit = limit;
        }

        /** What messages and metrics call it. Default "time-limit". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** Where {@code execute} makes its calls; one that runs them on the caller limits nothing. Default none. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where the limits of {@code executeAsync} are timed. Default the calling event loop, else a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /** For tests: what parks. */
        Builder parking(Parking parking) {
            this.parking = parking;
            return this;
        }

        /** The time limit. */
        public TimeLimit build() {
            return new TimeLimit(this);
        }
    }
}

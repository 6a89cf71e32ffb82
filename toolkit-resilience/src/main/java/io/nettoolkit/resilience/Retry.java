package io.nettoolkit.resilience;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.StripedCounters;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.DepositLayer;
import io.nettoolkit.resilience.internal.call.Layer;
import io.nettoolkit.resilience.internal.call.Parking;
import io.nettoolkit.resilience.internal.call.RetryLayer;
import io.nettoolkit.resilience.internal.call.RetryPlan;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a call again when it failed: so many attempts, with growing waits between them, within a time, under a budget.
 *
 * <pre>{@code
 * Retry retry = Retry.builder()
 *         .maxAttempts(4)
 *         .backoff(Backoff.exponential(Duration.ofMillis(50), Duration.ofSeconds(2)).withJitter(0.5))
 *         .budget(budget)
 *         .build();
 * Quote quote = retry.execute(() -> client.quote("ACME"), Deadline.after(Duration.ofSeconds(3)));
 * }</pre>
 *
 * <p>What the {@link Classifier} calls {@link Outcome#FAILURE} or {@link Outcome#OVERLOAD} is tried again, a result as well as
 * an exception; {@link Outcome#IGNORED} is not. Only calls that may be made twice belong in here. The wait is the longer one
 * of the backoff's and of what the peer asked for ({@link Classifier#retryAfterNanos}). When the wait would reach the
 * deadline or the longest time, the call fails at once instead.
 *
 * <p><b>Threading.</b> Any thread. {@code execute} parks its thread between attempts, so it refuses event loops;
 * {@code executeAsync} makes each further attempt on the scheduler. However many attempts there are, the stack stays flat.
 *
 * <p><b>Life cycle.</b> Holds nothing; one for each kind of call, for ever.
 *
 * <p><b>Failure.</b> A call ends as its last attempt did: with the same exception object, which carries those of the attempts
 * before it, 8 at most, as suppressed ones. A listener, classifier or backoff that throws changes nothing else; a backoff that
 * does means no more attempts. An interrupt during a wait ends the call with an {@link InterruptedException}.
 *
 * <p><b>Sources.</b> Marc Brooker, "Exponential Backoff And Jitter", 2015; Google's SRE book, chapter 22.
 */
public final class Retry {

    private final RetryPlan plan;
    private final Chain chain;

    private Retry(Builder builder) {
        CallbackGuard guard =
                new CallbackGuard("a listener, classifier or backoff of " + builder.name, builder.timeSource);
        plan = new RetryPlan(
                builder.name,
                builder.maxAttempts,
                builder.backoff,
                builder.maxElapsedNanos,
                builder.classifier,
                builder.budget,
                builder.timeSource,
                new Timers(builder.scheduler),
                builder.random,
                builder.parking,
                builder.listener,
                guard,
                RetryPlan.newCounters());
        chain = new Chain(
                builder.name,
                DepositLayer.into(plan.budget(), new RetryLayer(plan, Body.INSTANCE)),
                plan.timeSource(),
                plan.timers());
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** {@link #execute(Callable, Deadline)} without a deadline of the call's own. */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return chain.call("Retry.execute", call, null);
    }

    /**
     * Makes the call on this thread, which parks between attempts.
     *
     * @param deadline when the last attempt has to have begun; an attempt that is under way then is not cut short, for which
     *     there is {@link TimeLimit}
     * @throws IllegalStateException on an event loop
     */
    public <T extends @Nullable Object> T execute(Callable<T> call, Deadline deadline) throws Exception {
        return chain.call("Retry.execute", call, Objects.requireNonNull(deadline, "deadline: must not be null"));
    }

    /** {@link #executeAsync(Supplier, Deadline)} without a deadline of the call's own. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /**
     * Makes the call through a stage; the first attempt on this thread. Cancelling the future cancels the attempt that is
     * under way, and there are no more.
     *
     * @param deadline when the future fails at the latest; what is under way then is cancelled
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(
            Supplier<? extends CompletionStage<T>> call, Deadline deadline) {
        return chain.start(call, Objects.requireNonNull(deadline, "deadline: must not be null"));
    }

    /** What it did so far. */
    public Stats stats() {
        StripedCounters counters = plan.counters();
        return new Stats(
                counters.sum(RetryPlan.RETRIES),
                counters.sum(RetryPlan.RECOVERED),
                counters.sum(RetryPlan.counterOf(GaveUp.ATTEMPTS)),
                counters.sum(RetryPlan.counterOf(GaveUp.BACKOFF)),
                counters.sum(RetryPlan.counterOf(GaveUp.TIME)),
                counters.sum(RetryPlan.counterOf(GaveUp.BUDGET)));
    }

    /** Without the deposit. */
    Layer layer(Layer inner, @Nullable Classifier classifier) {
        return new RetryLayer(classifier == null ? plan : plan.with(classifier), inner);
    }

    @Nullable
    RetryBudget budget() {
        return plan.budget();
    }

    TimeSource timeSource() {
        return plan.timeSource();
    }

    @Override
    public String toString() {
        return "Retry[" + plan.name() + ", maxAttempts=" + plan.maxAttempts() + ", backoff=" + plan.backoff()
                + ", maxElapsed=" + Duration.ofNanos(plan.maxElapsedNanos()) + ", budget=" + plan.budget() + "]";
    }

    /** Why there was no further attempt after one that failed. Reasons may be added: give a {@code switch} a default. */
    public enum GaveUp {
        /** That was the last attempt allowed. */
        ATTEMPTS,
        /** The backoff said so. */
        BACKOFF,
        /** The next one would have begun too late. */
        TIME,
        /** The budget is used up. */
        BUDGET
    }

    /** Hears of calls that did not succeed at once; on the thread of the attempt. Must not block. */
    public interface Listener {

        /**
         * There will be another attempt.
         *
         * @param attempt its number, from 2
         * @param wait how long until then
         * @param failure what the attempt before it failed with; null where it answered a result that counts as failure
         */
        default void onRetry(int attempt, Duration wait, @Nullable Throwable failure) {}

        /**
         * There will be no further attempt.
         *
         * @param attempts how many there were
         * @param failure as for {@link #onRetry}
         */
        default void onGiveUp(int attempts, GaveUp why, @Nullable Throwable failure) {}
    }

    /**
     * What a retry policy did so far.
     *
     * @param retries attempts after the first
     * @param recovered calls that succeeded after at least one retry
     * @param outOfAttempts calls given up after the last attempt allowed
     * @param outOfBackoff calls given up because the backoff said so
     * @param outOfTime calls given up because the next attempt would have begun too late
     * @param outOfBudget calls given up because the budget was used up
     */
    public record Stats(
            long retries, long recovered, long outOfAttempts, long outOfBackoff, long outOfTime, long outOfBudget) {}

    /** Puts a retry policy together. Not thread-safe. */
    public static final class Builder {
        private String name = "retry";
        private int maxAttempts = 3;
        private Backoff backoff = Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10))
                .withJitter(0.5);
        private long maxElapsedNanos = Duration.ofSeconds(30).toNanos();
        private Classifier classifier = Classifier.defaults();
        private @Nullable RetryBudget budget;
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private Listener listener = new Listener() {};
        private Parking parking = Parking.THREAD;

        private Builder() {}

        /** What messages and metrics call it. Default "retry". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** Attempts in all, the first one included. Default 3; 1 for none but the first. */
        public Builder maxAttempts(int attempts) {
            maxAttempts = Check.atLeast("maxAttempts", attempts, 1);
            return this;
        }

        /**
         * The waits between attempts. Default 100 ms, doubling up to 10 s, each shortened by up to half at random. Without
         * jitter, callers that failed together come back together.
         */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff, "backoff: must not be null");
            return this;
        }

        /** How long after the first attempt began the last one may begin. Default 30 s; 365 days at most. */
        public Builder maxElapsed(Duration time) {
            maxElapsedNanos = Check.positiveNanos("maxElapsed", time);
            return this;
        }

        /** What is tried again. Default {@link Classifier#defaults()}: every exception but a cancel or an interrupt. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** Bounds the retries of all who share it; on the same clock. Default none. */
        public Builder budget(RetryBudget budget) {
            this.budget = Objects.requireNonNull(budget, "budget: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where waits of {@code executeAsync} run. Default the calling event loop, else a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /** Where jitter comes from; used by several threads at once. Default the calling thread's own source. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** Hears of retries. Default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** For tests: what parks. */
        Builder parking(Parking parking) {
            this.parking = parking;
            return this;
        }

        /** The policy. */
        public Retry build() {
            if (budget != null && budget.timeSource() != timeSource) {
                throw new IllegalArgumentException("budget: measured on " + budget.timeSource() + ", " + name + " on "
                        + timeSource + "; build both from the same TimeSource");
            }
            return new Retry(this);
        }
    }
}

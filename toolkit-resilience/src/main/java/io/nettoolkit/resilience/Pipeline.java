package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.AdaptiveGate;
import io.nettoolkit.resilience.internal.call.Body;
import io.nettoolkit.resilience.internal.call.BreakerGate;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.DepositLayer;
import io.nettoolkit.resilience.internal.call.Gate;
import io.nettoolkit.resilience.internal.call.GateLayer;
import io.nettoolkit.resilience.internal.call.GateRow;
import io.nettoolkit.resilience.internal.call.Layer;
import io.nettoolkit.resilience.internal.call.LimiterGate;
import io.nettoolkit.resilience.internal.call.Place;
import io.nettoolkit.resilience.internal.call.ShedderGate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Several policies around one kind of call, put together once and used for every call.
 *
 * <pre>{@code
 * Pipeline orders = Pipeline.builder()
 *         .fallback(Fallback.of(Order.NONE))
 *         .retry(Retry.builder().budget(budget).build())
 *         .bulkhead(Bulkhead.builder(16).build())
 *         .build();
 * Order order = orders.execute(() -> client.order(id));
 * CompletableFuture<Order> later = orders.executeAsync(() -> client.orderAsync(id));
 * }</pre>
 *
 * <p>Policies are given outermost first, and the order is checked: <i>fallback &gt; time limit &gt; load shedder, adaptive
 * limit &gt; rate limiter &gt; retry &gt; hedge &gt; circuit breaker &gt; bulkhead &gt; time limit of an attempt</i>. What does
 * not belong together in another way is an error of {@link Builder#build}, which says why. A policy object may be in several
 * pipelines and be used by hand as well: its state is one.
 *
 * <p>A call that nothing goes wrong with allocates nothing in {@code execute}, and in {@code executeAsync} the future alone
 * where its stage is complete already.
 *
 * <p><b>Threading.</b> Any thread. {@code execute} refuses event loops where one of the policies may park: a retry, a bulkhead
 * with a queue, a time limit.
 *
 * <p><b>Life cycle.</b> Immutable; holds nothing but its policies.
 *
 * <p><b>Failure.</b> What the call failed with, or a policy's own failure, as it is: a {@link RejectedException} for a refusal.
 * A future always completes, whatever the user's code throws, and soon after its cancel.
 */
public final class Pipeline {

    private final String name;
    private final List<Part> parts;
    private final boolean asyncOnly;
    private final TimeSource timeSource;
    private final Chain chain;

    private Pipeline(Builder builder) {
        name = builder.name;
        parts = List.copyOf(builder.parts);
        asyncOnly = builder.asyncOnly;
        timeSource = builder.timeSource;
        Layer layer = Body.INSTANCE;
        for (int i = parts.size() - 1; i >= 0; i--) {
            layer = parts.get(i).wrapper.wrap(layer);
        }
        chain = new Chain(name, layer, timeSource, new Timers(builder.scheduler));
    }

    /** Begins without any policy. */
    public static Builder builder() {
        return new Builder();
    }

    /** {@link #execute(Callable, Deadline)} without a deadline of the call's own. */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return run(call, null);
    }

    /**
     * Makes the call on this thread, or where there is a time limit on its executor.
     *
     * @param deadline when waits in policies end and the last attempt has to have begun; a call under way is cut short by a
     *     time limit alone
     * @throws IllegalStateException on an event loop where a policy may park, or where the pipeline is
     *     {@link Builder#asyncOnly}
     */
    public <T extends @Nullable Object> T execute(Callable<T> call, Deadline deadline) throws Exception {
        return run(call, Objects.requireNonNull(deadline, "deadline: must not be null"));
    }

    private <T extends @Nullable Object> T run(Callable<T> call, @Nullable Deadline deadline) throws Exception {
        if (asyncOnly) {
            throw new IllegalStateException(name + " was built with asyncOnly(): use executeAsync");
        }
        return chain.call("Pipeline.execute", call, deadline);
    }

    /** {@link #executeAsync(Supplier, Deadline)} without a deadline of the call's own. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return chain.start(call, null);
    }

    /**
     * Makes the call through a stage. Cancelling the future cancels what is under way.
     *
     * @param deadline when the future fails at the latest; what is under way then is cancelled
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(
            Supplier<? extends CompletionStage<T>> call, Deadline deadline) {
        return chain.start(call, Objects.requireNonNull(deadline, "deadline: must not be null"));
    }

    /**
     * The pipeline for a call that is neither a method nor a stage: one object, used for one call after another without
     * allocation, such as by the handler of a connection.
     *
     * @throws IllegalStateException where there are other policies than limiters, shedders, breakers and bulkheads: a retry,
     *     hedge, fallback or time limit needs to hold the call itself
     */
    public Attempt newAttempt() {
        List<Gate> gates = new ArrayList<>();
        for (Part part : parts) {
            if (part.gate == null) {
                throw new IllegalStateException(
                        name + ": " + part.text + " cannot be used by hand, as it makes the call"
                                + " itself; leave it out of this pipeline, or use execute or executeAsync");
            }
            gates.add(part.gate);
        }
        return new Attempt(new GateRow(gates, timeSource));
    }

    @Override
    public String toString() {
        return "Pipeline[" + name + ", "
                + String.join(" > ", parts.stream().map(Part::text).toList()) + "]";
    }

    /**
     * Permits of all policies of a pipeline for one call at a time.
     *
     * <pre>{@code
     * if (attempt.tryBegin()) {
     *     …
     *     attempt.end(Outcome.SUCCESS);
     * } else {
     *     fail(attempt.refusal());
     * }
     * }</pre>
     *
     * <p><b>Threading.</b> One thread at a time. <b>Failure.</b> Misuse is an {@link IllegalStateException}.
     */
    public static final class Attempt {

        private final GateRow gates;

        private Attempt(GateRow gates) {
            this.gates = gates;
        }

        /** Asks every policy, outermost first; false where one refused, and those before it have their permits back. */
        public boolean tryBegin() {
            return gates.tryEnter();
        }

        /** Tells every policy how the call went that {@link #tryBegin} let in; once. */
        public void end(Outcome outcome) {
            gates.leave(Objects.requireNonNull(outcome, "outcome: must not be null"));
        }

        /** Why the last {@link #tryBegin} answered false. Allocates. */
        public RejectedException refusal() {
            return gates.refusal();
        }
    }

    @FunctionalInterface
    private interface Wrapper {
        Layer wrap(Layer inner);
    }

    /**
     * One policy.
     *
     * @param gate its primitive form; null where it has none
     * @param asyncOnlyBecause why it has no synchronous form; null where it has one
     */
    private record Part(
            Place place,
            String text,
            Wrapper wrapper,
            @Nullable Gate gate,
            @Nullable String asyncOnlyBecause) {}

    /** Puts a pipeline together: policies outermost first, each method adds one. Not thread-safe. */
    public static final class Builder {
        private final List<Part> parts = new ArrayList<>();
        private final List<TimeSource> clocks = new ArrayList<>();
        private final Set<RetryBudget> budgets = new HashSet<>();
        private String name = "pipeline";
        private @Nullable Classifier classifier;
        private TimeSource timeSource = TimeSource.system();
        private @Nullable ScheduledExecutorService scheduler;
        private boolean anyOrder;
        private boolean asyncOnly;

        private Builder() {}

        /** What messages call it. Default "pipeline". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** What the end of a call means, for all policies. Default each policy's own classifier. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** An answer in place of failures; belongs outermost. */
        public Builder fallback(Fallback fallback) {
            Objects.requireNonNull(fallback, "fallback: must not be null");
            String asyncOnlyBecause = fallback.answersStage() ? "a fallback that answers a stage would block" : null;
            return add(new Part(Place.FALLBACK, fallback.toString(), fallback::layer, null, asyncOnlyBecause));
        }

        /** A time limit: of the whole call where only a fallback is outside of it, else of one attempt, and then innermost. */
        public Builder timeLimit(TimeLimit limit) {
            Objects.requireNonNull(limit, "limit: must not be null");
            clocks.add(limit.timeSource());
            String asyncOnlyBecause = limit.hasExecutor()
                    ? null
                    : limit.name() + " has no executor to run a call on that it could stop;"
                            + " TimeLimit.builder(limit).executor(…) gives it one";
            return add(new Part(Place.TIME_LIMIT, limit.toString(), limit::layer, null, asyncOnlyBecause));
        }

        /** Attempts one after another. */
        public Builder retry(Retry retry) {
            Objects.requireNonNull(retry, "retry: must not be null");
            clocks.add(retry.timeSource());
            return add(new Part(
                    Place.RETRY,
                    retry.toString(),
                    paying(retry.budget(), inner -> retry.layer(inner, classifier)),
                    null,
                    null));
        }

        /** Attempts side by side. */
        public Builder hedge(Hedge hedge) {
            Objects.requireNonNull(hedge, "hedge: must not be null");
            clocks.add(hedge.timeSource());
            return add(new Part(
                    Place.HEDGE,
                    hedge.toString(),
                    paying(hedge.budget(), inner -> hedge.layer(inner, classifier)),
                    null,
                    hedge.name() + " makes attempts side by side, which one thread cannot"));
        }

        /** Sheds by queue delay and by what the other side refuses; all calls have priority 0, the highest. */
        public Builder loadShedder(LoadShedder shedder) {
            return loadShedder(shedder, 0);
        }

        /**
         * Sheds by queue delay and by what the other side refuses.
         *
         * @param priority of all calls of this pipeline; 0 for the highest
         */
        public Builder loadShedder(LoadShedder shedder, int priority) {
            Objects.requireNonNull(shedder, "shedder: must not be null");
            Gate gate = new ShedderGate(shedder, priority, () -> shedder.rejected(priority));
            return gate(Place.LOAD_SHEDDER, shedder.toString(), gate, shedder.classifier());
        }

        /** So many calls at once as the peer can take. */
        public Builder adaptiveLimit(AdaptiveLimit limit) {
            Objects.requireNonNull(limit, "limit: must not be null");
            return gate(
                    Place.ADAPTIVE_LIMIT,
                    limit.toString(),
                    new AdaptiveGate(limit, limit::rejected),
                    limit.classifier());
        }

        /** So many calls in a time; a call that comes too soon is refused, and told when to come again. */
        public Builder rateLimiter(RateLimiter limiter) {
            Objects.requireNonNull(limiter, "limiter: must not be null");
            return gate(Place.RATE_LIMITER, limiter.toString(), new LimiterGate(limiter), Classifier.defaults());
        }

        /** Stops calls to a peer that fails. */
        public Builder circuitBreaker(CircuitBreaker breaker) {
            Objects.requireNonNull(breaker, "breaker: must not be null");
            return gate(Place.CIRCUIT_BREAKER, breaker.toString(), new BreakerGate(breaker), breaker.classifier());
        }

        /** So many calls at once. */
        public Builder bulkhead(Bulkhead bulkhead) {
            Objects.requireNonNull(bulkhead, "bulkhead: must not be null");
            clocks.add(bulkhead.timeSource());
            return add(new Part(Place.BULKHEAD, bulkhead.toString(), bulkhead::layer, bulkhead.gate(), null));
        }

        /** A policy that looks at the begin and the end of a call; {@code own}: what an end means to it. */
        Builder gate(Place place, String text, Gate gate, Classifier own) {
            return add(new Part(
                    place,
                    text,
                    inner -> new GateLayer(gate, inner, classifier == null ? own : classifier, timeSource),
                    gate,
                    null));
        }

        /** The outermost policy with a budget pays a call's share, and those further in only take out of it. */
        private Wrapper paying(@Nullable RetryBudget budget, Wrapper wrapper) {
            return budget != null && budgets.add(budget)
                    ? inner -> DepositLayer.into(budget, wrapper.wrap(inner))
                    : wrapper;
        }

        private Builder add(Part part) {
            parts.add(part);
            return this;
        }

        /** Takes the policies in whatever order they were given. */
        public Builder anyOrder() {
            anyOrder = true;
            return this;
        }

        /** For {@code executeAsync} alone: policies may be in it that have no synchronous form. */
        public Builder asyncOnly() {
            asyncOnly = true;
            return this;
        }

        /** The clock; that of all policies. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where the deadlines of {@code executeAsync} are timed. Default the calling event loop, else a shared one. */
        public Builder scheduler(ScheduledExecutorService scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler: must not be null");
            return this;
        }

        /**
         * The pipeline.
         *
         * @throws IllegalStateException where the order is wrong, a policy has another clock, or one has no synchronous form
         *     and {@link #asyncOnly} was not said
         */
        public Pipeline build() {
            String complaint = Place.complaint(parts.stream().map(Part::place).toList());
            if (complaint != null && !anyOrder) {
                throw new IllegalStateException(name + ": " + complaint);
            }
            for (TimeSource clock : clocks) {
                if (clock != timeSource) {
                    throw new IllegalStateException(name + ": a policy is measured on " + clock + ", the pipeline on "
                            + timeSource + "; build all from the same TimeSource");
                }
            }
            if (!asyncOnly) {
                for (Part part : parts) {
                    if (part.asyncOnlyBecause != null) {
                        throw new IllegalStateException(name + " cannot execute a Callable: " + part.asyncOnlyBecause
                                + ". asyncOnly() builds it for executeAsync alone");
                    }
                }
            }
            return new Pipeline(this);
        }
    }
}

package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.breaker.BreakerCore;
import io.nettoolkit.resilience.internal.breaker.BreakerOptions;
import io.nettoolkit.resilience.internal.breaker.PermittedCalls;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stops calling a peer that fails, so that it can recover and its callers do not wait for nothing, and tries it again
 * with a few probes.
 *
 * <pre>{@code
 * CircuitBreaker breaker = CircuitBreaker.builder().name("orders").failureRate(0.5).build();
 *
 * Order order = breaker.execute(() -> client.fetch(id));                                // or
 * CompletableFuture<Order> future = breaker.executeAsync(() -> client.fetchAsync(id));  // or, without any allocation,
 *
 * long permit = breaker.tryAcquire();
 * if (permit >= 0) {
 *     boolean ok = false;
 *     try {
 *         ok = call();
 *     } finally {
 *         breaker.onResult(permit, ok ? Outcome.SUCCESS : Outcome.FAILURE, 0);
 *     }
 * }
 * }</pre>
 *
 * <p>{@link State#CLOSED}: calls pass, and their results are kept in a window. When enough of them failed, or were slow, or
 * enough failed in a row, it opens. {@link State#OPEN}: calls are refused for a while, which doubles with each opening in a
 * row. Then the first call makes it {@link State#HALF_OPEN}: a few calls at a time pass as probes, and their results close
 * it, or open it again. A result that began in an earlier state counts for nothing.
 *
 * <p><b>Threading.</b> Any thread may call every method; none blocks, event loops included. The primitives
 * {@link #tryAcquire} and {@link #onResult} allocate nothing, but for a few bytes when the state changes.
 *
 * <p><b>Life cycle.</b> It has no threads and no timers; there is nothing to close. Every permit goes back with
 * {@link #onResult}, once. One that never does costs at most the slot of a probe, for at most two
 * {@linkplain Builder#probeLease leases}.
 *
 * <p><b>Failure.</b> {@code execute} throws, and the future of {@code executeAsync} fails with, a {@link RejectedException}
 * of reason {@code CIRCUIT_OPEN} when the call was not made, and otherwise with what the call itself failed with. A
 * classifier that throws counts as a failed call, a listener that throws is logged.
 *
 * <p><b>Sources.</b> Michael T. Nygard, "Release It!", 2007, chapter 5: stability patterns.
 */
public final class CircuitBreaker {

    private final String name;
    private final String options;
    private final BreakerCore core;
    private final PermittedCalls calls;
    private final Listener listener;
    private final CallbackGuard listenerGuard;

    private CircuitBreaker(Builder builder) {
        JfrEvents.register();
        name = builder.name;
        options = builder.options.toString();
        listener = builder.listener;
        listenerGuard = new CallbackGuard("the listener of circuit breaker " + name, builder.timeSource);
        core = builder.options.newCore(this::onTransition, builder.random, builder.timeSource);
        calls = new PermittedCalls(name, core, builder.classifier, builder.timeSource);
    }

    Classifier classifier() {
        return calls.classifier();
    }

    /** Begins with the defaults, which suit calls to a peer that answers in seconds at most. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Asks for a call.
     *
     * @return a permit for {@link #onResult}, not negative; or a refusal: {@link Long#MIN_VALUE} when it was forced open,
     *     else minus the nanoseconds after which to come again, which is -1 where that is not known because probes are
     *     under way
     */
    public long tryAcquire() {
        long permit = core.tryAcquire();
        if (permit < 0) {
            JfrEvents.policyShed(name, Reason.CIRCUIT_OPEN.name());
        }
        return permit;
    }

    /**
     * Tells how a call ended, once for each permit.
     *
     * @param permit what {@link #tryAcquire} answered; a refusal is passed over
     * @param outcome {@link Outcome#OVERLOAD} counts as a failure; {@link Outcome#IGNORED} not at all, it only gives a
     *     probe's slot back
     * @param elapsedNanos how long the call took; not looked at unless {@link #needsElapsed()}
     */
    public void onResult(long permit, Outcome outcome, long elapsedNanos) {
        core.onResult(permit, outcome, elapsedNanos);
    }

    /** Whether {@link #onResult} wants to know how long calls take: where not, nobody needs to read a clock. */
    public boolean needsElapsed() {
        return core.needsElapsed();
    }

    /**
     * Makes a call, or refuses it.
     *
     * @throws RejectedException if it is refused
     * @throws Exception what the call throws
     */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        long permit = tryAcquire();
        if (permit < 0) {
            throw refusal(permit);
        }
        return calls.call(permit, call);
    }

    /**
     * Makes an asynchronous call, or refuses it. To cancel the future cancels the call, and counts for nothing; a timeout
     * of the future ({@code orTimeout}) cancels the call and is handed to the classifier.
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        long permit = tryAcquire();
        return permit < 0 ? calls.refused(refusal(permit)) : calls.start(permit, call);
    }

    /**
     * What a refused call is told, for those who use {@link #tryAcquire} and want the exception.
     *
     * @param refusal what {@link #tryAcquire} answered; negative
     */
    public RejectedException refusal(long refusal) {
        if (refusal >= 0) {
            throw new IllegalArgumentException("refusal: " + refusal + " (must be negative: this is a permit)");
        }
        return calls.refusal(refusal);
    }

    /** The state. An open breaker whose time is over stays so until a call comes. */
    public State state() {
        return core.state();
    }

    /** Refuses every call until {@link #reset} or another switch. */
    public void forceOpen() {
        core.force(State.FORCED_OPEN);
    }

    /** Lets every call pass until {@link #reset} or another switch, counting results without deciding by them. */
    public void forceClosed() {
        core.force(State.FORCED_CLOSED);
    }

    /** Lets every call pass until {@link #reset} or another switch, as if there were no breaker: nothing is counted. */
    public void disable() {
        core.force(State.DISABLED);
    }

    /** Closes it, whatever its state, with an empty window. */
    public void reset() {
        core.force(State.CLOSED);
    }

    /** What it counted so far; to be read now and then. */
    public Stats stats() {
        return core.stats();
    }

    private void onTransition(State from, State to) {
        if (from != to) {
            JfrEvents.policyState(name, from.name(), to.name());
            listenerGuard.run(() -> listener.onStateChange(this, from, to));
        }
    }

    /** Its name, for messages. */
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return "CircuitBreaker[name=" + name + ", " + options + "]";
    }

    /** What a breaker does with calls. */
    public enum State {
        /** They pass, and their results decide whether it opens. */
        CLOSED,
        /** They are refused, for a time. */
        OPEN,
        /** A few pass as probes. */
        HALF_OPEN,
        /** They are refused until somebody switches it. */
        FORCED_OPEN,
        /** They pass and are counted until somebody switches it. */
        FORCED_CLOSED,
        /** They pass until somebody switches it. */
        DISABLED
    }

    /** Hears of rare events. */
    public interface Listener {

        /**
         * The state changed. Called in the order of the changes, one at a time, on a thread that caused one of them and
         * with no lock held; by then the state may have changed again. Must not block.
         */
        default void onStateChange(CircuitBreaker breaker, State from, State to) {}
    }

    /**
     * What a breaker counted. The counts of calls run from its making on; each result is in one of succeeded, failed,
     * ignored and late. They are exact when no call ends meanwhile.
     *
     * @param state the state
     * @param succeeded calls that succeeded
     * @param failed calls that failed
     * @param slow calls that were slow, whether they succeeded or failed
     * @param ignored calls whose result says nothing
     * @param refused calls refused, or in shadow mode: that would have been
     * @param late results that came when the state had changed, or their probe's lease was over
     * @param opened how often it opened by itself
     * @param windowCalls results in the window of the closed breaker
     * @param windowFailed failed ones among them
     * @param windowSlow slow ones among them
     * @param probes probes under way
     */
    public record Stats(
            State state,
            long succeeded,
            long failed,
            long slow,
            long ignored,
            long refused,
            long late,
            long opened,
            long windowCalls,
            long windowFailed,
            long windowSlow,
            int probes) {}

    /** Puts a breaker together. */
    public static final class Builder {

        private final BreakerOptions options = new BreakerOptions();
        private String name = "circuit-breaker";
        private Classifier classifier = Classifier.defaults();
        private Listener listener = new Listener() {};
        private RandomGenerator random = BreakerOptions.THREAD_LOCAL_RANDOM;
        private TimeSource timeSource = TimeSource.system();

        private Builder() {}

        /** What messages, events and metrics call it. Default "circuit-breaker". */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /**
         * Decides by the results of the last while, which is kept in eight to sixteen buckets and therefore exact to one
         * bucket. Default: 10 s. 100 ms to ten minutes.
         */
        public Builder window(Duration window) {
            options.window(window);
            return this;
        }

        /**
         * Decides by the last so many results instead, however old. Exact, but every call writes words that all threads
         * share: prefer a time window where many threads call. Default: off. 1 to 100,000.
         */
        public Builder countWindow(int calls) {
            options.countWindow(calls);
            return this;
        }

        /**
         * Results the window has to hold before shares mean anything. Default 20, or the whole window where that is a
         * smaller {@link #countWindow}. At least 1.
         */
        public Builder minimumCalls(int calls) {
            options.minimumCalls(calls);
            return this;
        }

        /** Opens when this share of the calls in the window failed. Default 0.5. More than 0, at most 1. */
        public Builder failureRate(double share) {
            options.failureRate(share);
            return this;
        }

        /**
         * Opens also when this share of the calls in the window took {@code threshold} or longer, whether they succeeded
         * or failed. Default: off, and then no call reads a clock.
         */
        public Builder slowCalls(Duration threshold, double share) {
            options.slowCalls(threshold, share);
            return this;
        }

        /** Opens also when so many calls failed without a success in between. Default 0: off. */
        public Builder consecutiveFailures(int failures) {
            options.consecutiveFailures(failures);
            return this;
        }

        /**
         * How many probes may be under way at once while it is half-open, and how many have to end before it closes. The
         * shares that open a closed breaker open a half-open one too, taken of this many probes. Default 3. 1 to 31.
         */
        public Builder halfOpenProbes(int probes) {
            options.halfOpenProbes(probes);
            return this;
        }

        /**
         * How long a probe may take. One that takes longer is taken for lost: its slot goes to another call, at the latest
         * after twice this time, and its result is late then. Default 30 s. 1 ms to one day.
         */
        public Builder probeLease(Duration lease) {
            options.probeLease(lease);
            return this;
        }

        /**
         * How long it stays open: {@code initial} at first, and twice as long each time probes fail, up to {@code max}.
         * Closing starts anew. Default 5 s to 60 s. {@code initial} 1 ms or more, {@code max} at most one day.
         */
        public Builder openTime(Duration initial, Duration max) {
            options.openTime(initial, max);
            return this;
        }

        /**
         * Spreads each open time evenly over {@code [(1 - fraction) x time, time]}, so that many callers of one peer do
         * not come back all at once. Default 0.2. 0 for none, at most 1.
         */
        public Builder jitter(double fraction) {
            options.jitter(fraction);
            return this;
        }

        /**
         * Only pretends: the state changes and refusals are counted, but every call passes. Default false. For trying
         * thresholds out.
         */
        public Builder shadow(boolean shadow) {
            options.shadow(shadow);
            return this;
        }

        /** What counts as a failure, for {@code execute} and {@code executeAsync}. Default {@link Classifier#defaults}. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** Hears of changes of the state. Default: nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** Where jitter comes from; drawn from on any thread. Default: the JDK's thread-local source. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}; tests pass another. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** The breaker, closed. */
        public CircuitBreaker build() {
            options.check();
            return new CircuitBreaker(this);
        }
    }
}

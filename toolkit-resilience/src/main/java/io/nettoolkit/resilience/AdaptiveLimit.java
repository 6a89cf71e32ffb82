package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.Classification;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.adaptive.LimitBounds;
import io.nettoolkit.resilience.internal.adaptive.LimitRule;
import io.nettoolkit.resilience.internal.adaptive.WindowedLimit;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A limit on calls under way at once that finds its own value: it grows while calls are as quick as ever, and shrinks when
 * they begin to queue, or are refused, or time out.
 *
 * <pre>{@code
 * AdaptiveLimit limit = AdaptiveLimit.gradient().initial(20).max(500).build();
 *
 * Response response = limit.execute(() -> client.call(request));
 *
 * long permit = limit.tryAcquire(); // the same without an allocation
 * if (permit >= 0) {
 *     long start = time.nanoTime();
 *     Outcome outcome = callSomehow();
 *     limit.onResult(permit, outcome, time.nanoTime() - start);
 * }
 * }</pre>
 *
 * <p>Which one? {@link #gradient()} follows the time calls take and suits most services. {@link #vegas()} keeps a few calls
 * queueing, which uses a service with few places better. {@link #aimd()} looks at overload alone, for a service whose times
 * vary with what is asked of it: there set {@link Builder#timeout} to what its callers can bear.
 *
 * <p>When calls suddenly take half as long again or more, they may queue or the service may have become slower, and only fewer
 * calls at once can tell. So the first two halve the limit for a few windows. If calls are quicker then, it stays down; if not,
 * it comes back, and what calls take now is taken for their time at rest. They do the same when calls have become much
 * quicker.
 *
 * <p><b>Threading.</b> Any thread may call every method; nothing blocks. A builder belongs to one thread.
 *
 * <p><b>Life cycle.</b> Every permit has to come back by one {@link #onResult}: one that does not takes its place for ever.
 * There is nothing to close.
 *
 * <p><b>Failure.</b> {@link #tryAcquire} answers a negative number; {@link #execute} throws, and {@link #executeAsync}
 * fails with, a {@link RejectedException} of reason {@link Reason#OVERLOADED}. Only successes count as times: calls that
 * failed say nothing about the limit, and calls with outcome {@link Outcome#IGNORED} (report health checks so) not even that
 * they happened.
 *
 * <p><b>Sources.</b> Chiu and Jain 1989 (additive increase, multiplicative decrease); Brakmo and Peterson, "TCP Vegas", 1995;
 * the idea of a latency gradient is that of Netflix' "Performance Under Load", 2018.
 */
public final class AdaptiveLimit {

    private final String name;
    private final TimeSource timeSource;
    private final Classifier classifier;
    private final CallbackGuard classifierGuard;
    private final CallbackGuard listenerGuard;
    private final Listener listener;
    private final Timers timers = new Timers(null);
    private final WindowedLimit limit;
    private final String description;

    private AdaptiveLimit(Builder builder) {
        JfrEvents.register();
        name = builder.name;
        timeSource = builder.timeSource;
        classifier = builder.classifier;
        listener = builder.listener;
        classifierGuard = new CallbackGuard("the classifier of " + name, timeSource);
        listenerGuard = new CallbackGuard("the listener of " + name, timeSource);
        description = builder.toString();
        LimitBounds bounds = new LimitBounds(builder.min, builder.max, builder.decrease, builder.tolerance);
        limit = new WindowedLimit(
                new WindowedLimit.Settings(
                        builder.rule, bounds, builder.windowNanos, builder.minSamples, builder.timeoutNanos),
                builder.initial,
                timeSource,
                this::changed);
    }

    Classifier classifier() {
        return classifier;
    }

    /** Grows by a little in each window, and shrinks by {@link Builder#decrease} after one with an overload. */
    public static Builder aimd() {
        return new Builder(LimitRule.AIMD);
    }

    /** Keeps a few calls queueing, a number that grows with the logarithm of the limit. */
    public static Builder vegas() {
        return new Builder(LimitRule.VEGAS);
    }

    /** Shrinks in proportion to how much longer than at rest calls take. */
    public static Builder gradient() {
        return new Builder(LimitRule.GRADIENT);
    }

    /**
     * Takes a place without waiting.
     *
     * @return negative when there is none, otherwise the permit to hand to {@link #onResult}
     */
    public long tryAcquire() {
        long permit = limit.tryAcquire();
        if (permit < 0) {
            JfrEvents.policyShed(name, Reason.OVERLOADED.name());
        }
        return permit;
    }

    /**
     * Gives the place back and says how the call ended.
     *
     * @param permit what {@link #tryAcquire} answered; a negative one changes nothing
     * @param rttNanos how long the call took
     */
    public void onResult(long permit, Outcome outcome, long rttNanos) {
        limit.onResult(permit, outcome, rttNanos);
    }

    /** How many calls may be under way at once just now. */
    public int limit() {
        return limit.limit();
    }

    /** How many calls are under way. */
    public int inFlight() {
        return limit.inFlight();
    }

    /**
     * Makes the call on this thread if there is a place.
     *
     * @throws RejectedException when there is none
     */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        long permit = tryAcquire();
        if (permit < 0) {
            throw rejected();
        }
        long start = timeSource.nanoTime();
        T result;
        try {
            result = call.call();
        } catch (Throwable failure) {
            ended(permit, start, null, failure);
            throw failure;
        }
        ended(permit, start, result, null);
        return result;
    }

    /**
     * Makes the call if there is a place; otherwise the future has failed with a {@link RejectedException}. To cancel the
     * future cancels the call and says nothing about the limit; a timeout of the future ({@code orTimeout}) cancels the call
     * and is an overload. Either gives the place back at once.
     */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        long permit = tryAcquire();
        if (permit < 0) {
            return ToolkitFuture.failed(timers.loop(), rejected());
        }
        long start = timeSource.nanoTime();
        return GuardedCall.start(call, timers.loop(), (result, failure) -> ended(permit, start, result, failure));
    }

    private void ended(long permit, long start, @Nullable Object result, @Nullable Throwable failure) {
        Outcome outcome = Classification.of(classifier, result, failure, classifierGuard);
        onResult(permit, Classification.timeoutIsOverload(outcome, failure), timeSource.nanoTime() - start);
    }

    RejectedException rejected() {
        return new RejectedException(
                name, Reason.OVERLOADED, Duration.ZERO, "as many calls are under way as the limit of " + limit());
    }

    private void changed(int from, int to) {
        JfrEvents.policyState(name, Integer.toString(from), Integer.toString(to));
        listenerGuard.run(() -> listener.onLimitChange(from, to));
    }

    /** What happened so far; refusals and ends are counted once each. */
    public Stats stats() {
        return new Stats(
                limit(),
                inFlight(),
                limit.count(WindowedLimit.SUCCEEDED),
                limit.count(WindowedLimit.FAILED),
                limit.count(WindowedLimit.IGNORED),
                limit.count(WindowedLimit.OVERLOADED),
                limit.count(WindowedLimit.REFUSALS));
    }

    @Override
    public String toString() {
        return description;
    }

    /**
     * Figures of a limit.
     *
     * @param limit how many calls may be under way
     * @param inFlight how many were
     * @param succeeded calls that ended well
     * @param failed calls that failed
     * @param ignored calls whose end says nothing
     * @param overloaded calls that ended with an overload or took as long as the timeout
     * @param refused calls that got no place
     */
    public record Stats(
            int limit, int inFlight, long succeeded, long failed, long ignored, long overloaded, long refused) {}

    /** Hears of changes, in their order, on the thread whose call brought one about: do not block it. */
    public interface Listener {
        /** The limit moved; at most once a {@link Builder#window}. */
        default void onLimitChange(int from, int to) {}
    }

    /** Options of a limit. */
    public static final class Builder {

        private static final Listener NOBODY = new Listener() {};

        private final LimitRule rule;
        private String name = "adaptive-limit";
        private TimeSource timeSource = TimeSource.system();
        private Classifier classifier = Classifier.defaults();
        private Listener listener = NOBODY;
        private int initial = 20;
        private int min = 1;
        private int max = 1_000;
        private long windowNanos = Duration.ofMillis(100).toNanos();
        private int minSamples = 10;
        private long timeoutNanos = Duration.ofSeconds(5).toNanos();
        private double decrease = 0.9;
        private double tolerance = 1.1;

        private Builder(LimitRule rule) {
            this.rule = rule;
        }

        /** What messages, events and metrics call it; by default {@code adaptive-limit}. */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** The limit to begin with, 1 or more, by default 20. */
        public Builder initial(int initial) {
            this.initial = Check.atLeast("initial", initial, 1);
            return this;
        }

        /** The smallest limit, 1 or more, by default 1. Below what one caller needs, it would starve that one. */
        public Builder min(int min) {
            this.min = Check.atLeast("min", min, 1);
            return this;
        }

        /** The largest limit, 1 or more, by default 1000. */
        public Builder max(int max) {
            this.max = Check.atLeast("max", max, 1);
            return this;
        }

        /**
         * The least time between two changes, by default 100 ms; more than zero. Below 10 ms it is 10 ms, and it is never
         * less than calls take.
         */
        public Builder window(Duration window) {
            windowNanos = Check.positiveNanos("window", window);
            return this;
        }

        /** How many results a window needs before the limit may change, 1 or more, by default 10. */
        public Builder minSamples(int minSamples) {
            this.minSamples = Check.atLeast("minSamples", minSamples, 1);
            return this;
        }

        /** A call that took this long is an overload, however it ended; more than zero, by default 5 s. */
        public Builder timeout(Duration timeout) {
            timeoutNanos = Check.positiveNanos("timeout", timeout);
            return this;
        }

        /** The factor after a window with an overload, more than 0 and less than 1, by default 0.9. */
        public Builder decrease(double decrease) {
            if (!(decrease > 0 && decrease < 1)) {
                throw new IllegalArgumentException("decrease: " + decrease + " (must be more than 0 and less than 1)");
            }
            this.decrease = decrease;
            return this;
        }

        /**
         * How much longer than at rest calls may take before a {@link #gradient()} limit shrinks, 1 to 10, by default
         * 1.1; the others take no notice of it. A higher one lets more calls queue.
         */
        public Builder tolerance(double tolerance) {
            if (!(tolerance >= 1 && tolerance <= 10)) {
                throw new IllegalArgumentException("tolerance: " + tolerance + " (must be 1 to 10)");
            }
            this.tolerance = tolerance;
            return this;
        }

        /** What the end of a call means; by default {@link Classifier#defaults}. A timeout is an overload in any case. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** Who hears of changes; by default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock, by default {@link TimeSource#system()}; for tests. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** The limit. */
        public AdaptiveLimit build() {
            if (min > initial || initial > max) {
                throw new IllegalArgumentException(
                        "initial: " + initial + " (must be from min, " + min + ", to max, " + max + ")");
            }
            return new AdaptiveLimit(this);
        }

        @Override
        public String toString() {
            return "AdaptiveLimit[" + name + ", " + rule.name().toLowerCase(Locale.ROOT) + ", initial " + initial
                    + ", min " + min + ", max " + max + ", window " + Duration.ofNanos(windowNanos) + ", minSamples "
                    + minSamples + ", timeout " + Duration.ofNanos(timeoutNanos) + ", decrease " + decrease
                    + ", tolerance " + tolerance + "]";
        }
    }
}

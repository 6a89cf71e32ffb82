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
import io.nettoolkit.resilience.internal.adaptive.ShedControl;
import io.nettoolkit.resilience.internal.call.GuardedCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Refuses work early, and the least important first, when there is more than can be done.
 *
 * <p>A server tells it how long work waited in its queue; when even the shortest wait of an interval is too long, the queue
 * stands, and a part of what arrives is refused. A client tells it what the other side refused; when that is most of it,
 * a part is no longer sent. Either is enough; the stronger of the two counts.
 *
 * <pre>{@code
 * LoadShedder shedder = LoadShedder.builder().priorities(3).build();
 *
 * if (shedder.tryAdmit(request.isInteractive() ? 0 : 2)) {       // a server, as a request arrives
 *     long queued = time.nanoTime();
 *     workers.execute(() -> {
 *         shedder.onQueueDelay(time.nanoTime() - queued);        // and as its turn comes
 *         answer(request);
 *     });
 * } else {
 *     refuse(request);
 * }
 * Response response = shedder.execute(1, () -> client.call(request)); // a client: refusals are reported by themselves
 * }</pre>
 *
 * <p>Priority 0 is the highest. At any moment a call is refused only if every call of a lower priority would be refused too;
 * part of some class is always let in, so that an end of the overload is noticed.
 *
 * <p><b>Threading.</b> Any thread may call every method; nothing blocks. A builder belongs to one thread.
 *
 * <p><b>Life cycle.</b> There is nothing to give back and nothing to close.
 *
 * <p><b>Failure.</b> {@link #tryAdmit} answers false; {@link #execute} throws, and {@link #executeAsync} fails with, a
 * {@link RejectedException} of reason {@link Reason#OVERLOADED}.
 *
 * <p><b>Sources.</b> RFC 8289 (CoDel: when a queue stands); Beyer et al., "Site Reliability Engineering", chapter 21
 * (client-side throttling).
 */
public final class LoadShedder {

    private final String name;
    private final int priorities;
    private final RandomGenerator random;
    private final Classifier classifier;
    private final CallbackGuard classifierGuard;
    private final CallbackGuard listenerGuard;
    private final Listener listener;
    private final Timers timers = new Timers(null);
    private final ShedControl control;
    private final String description;

    private LoadShedder(Builder builder) {
        JfrEvents.register();
        name = builder.name;
        priorities = builder.priorities;
        random = builder.random;
        classifier = builder.classifier;
        listener = builder.listener;
        classifierGuard = new CallbackGuard("the classifier of " + name, builder.timeSource);
        listenerGuard = new CallbackGuard("the listener of " + name, builder.timeSource);
        description = builder.toString();
        control = new ShedControl(
                new ShedControl.Settings(
                        priorities,
                        builder.targetNanos,
                        builder.intervalNanos,
                        builder.throttleK,
                        builder.throttleNanos),
                builder.timeSource,
                this::changed);
    }

    Classifier classifier() {
        return classifier;
    }

    /** Begins with one priority, CoDel and client-side throttling. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Whether to take on this piece of work.
     *
     * @param priority 0 for the highest, up to {@link Builder#priorities} less one
     */
    public boolean tryAdmit(int priority) {
        if (priority < 0 || priority >= priorities) {
            throw new IllegalArgumentException(
                    "priority: " + priority + " (must be 0, the highest, to " + (priorities - 1) + ")");
        }
        double share = control.shedShare(priority);
        if (share > 0 && (share >= 1 || random.nextDouble() < share)) {
            control.shed(priority);
            JfrEvents.policyShed(name, Reason.OVERLOADED.name());
            return false;
        }
        control.admitted(priority);
        return true;
    }

    /**
     * What just left the queue had waited this long.
     *
     * @param nanos a negative wait counts as none
     */
    public void onQueueDelay(long nanos) {
        control.queueDelay(Math.max(0, nanos));
    }

    /** The other side took on a call that was admitted. */
    public void onAccepted() {
        control.accepted();
    }

    /** The other side refused a call that was admitted, because it has too much to do. */
    public void onRejected() {
        control.rejected();
    }

    /** As {@link #execute(int, Callable)} with the highest priority. */
    public <T extends @Nullable Object> T execute(Callable<T> call) throws Exception {
        return execute(0, call);
    }

    /**
     * Makes the call on this thread if it is admitted, and reports whether it was accepted.
     *
     * @throws RejectedException when it is not admitted
     */
    public <T extends @Nullable Object> T execute(int priority, Callable<T> call) throws Exception {
        Objects.requireNonNull(call, "call: must not be null");
        if (!tryAdmit(priority)) {
            throw rejected(priority);
        }
        T result;
        try {
            result = call.call();
        } catch (Throwable failure) {
            ended(null, failure);
            throw failure;
        }
        ended(result, null);
        return result;
    }

    /** As {@link #executeAsync(int, Supplier)} with the highest priority. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(Supplier<? extends CompletionStage<T>> call) {
        return executeAsync(0, call);
    }

    /** Makes the call if it is admitted; otherwise the future has failed with a {@link RejectedException}. */
    public <T extends @Nullable Object> CompletableFuture<T> executeAsync(
            int priority, Supplier<? extends CompletionStage<T>> call) {
        Objects.requireNonNull(call, "call: must not be null");
        if (!tryAdmit(priority)) {
            return ToolkitFuture.failed(timers.loop(), rejected(priority));
        }
        return GuardedCall.start(call, timers.loop(), this::ended);
    }

    private void ended(@Nullable Object result, @Nullable Throwable failure) {
        Outcome outcome = Classification.of(classifier, result, failure, classifierGuard);
        switch (outcome) {
            case OVERLOAD -> onRejected();
            case SUCCESS, FAILURE -> onAccepted();
            case IGNORED -> {}
        }
    }

    RejectedException rejected(int priority) {
        return new RejectedException(
                name,
                Reason.OVERLOADED,
                Duration.ZERO,
                String.format(
                        Locale.ROOT,
                        "%.0f %% of all calls are shed, the lowest priorities first; this one had %d",
                        100 * control.shed(),
                        priority));
    }

    private void changed(double before, double now) {
        if (before == 0) {
            JfrEvents.policyState(name, "ADMITTING", "SHEDDING");
        } else if (now == 0) {
            JfrEvents.policyState(name, "SHEDDING", "ADMITTING");
        }
        listenerGuard.run(() -> listener.onShedChange(before, now));
    }

    /** What happened so far; each decision and each answer is counted once. */
    public Stats stats() {
        List<Long> admitted = new ArrayList<>();
        List<Long> shed = new ArrayList<>();
        for (int i = 0; i < priorities; i++) {
            admitted.add(control.admittedCount(i));
            shed.add(control.shedCount(i));
        }
        return new Stats(
                List.copyOf(admitted),
                List.copyOf(shed),
                control.acceptedCount(),
                control.rejectedCount(),
                control.shed(),
                Duration.ofNanos(control.lastShortestNanos()));
    }

    @Override
    public String toString() {
        return description;
    }

    /**
     * Figures of a shedder.
     *
     * @param admitted calls let in, by priority
     * @param shed calls refused, by priority
     * @param accepted what the other side took on
     * @param rejected what the other side refused
     * @param shedShare the share of all calls that is refused now, from 0 to less than 1
     * @param shortestQueueDelay of the last whole interval; zero where nothing left a queue
     */
    public record Stats(
            List<Long> admitted,
            List<Long> shed,
            long accepted,
            long rejected,
            double shedShare,
            Duration shortestQueueDelay) {}

    /** Hears of changes, in their order, on the thread whose call brought one about: do not block it. */
    public interface Listener {
        /** The share of calls to refuse changed, once an interval at most; 0 is none. */
        default void onShedChange(double before, double now) {}
    }

    /** Options of a shedder. */
    public static final class Builder {

        private static final Listener NOBODY = new Listener() {};

        private String name = "load-shedder";
        private TimeSource timeSource = TimeSource.system();
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private Classifier classifier = Classifier.defaults();
        private Listener listener = NOBODY;
        private int priorities = 1;
        private long targetNanos = Duration.ofMillis(5).toNanos();
        private long intervalNanos = Duration.ofMillis(100).toNanos();
        private double throttleK = 2;
        private long throttleNanos = Duration.ofSeconds(10).toNanos();

        private Builder() {}

        /** What messages, events and metrics call it; by default {@code load-shedder}. */
        public Builder name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** How many classes of work there are, 1 to 8, by default 1. */
        public Builder priorities(int priorities) {
            this.priorities = (int) Check.between("priorities", priorities, 1, ShedControl.MAX_PRIORITIES);
            return this;
        }

        /**
         * When a queue stands: its shortest delay in an interval was above the target. By default 5 ms in 100 ms.
         *
         * @param target the delay a queue may keep, more than zero
         * @param interval how long a burst may take to pass, more than the target; also how often anything changes
         */
        public Builder coDel(Duration target, Duration interval) {
            long targetValue = Check.positiveNanos("target", target);
            long intervalValue = Check.positiveNanos("interval", interval);
            if (intervalValue <= targetValue) {
                throw new IllegalArgumentException(
                        "interval: " + interval + " (must be more than target, " + target + ")");
            }
            targetNanos = targetValue;
            intervalNanos = intervalValue;
            return this;
        }

        /** Takes no notice of queue delays. */
        public Builder withoutCoDel() {
            targetNanos = 0;
            return this;
        }

        /**
         * How many requests to make for each one that is accepted; by default 2, over 10 s.
         *
         * @param k 1 to 100; below 2 it refuses more than the other side would, above it is slower to
         * @param memory how long an answer counts, more than zero: longer reacts later and recovers later
         */
        public Builder clientThrottle(double k, Duration memory) {
            if (!(k >= 1 && k <= 100)) {
                throw new IllegalArgumentException("k: " + k + " (must be 1 to 100)");
            }
            throttleNanos = Check.positiveNanos("memory", memory);
            throttleK = k;
            return this;
        }

        /** Takes no notice of refusals of the other side. */
        public Builder withoutClientThrottle() {
            throttleK = 0;
            return this;
        }

        /** What the end of a call means: {@link Outcome#OVERLOAD} is a refusal. By default {@link Classifier#defaults}. */
        public Builder classifier(Classifier classifier) {
            this.classifier = Objects.requireNonNull(classifier, "classifier: must not be null");
            return this;
        }

        /** Who hears of changes; by default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** Where chance comes from, used by several threads at once; by default the thread's own. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The clock, by default {@link TimeSource#system()}; for tests. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** The shedder. */
        public LoadShedder build() {
            return new LoadShedder(this);
        }

        @Override
        public String toString() {
            return "LoadShedder[" + name + ", priorities " + priorities + ", "
                    + (targetNanos == 0
                            ? "no CoDel"
                            : "CoDel " + Duration.ofNanos(targetNanos) + " in " + Duration.ofNanos(intervalNanos))
                    + ", "
                    + (throttleK == 0
                            ? "no throttle"
                            : "throttle k " + throttleK + " over " + Duration.ofNanos(throttleNanos))
                    + "]";
        }
    }
}

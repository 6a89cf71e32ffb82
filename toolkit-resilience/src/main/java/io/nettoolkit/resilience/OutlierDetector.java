package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Check;
import io.nettoolkit.resilience.internal.outlier.EjectionRules;
import io.nettoolkit.resilience.internal.outlier.OutlierCore;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * Finds the one endpoint of many that does worse than the others, and says to leave it alone for a while. The choice
 * between endpoints stays with a pool or a load balancer, which asks {@link #isEjected}.
 *
 * <pre>{@code
 * OutlierDetector<SocketAddress> outliers = OutlierDetector.<SocketAddress>builder().name("orders").build();
 *
 * for (SocketAddress server : servers) {
 *     if (!outliers.isEjected(server)) {
 *         outliers.report(server, call(server) ? Outcome.SUCCESS : Outcome.FAILURE);
 *         break;
 *     }
 * }
 * outliers.retain(servers);  // whenever the servers have changed
 * }</pre>
 *
 * <p>An endpoint is ejected after so many failures in a row; at the end of an interval, when too large a share of its calls
 * failed; and at the end of an interval, when its success rate lies far below that of the others. It stays away for longer
 * with each ejection; every interval without one takes one of them back. Never are all endpoints ejected.
 *
 * <p><b>Threading.</b> Any thread may call every method; none blocks. A report and a question allocate nothing once the
 * endpoint is known; endpoints need {@code equals} and {@code hashCode}.
 *
 * <p><b>Life cycle.</b> It has no threads and no timers; there is nothing to close. An endpoint is known from its first
 * report until {@link #remove} or {@link #retain} says that it is gone, at about 150 bytes each and
 * {@link Builder#maxEndpoints} of them.
 *
 * <p><b>Failure.</b> A listener that throws is logged.
 *
 * <p><b>Sources.</b> The outlier detection of the Envoy proxy, as its documentation describes it.
 */
public final class OutlierDetector<E> {

    private final String name;
    private final String options;
    private final OutlierCore<E> core;
    private final Listener<? super E> listener;
    private final CallbackGuard listenerGuard;

    private OutlierDetector(Builder<E> builder) {
        JfrEvents.register();
        name = builder.name;
        listener = builder.listener;
        listenerGuard = new CallbackGuard("the listener of outlier detector " + name, builder.timeSource);
        EjectionRules rules = builder.rules();
        options = "interval=" + builder.interval + ", maxEndpoints=" + builder.maxEndpoints + ", " + rules;
        core = new OutlierCore<>(
                rules,
                new OutlierCore.Limits(builder.interval.toNanos(), builder.maxEndpoints),
                builder.random,
                builder.timeSource,
                new Events());
    }

    /** Begins with the defaults. */
    public static <E> Builder<E> builder() {
        return new Builder<>();
    }

    /**
     * Tells how a call to an endpoint ended.
     *
     * @param outcome {@link Outcome#OVERLOAD} counts as a failure, {@link Outcome#IGNORED} not at all
     */
    public void report(E endpoint, Outcome outcome) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        switch (outcome) {
            case SUCCESS -> core.succeeded(endpoint);
            case FAILURE, OVERLOAD -> core.failed(endpoint);
            case IGNORED -> {
                // Says nothing about the endpoint.
            }
        }
    }

    /** Whether to leave an endpoint alone now. False for one that is not known. */
    public boolean isEjected(E endpoint) {
        return core.isEjected(Objects.requireNonNull(endpoint, "endpoint: must not be null"));
    }

    /** Forgets an endpoint that is gone, its ejection too. */
    public void remove(E endpoint) {
        core.remove(Objects.requireNonNull(endpoint, "endpoint: must not be null"));
    }

    /** Forgets every endpoint that is not among these. */
    public void retain(Collection<? extends E> endpoints) {
        core.retain(Objects.requireNonNull(endpoints, "endpoints: must not be null"));
    }

    /** What it counted so far. */
    public Stats stats() {
        return core.stats();
    }

    @Override
    public String toString() {
        return "OutlierDetector[name=" + name + ", " + options + "]";
    }

    private final class Events implements OutlierCore.Sink<E> {

        @Override
        public void onEjected(E endpoint, Cause cause, Duration time) {
            JfrEvents.policyState(name + " " + endpoint, "HEALTHY", "EJECTED");
            listenerGuard.run(() -> listener.onEject(endpoint, cause, time));
        }

        @Override
        public void onReturned(E endpoint) {
            JfrEvents.policyState(name + " " + endpoint, "EJECTED", "HEALTHY");
            listenerGuard.run(() -> listener.onReturn(endpoint));
        }
    }

    /** Why an endpoint was ejected. Causes may be added in any release. */
    public enum Cause {
        /** Too many failures in a row. */
        CONSECUTIVE_FAILURES,
        /** Too large a share of its calls failed. */
        FAILURE_RATE,
        /** It succeeds far less often than the others. */
        SUCCESS_RATE
    }

    /** Hears of rare events, in their order, one at a time, on a thread that reported or asked. Must not block. */
    public interface Listener<E> {

        /** An endpoint was ejected, for this long. */
        default void onEject(E endpoint, Cause cause, Duration time) {}

        /** The time of an ejection is over: the endpoint may be called again. Told when somebody reports or asks. */
        default void onReturn(E endpoint) {}
    }

    /**
     * What a detector counted.
     *
     * @param endpoints endpoints known
     * @param ejected endpoints ejected now; one whose time is over counts until somebody reports or asks
     * @param ejections ejections so far
     * @param suppressed ejections that were called for and left out, since too many endpoints were ejected
     * @param untracked reports on endpoints beyond the most that are known
     */
    public record Stats(int endpoints, int ejected, long ejections, long suppressed, long untracked) {}

    /** Puts a detector together. */
    public static final class Builder<E> {

        private static final double NO_SHARE = 2;

        private String name = "outlier-detector";
        private int consecutiveFailures = 5;
        private double deviations = 1.9;
        private int minimumEndpoints = 5;
        private double failureRate = NO_SHARE;
        private int minimumCalls = 20;
        private Duration interval = Duration.ofSeconds(10);
        private double maxEjectedShare = 0.1;
        private Duration baseTime = Duration.ofSeconds(30);
        private Duration maxTime = Duration.ofMinutes(5);
        private double jitter = 0.2;
        private int maxEndpoints = 10_000;
        private Listener<? super E> listener = new Listener<>() {};
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private TimeSource timeSource = TimeSource.system();

        private Builder() {}

        /** What messages, events and metrics call it. Default "outlier-detector". */
        public Builder<E> name(String name) {
            this.name = Check.name(name);
            return this;
        }

        /** Ejects after so many failures without a success in between. Default 5; 0 for off. */
        public Builder<E> consecutiveFailures(int failures) {
            consecutiveFailures = Check.atLeast("consecutiveFailures", failures, 0);
            return this;
        }

        /**
         * Ejects at the end of an interval whoever's success rate lies more than so many standard deviations below the mean
         * of all endpoints with {@link #minimumCalls}, of which there have to be {@code minimumEndpoints}. Default 1.9 and
         * 5. 0 deviations for off; at least 2 endpoints.
         */
        public Builder<E> successRate(double deviations, int minimumEndpoints) {
            if (!(deviations >= 0 && deviations <= 100)) {
                throw new IllegalArgumentException("deviations: " + deviations + " (must be 0 to 100)");
            }
            this.minimumEndpoints = Check.atLeast("minimumEndpoints", minimumEndpoints, 2);
            this.deviations = deviations;
            return this;
        }

        /** Ejects at the end of an interval in which this share of the calls failed. Default: off. More than 0, at most 1. */
        public Builder<E> failureRate(double share) {
            failureRate = Check.share("failureRate", share);
            return this;
        }

        /** Calls to an endpoint in an interval before its shares mean anything. Default 20. At least 1. */
        public Builder<E> minimumCalls(int calls) {
            minimumCalls = Check.atLeast("minimumCalls", calls, 1);
            return this;
        }

        /** How long calls are counted together; longer when nobody reports. Default 10 s. More than zero. */
        public Builder<E> interval(Duration interval) {
            Check.positiveNanos("interval", interval);
            this.interval = interval;
            return this;
        }

        /**
         * The share of the endpoints that may be ejected at once. Whatever the share, one may be, and the last one is not.
         * Default 0.1. More than 0, at most 1.
         */
        public Builder<E> maxEjectedShare(double share) {
            maxEjectedShare = Check.share("maxEjectedShare", share);
            return this;
        }

        /**
         * How long an ejection lasts: {@code base} times the ejections of that endpoint which were not taken back since, up
         * to {@code max}. Default 30 s, up to 300 s.
         */
        public Builder<E> ejectionTime(Duration base, Duration max) {
            Check.positiveNanos("base", base);
            Check.positiveNanos("max", max);
            if (max.compareTo(base) < 0) {
                throw new IllegalArgumentException("max: " + max + " (must be at least base, which is " + base + ")");
            }
            baseTime = base;
            maxTime = max;
            return this;
        }

        /**
         * Spreads each ejection evenly over {@code [(1 - fraction) x time, time]}, so that many callers do not come back
         * all at once. Default 0.2. 0 for none, at most 1.
         */
        public Builder<E> jitter(double fraction) {
            if (!(fraction >= 0 && fraction <= 1)) {
                throw new IllegalArgumentException("fraction: " + fraction + " (must be 0 to 1)");
            }
            jitter = fraction;
            return this;
        }

        /** Endpoints known at once; reports on further ones are counted and otherwise passed over. Default 10,000. */
        public Builder<E> maxEndpoints(int endpoints) {
            maxEndpoints = Check.atLeast("maxEndpoints", endpoints, 1);
            return this;
        }

        /** Hears of ejections. Default: nobody. */
        public Builder<E> listener(Listener<? super E> listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** Where jitter comes from; drawn from on any thread. Default: the JDK's thread-local source. */
        public Builder<E> random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}; tests pass another. */
        public Builder<E> timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** The detector. It knows no endpoint yet. */
        public OutlierDetector<E> build() {
            return new OutlierDetector<>(this);
        }

        private EjectionRules rules() {
            return new EjectionRules(
                    consecutiveFailures,
                    deviations,
                    minimumEndpoints,
                    failureRate,
                    minimumCalls,
                    maxEjectedShare,
                    baseTime.toNanos(),
                    maxTime.toNanos(),
                    jitter);
        }
    }
}

package io.nettoolkit.resilience.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.nettoolkit.resilience.AdaptiveLimit;
import io.nettoolkit.resilience.Bulkhead;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.Fallback;
import io.nettoolkit.resilience.Hedge;
import io.nettoolkit.resilience.KeyedRateLimiter;
import io.nettoolkit.resilience.LoadShedder;
import io.nettoolkit.resilience.OutlierDetector;
import io.nettoolkit.resilience.RateLimiter;
import io.nettoolkit.resilience.Retry;
import io.nettoolkit.resilience.RetryBudget;
import io.nettoolkit.resilience.TimeLimit;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Micrometer meters of resilience policies. They are read from {@code stats()} when the registry asks, so a call costs
 * nothing more for being metered.
 *
 * <pre>{@code
 * ResilienceMetrics metrics = ResilienceMetrics.of(registry, "service", "orders");
 * metrics.bind("payment", breaker).bind("payment", retry);
 * }</pre>
 *
 * <p>Every meter has the tag {@code name}. The meters, all beginning with {@code toolkit.}:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code circuitbreaker.calls}</td><td>counter</td>
 *   <td>{@code kind}: successful, failed, slow, ignored, not_permitted, late</td></tr>
 * <tr><td>{@code circuitbreaker.state}</td><td>gauge, 1 for the present one</td><td>{@code state}</td></tr>
 * <tr><td>{@code circuitbreaker.opened}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code circuitbreaker.failure.rate}, {@code .slow.call.rate}</td><td>gauge, 0 to 1</td><td></td></tr>
 * <tr><td>{@code outlier.endpoints}</td><td>gauge</td><td>{@code state}: watched, ejected</td></tr>
 * <tr><td>{@code outlier.ejections}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code ratelimiter.permits}</td><td>counter</td><td>{@code outcome}: granted, refused, cancelled</td></tr>
 * <tr><td>{@code ratelimiter.waiting}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code ratelimiter.keys}, {@code .memory}</td><td>gauge; entries, bytes</td><td></td></tr>
 * <tr><td>{@code distributed.ratelimiter.decisions}</td><td>counter</td>
 *   <td>{@code outcome}: granted, refused; {@code source}: store, lease, cache, fallback</td></tr>
 * <tr><td>{@code distributed.ratelimiter.store.calls}</td><td>counter</td><td>{@code outcome}: all, failed</td></tr>
 * <tr><td>{@code retry.calls}</td><td>counter</td>
 *   <td>{@code kind}: retried, recovered, out_of_attempts, out_of_backoff, out_of_time, out_of_budget</td></tr>
 * <tr><td>{@code retry.budget.available}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code retry.budget.withdrawals}</td><td>counter</td><td>{@code outcome}: granted, refused</td></tr>
 * <tr><td>{@code bulkhead.concurrent.calls}, {@code bulkhead.queued.calls}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code bulkhead.calls}</td><td>counter</td><td>{@code outcome}: granted, refused, expired, cancelled</td></tr>
 * <tr><td>{@code timelimit.timeouts}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code hedge.calls}</td><td>counter</td><td>{@code kind}: hedged, won, refused</td></tr>
 * <tr><td>{@code hedge.delay}</td><td>gauge, time</td><td></td></tr>
 * <tr><td>{@code fallback.calls}</td><td>counter</td><td>{@code outcome}: used, failed</td></tr>
 * <tr><td>{@code adaptive.limit}, {@code adaptive.inflight}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code adaptive.calls}</td><td>counter</td>
 *   <td>{@code kind}: successful, failed, ignored, overloaded, not_permitted</td></tr>
 * <tr><td>{@code shedder.calls}</td><td>counter</td><td>{@code outcome}: admitted, shed; {@code priority}</td></tr>
 * <tr><td>{@code shedder.shed.share}</td><td>gauge, 0 to 1</td><td></td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep a weak reference to their policy, so a policy that is
 * gone reports no more.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class ResilienceMetrics {

    private static final String PREFIX = "toolkit.";
    private static final String KIND = "kind";
    private static final String OUTCOME = "outcome";

    private final MeterRegistry registry;
    private final Tags common;

    private ResilienceMetrics(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    /**
     * Meters in this registry.
     *
     * @param tags keys and values by turns, for every meter
     */
    public static ResilienceMetrics of(MeterRegistry registry, String... tags) {
        return new ResilienceMetrics(Objects.requireNonNull(registry, "registry: must not be null"), Tags.of(tags));
    }

    /** The meters of a circuit breaker. */
    public ResilienceMetrics bind(String name, CircuitBreaker breaker) {
        Meters<CircuitBreaker> meters = new Meters<>(name, breaker);
        String calls = "circuitbreaker.calls";
        meters.count(calls, KIND, "successful", it -> it.stats().succeeded());
        meters.count(calls, KIND, "failed", it -> it.stats().failed());
        meters.count(calls, KIND, "slow", it -> it.stats().slow());
        meters.count(calls, KIND, "ignored", it -> it.stats().ignored());
        meters.count(calls, KIND, "not_permitted", it -> it.stats().refused());
        meters.count(calls, KIND, "late", it -> it.stats().late());
        meters.count("circuitbreaker.opened", it -> it.stats().opened());
        for (CircuitBreaker.State state : CircuitBreaker.State.values()) {
            Tags tag = Tags.of("state", state.name().toLowerCase(java.util.Locale.ROOT));
            meters.gauge("circuitbreaker.state", tag, it -> it.state() == state ? 1 : 0);
        }
        meters.gauge("circuitbreaker.failure.rate", Tags.empty(), it -> {
            CircuitBreaker.Stats stats = it.stats();
            return share(stats.windowFailed(), stats.windowCalls());
        });
        meters.gauge("circuitbreaker.slow.call.rate", Tags.empty(), it -> {
            CircuitBreaker.Stats stats = it.stats();
            return share(stats.windowSlow(), stats.windowCalls());
        });
        return this;
    }

    /** The meters of an outlier detector. */
    public ResilienceMetrics bind(String name, OutlierDetector<?> detector) {
        Meters<OutlierDetector<?>> meters = new Meters<>(name, detector);
        meters.gauge(
                "outlier.endpoints",
                Tags.of("state", "watched"),
                it -> it.stats().endpoints());
        meters.gauge(
                "outlier.endpoints",
                Tags.of("state", "ejected"),
                it -> it.stats().ejected());
        meters.count("outlier.ejections", it -> it.stats().ejections());
        return this;
    }

    /** The meters of a rate limiter. */
    public ResilienceMetrics bind(String name, RateLimiter limiter) {
        Meters<RateLimiter> meters = new Meters<>(name, limiter);
        meters.count("ratelimiter.permits", OUTCOME, "granted", it -> it.stats().granted());
        meters.count("ratelimiter.permits", OUTCOME, "refused", it -> it.stats().refused());
        meters.count(
                "ratelimiter.permits", OUTCOME, "cancelled", it -> it.stats().cancelled());
        meters.gauge("ratelimiter.waiting", Tags.empty(), it -> it.stats().pending());
        return this;
    }

    /** The meters of a keyed rate limiter; no key is ever a tag. */
    public ResilienceMetrics bind(String name, KeyedRateLimiter<?> limiter) {
        Meters<KeyedRateLimiter<?>> meters = new Meters<>(name, limiter);
        meters.count("ratelimiter.permits", OUTCOME, "granted", it -> it.stats().granted());
        meters.count("ratelimiter.permits", OUTCOME, "refused", it -> it.stats().refused());
        meters.gauge("ratelimiter.keys", Tags.empty(), it -> it.stats().keys());
        meters.gauge("ratelimiter.memory", Tags.empty(), it -> it.stats().memoryBytes());
        return this;
    }

    /** The meters of a distributed rate limiter. */
    public ResilienceMetrics bind(String name, DistributedRateLimiter limiter) {
        Meters<DistributedRateLimiter> meters = new Meters<>(name, limiter);
        String decisions = "distributed.ratelimiter.decisions";
        meters.count(decisions, decided("granted", "store"), it -> it.stats().grantedByStore());
        meters.count(decisions, decided("granted", "lease"), it -> it.stats().grantedFromLease());
        meters.count(decisions, decided("granted", "fallback"), it -> it.stats().grantedByFallback());
        meters.count(decisions, decided("refused", "store"), it -> it.stats().refusedByStore());
        meters.count(decisions, decided("refused", "cache"), it -> it.stats().refusedFromCache());
        meters.count(decisions, decided("refused", "fallback"), it -> it.stats().refusedByFallback());
        String calls = "distributed.ratelimiter.store.calls";
        meters.count(calls, OUTCOME, "all", it -> it.stats().storeCalls());
        meters.count(calls, OUTCOME, "failed", it -> it.stats().storeFailures());
        return this;
    }

    private static Tags decided(String outcome, String source) {
        return Tags.of(OUTCOME, outcome, "source", source);
    }

    /** The meters of a retry. */
    public ResilienceMetrics bind(String name, Retry retry) {
        Meters<Retry> meters = new Meters<>(name, retry);
        meters.count("retry.calls", KIND, "retried", it -> it.stats().retries());
        meters.count("retry.calls", KIND, "recovered", it -> it.stats().recovered());
        meters.count("retry.calls", KIND, "out_of_attempts", it -> it.stats().outOfAttempts());
        meters.count("retry.calls", KIND, "out_of_backoff", it -> it.stats().outOfBackoff());
        meters.count("retry.calls", KIND, "out_of_time", it -> it.stats().outOfTime());
        meters.count("retry.calls", KIND, "out_of_budget", it -> it.stats().outOfBudget());
        return this;
    }

    /** The meters of a retry budget. */
    public ResilienceMetrics bind(String name, RetryBudget budget) {
        Meters<RetryBudget> meters = new Meters<>(name, budget);
        meters.gauge("retry.budget.available", Tags.empty(), it -> it.stats().available());
        meters.count(
                "retry.budget.withdrawals", OUTCOME, "granted", it -> it.stats().withdrawn());
        meters.count(
                "retry.budget.withdrawals", OUTCOME, "refused", it -> it.stats().refused());
        return this;
    }

    /** The meters of a bulkhead. */
    public ResilienceMetrics bind(String name, Bulkhead bulkhead) {
        Meters<Bulkhead> meters = new Meters<>(name, bulkhead);
        meters.gauge("bulkhead.concurrent.calls", Tags.empty(), it -> it.stats().inFlight());
        meters.gauge("bulkhead.queued.calls", Tags.empty(), it -> it.stats().queued());
        meters.count("bulkhead.calls", OUTCOME, "granted", it -> it.stats().granted());
        meters.count("bulkhead.calls", OUTCOME, "refused", it -> it.stats().refused());
        meters.count("bulkhead.calls", OUTCOME, "expired", it -> it.stats().expired());
        meters.count("bulkhead.calls", OUTCOME, "cancelled", it -> it.stats().cancelled());
        return this;
    }

    /** The meters of a time limit. */
    public ResilienceMetrics bind(String name, TimeLimit limit) {
        new Meters<>(name, limit).count("timelimit.timeouts", it -> it.stats().timeouts());
        return this;
    }

    /** The meters of a hedge. */
    public ResilienceMetrics bind(String name, Hedge hedge) {
        Meters<Hedge> meters = new Meters<>(name, hedge);
        meters.count("hedge.calls", KIND, "hedged", it -> it.stats().hedges());
        meters.count("hedge.calls", KIND, "won", it -> it.stats().wins());
        meters.count("hedge.calls", KIND, "refused", it -> it.stats().refused());
        TimeGauge.builder(
                        PREFIX + "hedge.delay",
                        hedge,
                        TimeUnit.NANOSECONDS,
                        it -> it.stats().delay().toNanos())
                .tags(common.and("name", name))
                .register(registry);
        return this;
    }

    /** The meters of a fallback. */
    public ResilienceMetrics bind(String name, Fallback fallback) {
        Meters<Fallback> meters = new Meters<>(name, fallback);
        meters.count("fallback.calls", OUTCOME, "used", it -> it.stats().used());
        meters.count("fallback.calls", OUTCOME, "failed", it -> it.stats().failed());
        return this;
    }

    /** The meters of an adaptive limit. */
    public ResilienceMetrics bind(String name, AdaptiveLimit limit) {
        Meters<AdaptiveLimit> meters = new Meters<>(name, limit);
        meters.gauge("adaptive.limit", Tags.empty(), it -> it.stats().limit());
        meters.gauge("adaptive.inflight", Tags.empty(), it -> it.stats().inFlight());
        meters.count("adaptive.calls", KIND, "successful", it -> it.stats().succeeded());
        meters.count("adaptive.calls", KIND, "failed", it -> it.stats().failed());
        meters.count("adaptive.calls", KIND, "ignored", it -> it.stats().ignored());
        meters.count("adaptive.calls", KIND, "overloaded", it -> it.stats().overloaded());
        meters.count("adaptive.calls", KIND, "not_permitted", it -> it.stats().refused());
        return this;
    }

    /** The meters of a load shedder, one pair for each priority. */
    public ResilienceMetrics bind(String name, LoadShedder shedder) {
        Meters<LoadShedder> meters = new Meters<>(name, shedder);
        for (int i = 0; i < shedder.stats().admitted().size(); i++) {
            int priority = i;
            Tags tag = Tags.of("priority", Integer.toString(priority));
            meters.count(
                    "shedder.calls",
                    tag.and(OUTCOME, "admitted"),
                    it -> it.stats().admitted().get(priority));
            meters.count(
                    "shedder.calls",
                    tag.and(OUTCOME, "shed"),
                    it -> it.stats().shed().get(priority));
        }
        meters.gauge("shedder.shed.share", Tags.empty(), it -> it.stats().shedShare());
        return this;
    }

    private static double share(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    /** The meters of one policy. */
    private final class Meters<T> {

        private final Tags tags;
        private final T policy;

        Meters(String name, T policy) {
            this.policy = Objects.requireNonNull(policy, "policy: must not be null");
            tags = common.and("name", Objects.requireNonNull(name, "name: must not be null"));
        }

        void count(String meter, ToDoubleFunction<T> figure) {
            count(meter, Tags.empty(), figure);
        }

        void count(String meter, String key, String value, ToDoubleFunction<T> figure) {
            count(meter, Tags.of(key, value), figure);
        }

        void count(String meter, Tags more, ToDoubleFunction<T> figure) {
            FunctionCounter.builder(PREFIX + meter, policy, figure)
                    .tags(tags.and(more))
                    .register(registry);
        }

        void gauge(String meter, Tags more, ToDoubleFunction<T> figure) {
            Gauge.builder(PREFIX + meter, policy, figure).tags(tags.and(more)).register(registry);
        }
    }
}

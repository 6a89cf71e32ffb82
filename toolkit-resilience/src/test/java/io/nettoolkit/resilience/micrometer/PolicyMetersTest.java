package io.nettoolkit.resilience.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.AdaptiveLimit;
import io.nettoolkit.resilience.Bulkhead;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.Fallback;
import io.nettoolkit.resilience.Hedge;
import io.nettoolkit.resilience.KeyedRateLimiter;
import io.nettoolkit.resilience.LoadShedder;
import io.nettoolkit.resilience.OutlierDetector;
import io.nettoolkit.resilience.RateLimiter;
import io.nettoolkit.resilience.Retry;
import io.nettoolkit.resilience.RetryBudget;
import io.nettoolkit.resilience.TimeLimit;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each figure of each policy, told apart by being another number than its neighbours. */
class PolicyMetersTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration MILLI = Duration.ofMillis(1);

    private final ManualTime time = ManualTime.create();
    private final TimeSource clock = TimeSource.of(time.ticker());
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ResilienceMetrics metrics = ResilienceMetrics.of(registry, "service", "orders");

    @AfterEach
    void close() {
        time.close();
    }

    private long counter(String meter, String... tags) {
        return (long) registry.get("toolkit." + meter)
                .tags("name", "it", "service", "orders")
                .tags(tags)
                .functionCounter()
                .count();
    }

    private double gauge(String meter, String... tags) {
        return registry.get("toolkit." + meter)
                .tags("name", "it", "service", "orders")
                .tags(tags)
                .gauge()
                .value();
    }

    private static void fails(Callable<?> call) {
        try {
            throw new AssertionError("did not fail, but answered " + call.call());
        } catch (Exception expected) {
            // That is what is counted.
        }
    }

    private static String broken() {
        throw new IllegalStateException("broken");
    }

    @Test
    void ofACircuitBreaker() {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .countWindow(10)
                .slowCalls(Duration.ofSeconds(1), 1)
                .timeSource(clock)
                .build();
        metrics.bind("it", breaker);
        for (int i = 0; i < 4; i++) {
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, i == 0 ? HOUR.toNanos() : 0);
        }
        breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
        breaker.onResult(breaker.tryAcquire(), Outcome.IGNORED, 0);

        assertThat(gauge("circuitbreaker.failure.rate")).isEqualTo(0.2);
        assertThat(gauge("circuitbreaker.slow.call.rate")).isEqualTo(0.2);
        for (int i = 0; i < 10; i++) {
            breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
        }
        long late = breaker.stats().late();
        assertThat(counter("circuitbreaker.calls", "kind", "successful")).isEqualTo(4);
        assertThat(counter("circuitbreaker.calls", "kind", "slow")).isEqualTo(1);
        assertThat(counter("circuitbreaker.calls", "kind", "ignored")).isEqualTo(1);
        assertThat(counter("circuitbreaker.calls", "kind", "late")).isEqualTo(late);
        assertThat(counter("circuitbreaker.opened")).isEqualTo(1);
        assertThat(gauge("circuitbreaker.state", "state", "open")).isEqualTo(1);
        assertThat(gauge("circuitbreaker.state", "state", "closed")).isZero();
    }

    @Test
    void ofAnOutlierDetector() {
        OutlierDetector<String> detector =
                OutlierDetector.<String>builder().consecutiveFailures(1).build();
        metrics.bind("it", detector);
        detector.report("a", Outcome.SUCCESS);
        detector.report("b", Outcome.SUCCESS);
        detector.report("c", Outcome.FAILURE);

        assertThat(gauge("outlier.endpoints", "state", "watched")).isEqualTo(3);
        assertThat(gauge("outlier.endpoints", "state", "ejected")).isEqualTo(1);
        assertThat(counter("outlier.ejections")).isEqualTo(1);
    }

    @Test
    void ofRateLimiters() {
        RateLimiter limiter = RateLimiter.tokenBucket(3, HOUR)
                .timeSource(clock)
                .scheduler(time.executor())
                .build();
        metrics.bind("it", limiter);
        assertThat(limiter.tryAcquire(3)).isTrue();
        limiter.tryAcquire();
        limiter.tryAcquire();
        limiter.cancel(1, clock.nanoTime());
        limiter.tryAcquire();
        limiter.acquire(1, Deadline.after(HOUR, clock));

        assertThat(counter("ratelimiter.permits", "outcome", "granted")).isEqualTo(4);
        assertThat(counter("ratelimiter.permits", "outcome", "refused")).isEqualTo(2);
        assertThat(counter("ratelimiter.permits", "outcome", "cancelled")).isEqualTo(1);
        assertThat(gauge("ratelimiter.waiting")).isEqualTo(1);
    }

    @Test
    void ofAKeyedRateLimiter() {
        KeyedRateLimiter<String> limiter =
                KeyedRateLimiter.<String>builder(2, HOUR).maxKeys(100).build();
        metrics.bind("it", limiter);
        for (int i = 0; i < 3; i++) {
            limiter.tryAcquire("a");
        }

        assertThat(counter("ratelimiter.permits", "outcome", "granted")).isEqualTo(2);
        assertThat(counter("ratelimiter.permits", "outcome", "refused")).isEqualTo(1);
        assertThat(gauge("ratelimiter.keys")).isEqualTo(1);
        assertThat(gauge("ratelimiter.memory"))
                .isEqualTo((double) limiter.stats().memoryBytes());
    }

    @Test
    void ofADistributedRateLimiter() {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        TokenStore.inProcess(clock), "key", 8, HOUR, Outage.failClosed())
                .leased(2)
                .timeSource(clock)
                .build();
        metrics.bind("it", limiter);
        for (int i = 0; i < 12; i++) {
            limiter.tryAcquire().join();
        }

        DistributedRateLimiter.Stats stats = limiter.stats();
        String decisions = "distributed.ratelimiter.decisions";
        assertThat(counter(decisions, "outcome", "granted", "source", "store")).isEqualTo(stats.grantedByStore());
        assertThat(counter(decisions, "outcome", "granted", "source", "lease"))
                .isPositive()
                .isEqualTo(stats.grantedFromLease());
        assertThat(stats.grantedByStore() + stats.grantedFromLease()).isEqualTo(8);
        assertThat(counter(decisions, "outcome", "refused", "source", "store")).isEqualTo(stats.refusedByStore());
        assertThat(counter(decisions, "outcome", "refused", "source", "cache")).isEqualTo(stats.refusedFromCache());
        assertThat(stats.refusedByStore() + stats.refusedFromCache()).isEqualTo(4);
        assertThat(counter("distributed.ratelimiter.store.calls", "outcome", "all"))
                .isEqualTo(stats.storeCalls());
        assertThat(counter("distributed.ratelimiter.store.calls", "outcome", "failed"))
                .isZero();
    }

    @Test
    void ofADistributedRateLimiterWhoseStoreIsAway() {
        TokenStore away = (key, limit, unit, count, deadline) ->
                CompletableFuture.failedFuture(new IllegalStateException("away"));
        DistributedRateLimiter opens = DistributedRateLimiter.builder(away, "key", 8, HOUR, Outage.failOpen())
                .timeSource(clock)
                .build();
        metrics.bind("it", opens);
        opens.tryAcquire().join();
        assertThat(counter("distributed.ratelimiter.decisions", "outcome", "granted", "source", "fallback"))
                .isEqualTo(1);
        assertThat(counter("distributed.ratelimiter.store.calls", "outcome", "failed"))
                .isEqualTo(1);

        DistributedRateLimiter closes = DistributedRateLimiter.builder(away, "key", 8, HOUR, Outage.failClosed())
                .timeSource(clock)
                .build();
        ResilienceMetrics.of(registry, "service", "orders", "other", "one").bind("it", closes);
        closes.tryAcquire().join();
        closes.tryAcquire().join();
        assertThat(counter(
                        "distributed.ratelimiter.decisions",
                        "outcome",
                        "refused",
                        "source",
                        "fallback",
                        "other",
                        "one"))
                .isEqualTo(2);
    }

    @Test
    void ofARetryAndItsBudget() throws Exception {
        RetryBudget budget =
                RetryBudget.builder().minPerSecond(3).timeSource(clock).build();
        Retry retry = Retry.builder()
                .maxAttempts(2)
                .backoff((attempt, previous, random) -> 0)
                .budget(budget)
                .timeSource(clock)
                .build();
        metrics.bind("it", retry).bind("it", budget);
        int[] calls = new int[1];
        assertThat(retry.<String>execute(() -> calls[0]++ == 0 ? broken() : "second"))
                .isEqualTo("second");
        while (budget.stats().refused() == 0) {
            fails(() -> retry.execute(PolicyMetersTest::broken));
        }

        Retry.Stats stats = retry.stats();
        assertThat(counter("retry.calls", "kind", "retried")).isPositive().isEqualTo(stats.retries());
        assertThat(counter("retry.calls", "kind", "recovered")).isEqualTo(1);
        assertThat(counter("retry.calls", "kind", "out_of_attempts")).isEqualTo(stats.retries() - 1);
        assertThat(counter("retry.calls", "kind", "out_of_budget")).isEqualTo(1);
        assertThat(counter("retry.budget.withdrawals", "outcome", "granted")).isEqualTo(stats.retries());
        assertThat(counter("retry.budget.withdrawals", "outcome", "refused")).isEqualTo(1);
        assertThat(gauge("retry.budget.available"))
                .isEqualTo((double) budget.stats().available());
    }

    @Test
    void ofARetryThatGivesUpEarly() {
        Retry stops = Retry.builder()
                .backoff((attempt, previous, random) -> Backoff.STOP)
                .timeSource(clock)
                .build();
        Retry late = Retry.builder()
                .backoff(Backoff.fixed(HOUR))
                .maxElapsed(MILLI)
                .timeSource(clock)
                .build();
        metrics.bind("it", stops);
        fails(() -> stops.execute(PolicyMetersTest::broken));
        assertThat(counter("retry.calls", "kind", "out_of_backoff")).isEqualTo(1);

        ResilienceMetrics.of(registry, "service", "orders", "other", "one").bind("it", late);
        fails(() -> late.execute(PolicyMetersTest::broken));
        assertThat(counter("retry.calls", "kind", "out_of_time", "other", "one"))
                .isEqualTo(1);
    }

    @Test
    void ofABulkhead() {
        EventLoop loop = time.attach(
                        EmbeddedChannel.builder().ticker(time.ticker()).build())
                .eventLoop();
        Bulkhead bulkhead = Bulkhead.builder(2)
                .maxPending(3)
                .maxWait(MILLI)
                .timeSource(clock)
                .scheduler(loop)
                .build();
        metrics.bind("it", bulkhead);
        for (int i = 0; i < 6; i++) {
            bulkhead.acquire(Deadline.after(HOUR, clock));
        }
        bulkhead.tryAcquire();
        assertThat(gauge("bulkhead.concurrent.calls")).isEqualTo(2);
        assertThat(gauge("bulkhead.queued.calls")).isEqualTo(3);
        time.advance(MILLI);
        bulkhead.acquire(Deadline.after(HOUR, clock)).cancel(true);
        time.advance(Duration.ZERO);

        assertThat(counter("bulkhead.calls", "outcome", "granted")).isEqualTo(2);
        assertThat(counter("bulkhead.calls", "outcome", "refused")).isEqualTo(2);
        assertThat(counter("bulkhead.calls", "outcome", "expired")).isEqualTo(3);
        assertThat(counter("bulkhead.calls", "outcome", "cancelled")).isEqualTo(1);
    }

    @Test
    void ofATimeLimitAHedgeAndAFallback() throws Exception {
        TimeLimit limit = TimeLimit.builder(MILLI)
                .timeSource(clock)
                .scheduler(time.executor())
                .build();
        Hedge hedge =
                Hedge.builder().timeSource(clock).scheduler(time.executor()).build();
        Fallback fallback = Fallback.of(failure -> "broken".equals(failure.getMessage()) ? "other" : broken());
        metrics.bind("it", limit).bind("it", hedge).bind("it", fallback);

        CompletableFuture<String> late = limit.executeAsync(CompletableFuture::new);
        time.advance(MILLI);
        fails(() -> late.get(10, TimeUnit.SECONDS));
        assertThat(counter("timelimit.timeouts")).isEqualTo(1);

        for (int i = 0; i < 1_000; i++) {
            hedge.executeAsync(() -> {
                        time.advance(MILLI);
                        return CompletableFuture.completedFuture("quick");
                    })
                    .join();
        }
        for (int i = 0; i < 100; i++) {
            CompletableFuture<?>[] attempts = new CompletableFuture<?>[2];
            int[] made = new int[1];
            hedge.executeAsync(() -> {
                CompletableFuture<String> attempt = new CompletableFuture<>();
                attempts[made[0]++] = attempt;
                return attempt;
            });
            time.advance(Duration.ofMillis(10));
            attempts[made[0] - 1].complete(null);
        }
        Hedge.Stats hedged = hedge.stats();
        assertThat(counter("hedge.calls", "kind", "hedged")).isPositive().isEqualTo(hedged.hedges());
        assertThat(counter("hedge.calls", "kind", "won")).isPositive().isEqualTo(hedged.wins());
        assertThat(counter("hedge.calls", "kind", "refused")).isPositive().isEqualTo(hedged.refused());
        assertThat(registry.get("toolkit.hedge.delay").timeGauge().value(TimeUnit.NANOSECONDS))
                .isPositive()
                .isEqualTo((double) hedged.delay().toNanos());

        assertThat(fallback.<String>execute(PolicyMetersTest::broken)).isEqualTo("other");
        for (int i = 0; i < 2; i++) {
            fails(() -> fallback.execute(() -> {
                throw new IllegalStateException("for the fallback too");
            }));
        }
        assertThat(counter("fallback.calls", "outcome", "used")).isEqualTo(1);
        assertThat(counter("fallback.calls", "outcome", "failed")).isEqualTo(2);
    }

    @Test
    void ofAnAdaptiveLimit() {
        AdaptiveLimit limit =
                AdaptiveLimit.aimd().initial(20).max(20).timeSource(clock).build();
        metrics.bind("it", limit);
        Outcome[] outcomes = {Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORED, Outcome.OVERLOAD};
        for (int i = 0; i < outcomes.length; i++) {
            for (int n = 0; n <= i; n++) {
                limit.onResult(limit.tryAcquire(), outcomes[i], 1);
            }
        }
        for (int i = 0; i < 25; i++) {
            limit.tryAcquire();
        }

        assertThat(gauge("adaptive.limit")).isEqualTo(20);
        assertThat(gauge("adaptive.inflight")).isEqualTo(20);
        assertThat(counter("adaptive.calls", "kind", "successful")).isEqualTo(1);
        assertThat(counter("adaptive.calls", "kind", "failed")).isEqualTo(2);
        assertThat(counter("adaptive.calls", "kind", "ignored")).isEqualTo(3);
        assertThat(counter("adaptive.calls", "kind", "overloaded")).isEqualTo(4);
        assertThat(counter("adaptive.calls", "kind", "not_permitted")).isEqualTo(5);
    }

    @Test
    void ofALoadShedder() {
        LoadShedder shedder = LoadShedder.builder()
                .priorities(2)
                .withoutClientThrottle()
                .timeSource(clock)
                .build();
        metrics.bind("it", shedder);
        shedder.tryAdmit(0);
        shedder.tryAdmit(1);
        shedder.tryAdmit(1);
        shedder.onQueueDelay(Duration.ofMillis(20).toNanos());
        time.advance(Duration.ofMillis(100));
        shedder.tryAdmit(0);

        assertThat(gauge("shedder.shed.share")).isEqualTo(0.5);
        assertThat(counter("shedder.calls", "outcome", "admitted", "priority", "0"))
                .isEqualTo(2);
        assertThat(counter("shedder.calls", "outcome", "admitted", "priority", "1"))
                .isEqualTo(2);
        assertThat(counter("shedder.calls", "outcome", "shed", "priority", "1")).isZero();
        for (int i = 0; i < 1_000; i++) {
            shedder.tryAdmit(1);
        }
        assertThat(counter("shedder.calls", "outcome", "shed", "priority", "1"))
                .isPositive()
                .isEqualTo(shedder.stats().shed().get(1));
        assertThat(counter("shedder.calls", "outcome", "shed", "priority", "0")).isZero();
    }
}

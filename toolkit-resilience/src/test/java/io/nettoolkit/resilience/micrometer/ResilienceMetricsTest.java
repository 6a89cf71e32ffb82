package io.nettoolkit.resilience.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.resilience.Bulkhead;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.RateLimiter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Meters follow the policies they are bound to. */
class ResilienceMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ResilienceMetrics metrics = ResilienceMetrics.of(registry, "service", "orders");

    @Test
    void countsTheCallsOfABreakerAndTellsItsState() {
        CircuitBreaker breaker = CircuitBreaker.builder().build();
        metrics.bind("payment", breaker);

        breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, 0);
        breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
        breaker.forceOpen();
        breaker.tryAcquire();

        assertThat(breakerCalls("successful")).isEqualTo(1);
        assertThat(breakerCalls("failed")).isEqualTo(1);
        assertThat(breakerCalls("not_permitted")).isEqualTo(1);
        assertThat(registry.get("toolkit.circuitbreaker.state")
                        .tags("state", "forced_open", "name", "payment", "service", "orders")
                        .gauge()
                        .value())
                .isEqualTo(1);
    }

    private double breakerCalls(String kind) {
        return registry.get("toolkit.circuitbreaker.calls")
                .tags("kind", kind, "name", "payment")
                .functionCounter()
                .count();
    }

    @Test
    void followsALimiterAndABulkhead() {
        RateLimiter limiter =
                RateLimiter.tokenBucket(1, Duration.ofHours(1)).burst(1).build();
        Bulkhead bulkhead = Bulkhead.builder(1).build();
        metrics.bind("search", limiter).bind("search", bulkhead);

        limiter.tryAcquire();
        limiter.tryAcquire();
        bulkhead.tryAcquire();

        assertThat(registry.get("toolkit.ratelimiter.permits")
                        .tag("outcome", "refused")
                        .functionCounter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("toolkit.bulkhead.concurrent.calls").gauge().value())
                .isEqualTo(1);
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.micrometer.ResilienceMetrics;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** Once compiled, neither a call nor a refusal makes an object. */
class CircuitBreakerAllocationTest {

    private static final int CALLS = 20_000;
    private static final int MOST_ROUNDS = 500;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long sink;

    private double bytesPerCall(Runnable call) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= CALLS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return (double) least / CALLS;
    }

    private void call(CircuitBreaker breaker) {
        long permit = breaker.tryAcquire();
        breaker.onResult(permit, (sink++ & 15) == 0 ? Outcome.FAILURE : Outcome.SUCCESS, sink & 127);
    }

    @Test
    void aCallAllocatesNothing() {
        CircuitBreaker breaker = CircuitBreaker.builder().build();

        assertThat(bytesPerCall(() -> call(breaker))).isLessThan(1);
        assertThat(breaker.stats().failed()).isPositive();
    }

    /** Resilience4j 1391: as soon as anybody listens, each call makes an event; and its meters do listen. */
    @Test
    void aCallAllocatesNothingWhereMetersAreBoundAndSomebodyListens() {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .listener(new CircuitBreaker.Listener() {})
                .build();
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        ResilienceMetrics.of(registry).bind("breaker", breaker);

        assertThat(bytesPerCall(() -> call(breaker))).isLessThan(1);
        assertThat(registry.get("toolkit.circuitbreaker.calls")
                        .tag("kind", "successful")
                        .functionCounter()
                        .count())
                .isPositive();
    }

    @Test
    void aCallWithEverythingOnAllocatesNothing() {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .slowCalls(Duration.ofNanos(100), 0.9)
                .consecutiveFailures(50)
                .build();

        assertThat(bytesPerCall(() -> call(breaker))).isLessThan(1);
    }

    @Test
    void aCallOfACountWindowAllocatesNothing() {
        CircuitBreaker breaker = CircuitBreaker.builder().countWindow(100).build();

        assertThat(bytesPerCall(() -> call(breaker))).isLessThan(1);
    }

    @Test
    void aRefusalAllocatesNothing() {
        CircuitBreaker forced = CircuitBreaker.builder().build();
        forced.forceOpen();
        CircuitBreaker open = CircuitBreaker.builder()
                .consecutiveFailures(1)
                .openTime(Duration.ofHours(1), Duration.ofHours(1))
                .build();
        open.onResult(open.tryAcquire(), Outcome.FAILURE, 0);

        assertThat(bytesPerCall(() -> sink += forced.tryAcquire())).isLessThan(1);
        assertThat(bytesPerCall(() -> sink += open.tryAcquire())).isLessThan(1);
        assertThat(open.stats().refused()).isPositive();
    }

    @Test
    void aHalfOpenBreakerAllocatesNothing() {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .consecutiveFailures(1)
                .jitter(0)
                .openTime(Duration.ofMillis(1), Duration.ofMillis(1))
                .build();
        breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
        long probe = breaker.tryAcquire();
        while (probe < 0) {
            Thread.onSpinWait();
            probe = breaker.tryAcquire();
        }

        assertThat(bytesPerCall(() -> breaker.onResult(breaker.tryAcquire(), Outcome.IGNORED, 0)))
                .isLessThan(1);
    }

    @Test
    void executeAllocatesNothingWhenNothingFails() {
        CircuitBreaker breaker = CircuitBreaker.builder().build();
        Callable<String> call = () -> "value";

        assertThat(bytesPerCall(() -> {
                    try {
                        breaker.execute(call);
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }))
                .isLessThan(1);
    }

    @Test
    void aReportAndAQuestionAboutAnEndpointAllocateNothing() {
        OutlierDetector<String> outliers = OutlierDetector.<String>builder()
                .interval(Duration.ofDays(1))
                .successRate(0, 5)
                .build();

        assertThat(bytesPerCall(() -> {
                    outliers.report("a", (sink++ & 3) == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
                    sink += outliers.isEjected("a") ? 1 : 0;
                }))
                .isLessThan(1);
    }
}

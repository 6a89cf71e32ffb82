package io.nettoolkit.benchmarks.resilience;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.function.CheckedSupplier;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One call through a closed circuit breaker, which succeeds: asked, and told of the result. The call itself does nothing.
 * One breaker is shared by all threads: run it with {@code -t 1} and with {@code -t 4}. {@code -prof gc} gives bytes.
 *
 * <p>All open at half of the calls failed, of 20 at least, in 10 s or in the last 100 calls. Each peer runs with its
 * defaults otherwise, and where it has a faster setting for many threads, with that as well.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms512m", "-Xmx512m"})
public class CircuitBreakerBenchmark {

    private static final int MINIMUM_CALLS = 20;
    private static final int COUNT_WINDOW = 100;
    private static final int SECONDS = 10;

    private final TimeSource time = TimeSource.system();
    private final CircuitBreaker toolkit = CircuitBreaker.builder().build();
    private final CircuitBreaker toolkitSlowCalls =
            CircuitBreaker.builder().slowCalls(Duration.ofSeconds(1), 0.5).build();
    private final CircuitBreaker toolkitCount =
            CircuitBreaker.builder().countWindow(COUNT_WINDOW).build();

    private final io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4jCount = resilience4j(
            SlidingWindowType.COUNT_BASED, COUNT_WINDOW, SlidingWindowSynchronizationStrategy.SYNCHRONIZED);
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4jCountLockFree =
            resilience4j(SlidingWindowType.COUNT_BASED, COUNT_WINDOW, SlidingWindowSynchronizationStrategy.LOCK_FREE);
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4jTime =
            resilience4j(SlidingWindowType.TIME_BASED, SECONDS, SlidingWindowSynchronizationStrategy.SYNCHRONIZED);
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4jTimeLockFree =
            resilience4j(SlidingWindowType.TIME_BASED, SECONDS, SlidingWindowSynchronizationStrategy.LOCK_FREE);

    private final dev.failsafe.CircuitBreaker<Object> failsafeStandalone = failsafeBreaker();
    private final FailsafeExecutor<Object> failsafe = Failsafe.with(failsafeBreaker());
    private final CheckedSupplier<Object> nothing = () -> "value";

    /** The default: a time window, no clock read. */
    @Benchmark
    public long toolkit() {
        long permit = toolkit.tryAcquire();
        toolkit.onResult(permit, Outcome.SUCCESS, 0);
        return permit;
    }

    /** With slow calls: two readings of the exact clock. */
    @Benchmark
    public long toolkitSlowCalls() {
        long permit = toolkitSlowCalls.tryAcquire();
        long start = time.nanoTime();
        toolkitSlowCalls.onResult(permit, Outcome.SUCCESS, time.nanoTime() - start);
        return permit;
    }

    /** With a count window. */
    @Benchmark
    public long toolkitCount() {
        long permit = toolkitCount.tryAcquire();
        toolkitCount.onResult(permit, Outcome.SUCCESS, 0);
        return permit;
    }

    /** Resilience4j's default. */
    @Benchmark
    public long resilience4jCount() {
        return call(resilience4jCount);
    }

    /** Its setting for many threads. */
    @Benchmark
    public long resilience4jCountLockFree() {
        return call(resilience4jCountLockFree);
    }

    /** Its time window. */
    @Benchmark
    public long resilience4jTime() {
        return call(resilience4jTime);
    }

    /** Its time window with its setting for many threads. */
    @Benchmark
    public long resilience4jTimeLockFree() {
        return call(resilience4jTimeLockFree);
    }

    /** Failsafe as one calls it. */
    @Benchmark
    public Object failsafe() {
        return failsafe.get(nothing);
    }

    /** Failsafe's breaker alone. */
    @Benchmark
    public boolean failsafeStandalone() {
        boolean permitted = failsafeStandalone.tryAcquirePermit();
        failsafeStandalone.recordSuccess();
        return permitted;
    }

    /** One reading of the clock, the unit of these figures. */
    @Benchmark
    public long nanoTime() {
        return time.nanoTime();
    }

    /** As its decorators do. */
    private static long call(io.github.resilience4j.circuitbreaker.CircuitBreaker breaker) {
        breaker.acquirePermission();
        long start = breaker.getCurrentTimestamp();
        long elapsed = breaker.getCurrentTimestamp() - start;
        breaker.onSuccess(elapsed, breaker.getTimestampUnit());
        return elapsed;
    }

    private static io.github.resilience4j.circuitbreaker.CircuitBreaker resilience4j(
            SlidingWindowType type, int size, SlidingWindowSynchronizationStrategy strategy) {
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
                .failureRateThreshold(50)
                .slidingWindow(size, MINIMUM_CALLS, type, strategy)
                .build();
        return io.github.resilience4j.circuitbreaker.CircuitBreaker.of("benchmark", config);
    }

    private static dev.failsafe.CircuitBreaker<Object> failsafeBreaker() {
        return dev.failsafe.CircuitBreaker.builder()
                .withFailureRateThreshold(50, MINIMUM_CALLS, Duration.ofSeconds(SECONDS))
                .build();
    }
}

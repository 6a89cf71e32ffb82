package io.nettoolkit.benchmarks.resilience;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.core.CallableUtils;
import io.github.resilience4j.core.CompletionStageUtils;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.nettoolkit.resilience.Bulkhead;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.Fallback;
import io.nettoolkit.resilience.Pipeline;
import io.nettoolkit.resilience.RateLimiter;
import io.nettoolkit.resilience.Retry;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A call through fallback, rate limiter, retry, circuit breaker and bulkhead in which nothing goes wrong: on the thread, and through a stage that is complete
 * already. The stacks are built once. {@code -prof gc} gives bytes per call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"})
public class PipelineBenchmark {

    private static final int PERMITS = 64;
    /** So many that no call is refused. */
    private static final int PER_SECOND = 1_000_000_000;

    private static final String ANSWER = "answer";
    private static final Callable<String> CALL = () -> ANSWER;
    private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture(ANSWER);
    private static final Supplier<CompletionStage<String>> STAGE = () -> DONE;

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final Pipeline toolkit = Pipeline.builder()
            .fallback(Fallback.of("fallback"))
            .rateLimiter(RateLimiter.tokenBucket(PER_SECOND, Duration.ofSeconds(1))
                    .burst(PER_SECOND)
                    .build())
            .retry(Retry.builder().build())
            .circuitBreaker(CircuitBreaker.builder().build())
            .bulkhead(Bulkhead.builder(PERMITS).build())
            .build();
    private final Callable<String> resilience4jCall;
    private final Supplier<CompletionStage<String>> resilience4jStage;
    private final FailsafeExecutor<String> failsafe = Failsafe.with(
                    dev.failsafe.Fallback.of("fallback"),
                    dev.failsafe.RateLimiter.<String>burstyBuilder(PER_SECOND, Duration.ofSeconds(1))
                            .build(),
                    RetryPolicy.<String>ofDefaults(),
                    dev.failsafe.CircuitBreaker.<String>ofDefaults(),
                    dev.failsafe.Bulkhead.<String>of(PERMITS))
            .with(Runnable::run);

    /** Builds the decorated calls. */
    public PipelineBenchmark() {
        io.github.resilience4j.bulkhead.Bulkhead bulkhead = io.github.resilience4j.bulkhead.Bulkhead.of(
                "default", BulkheadConfig.custom().maxConcurrentCalls(PERMITS).build());
        io.github.resilience4j.retry.Retry retry = io.github.resilience4j.retry.Retry.ofDefaults("default");
        io.github.resilience4j.circuitbreaker.CircuitBreaker breaker =
                io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("default");
        io.github.resilience4j.ratelimiter.RateLimiter limiter = io.github.resilience4j.ratelimiter.RateLimiter.of(
                "default",
                RateLimiterConfig.custom()
                        .limitForPeriod(PER_SECOND)
                        .limitRefreshPeriod(Duration.ofSeconds(1))
                        .timeoutDuration(Duration.ZERO)
                        .build());
        Callable<String> call = io.github.resilience4j.bulkhead.Bulkhead.decorateCallable(bulkhead, CALL);
        call = io.github.resilience4j.circuitbreaker.CircuitBreaker.decorateCallable(breaker, call);
        call = io.github.resilience4j.retry.Retry.decorateCallable(retry, call);
        call = io.github.resilience4j.ratelimiter.RateLimiter.decorateCallable(limiter, call);
        resilience4jCall = CallableUtils.recover(call, failure -> "fallback");
        Supplier<CompletionStage<String>> stage =
                io.github.resilience4j.bulkhead.Bulkhead.decorateCompletionStage(bulkhead, STAGE);
        stage = io.github.resilience4j.circuitbreaker.CircuitBreaker.decorateCompletionStage(breaker, stage);
        stage = io.github.resilience4j.retry.Retry.decorateCompletionStage(retry, scheduler, stage);
        stage = io.github.resilience4j.ratelimiter.RateLimiter.decorateCompletionStage(limiter, stage);
        resilience4jStage = CompletionStageUtils.recover(stage, failure -> "fallback");
    }

    /** Ends the thread that Resilience4j's asynchronous retry wants. */
    @TearDown
    public void tearDown() {
        scheduler.shutdownNow();
    }

    /** The toolkit, on the thread. */
    @Benchmark
    public String toolkit() throws Exception {
        return toolkit.execute(CALL);
    }

    /** The toolkit, through a stage. */
    @Benchmark
    public String toolkitStage() {
        return toolkit.executeAsync(STAGE).join();
    }

    /** Resilience4j, on the thread. */
    @Benchmark
    public String resilience4j() throws Exception {
        return resilience4jCall.call();
    }

    /** Resilience4j, through a stage. */
    @Benchmark
    public String resilience4jStage() {
        return resilience4jStage.get().toCompletableFuture().join();
    }

    /** Failsafe, on the thread. */
    @Benchmark
    public String failsafe() {
        return failsafe.get(CALL::call);
    }

    /** Failsafe, through a stage, on an executor that runs its tasks at once. */
    @Benchmark
    public String failsafeStage() {
        return failsafe.getStageAsync(STAGE::get).join();
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What calls allocate that nothing goes wrong with. */
class CallAllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WARM_UP = 100_000;
    private static final int MEASURED = 100_000;

    private static final Callable<String> CALL = () -> "answer";
    private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("answer");
    private static final Supplier<CompletionStage<String>> STAGE = () -> DONE;

    private interface Step {
        void run() throws Exception;
    }

    private static double bytes(Step step) throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        for (int i = 0; i < MEASURED; i++) {
            step.run();
        }
        return (double) (THREADS.getThreadAllocatedBytes(thread) - before) / MEASURED;
    }

    private static RateLimiter limiter() {
        return RateLimiter.tokenBucket(1_000_000_000, Duration.ofSeconds(1)).build();
    }

    /** With everything on that reads a clock. */
    private static CircuitBreaker breaker() {
        return CircuitBreaker.builder()
                .slowCalls(Duration.ofSeconds(1), 0.5)
                .consecutiveFailures(5)
                .build();
    }

    private static Pipeline five() {
        RetryBudget budget = RetryBudget.builder().build();
        return Pipeline.builder()
                .fallback(Fallback.of("fallback"))
                .rateLimiter(limiter())
                .retry(Retry.builder().budget(budget).build())
                .circuitBreaker(breaker())
                .bulkhead(Bulkhead.builder(8).maxPending(8).build())
                .build();
    }

    @Test
    void permitsOfABulkheadCostNothing() throws Exception {
        Bulkhead bulkhead = Bulkhead.builder(1).build();

        assertThat(bytes(() -> {
                    if (bulkhead.tryAcquire()) {
                        bulkhead.tryAcquire();
                        bulkhead.release();
                    }
                }))
                .isLessThan(1);
    }

    @Test
    void aBudgetCostsNothing() throws Exception {
        RetryBudget budget = RetryBudget.builder().build();

        assertThat(bytes(() -> {
                    budget.deposit();
                    budget.tryWithdraw();
                }))
                .isLessThan(1);
    }

    @Test
    void synchronousCallsCostNothing() throws Exception {
        Retry retry = Retry.builder().build();
        Fallback fallback = Fallback.of("fallback");
        Bulkhead bulkhead = Bulkhead.builder(1).maxPending(1).build();

        assertThat(bytes(() -> retry.execute(CALL))).isLessThan(1);
        assertThat(bytes(() -> fallback.execute(CALL))).isLessThan(1);
        assertThat(bytes(() -> bulkhead.execute(CALL))).isLessThan(1);
    }

    @Test
    void aSynchronousPipelineOfFiveCostsNothing() throws Exception {
        Pipeline pipeline = five();

        assertThat(bytes(() -> pipeline.execute(CALL))).isLessThan(1);
    }

    @Test
    void aPipelineOfFiveOnACompletedStageCostsItsFutureAlone() throws Exception {
        Pipeline pipeline = five();

        assertThat(bytes(() -> pipeline.executeAsync(STAGE))).isLessThan(64);
    }

    @Test
    void aPipelineUsedByHandCostsNothing() throws Exception {
        Pipeline.Attempt attempt = Pipeline.builder()
                .rateLimiter(limiter())
                .circuitBreaker(breaker())
                .bulkhead(Bulkhead.builder(8).build())
                .build()
                .newAttempt();

        assertThat(bytes(() -> {
                    if (attempt.tryBegin()) {
                        attempt.end(Outcome.SUCCESS);
                    }
                }))
                .isLessThan(1);
    }

    /** What the figures would be if they measured nothing. */
    @Test
    void theMeasurementSeesAFuture() throws Exception {
        Object[] kept = new Object[1];
        assertThat(bytes(() -> kept[0] = new CompletableFuture<>())).isGreaterThan(8);
    }
}

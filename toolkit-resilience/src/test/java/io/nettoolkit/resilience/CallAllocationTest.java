package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.call.Gate;
import io.nettoolkit.resilience.internal.call.Place;
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

    /** Asks for everything a breaker may ask for. */
    private static final class Always extends Gate {
        Always() {
            super(true, true);
        }

        @Override
        public long enter() {
            return 1;
        }

        @Override
        public RejectedException refusal(long permit) {
            return new RejectedException("never", Reason.CIRCUIT_OPEN, Duration.ZERO, "");
        }

        @Override
        public void leave(long permit, Outcome outcome, long elapsedNanos) {}
    }

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

    private static Pipeline five() {
        RetryBudget budget = RetryBudget.builder().build();
        return Pipeline.builder()
                .fallback(Fallback.of("fallback"))
                .gate(Place.RATE_LIMITER, "limiter", new Always(), Classifier.defaults())
                .retry(Retry.builder().budget(budget).build())
                .gate(Place.CIRCUIT_BREAKER, "breaker", new Always(), Classifier.defaults())
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
                .gate(Place.RATE_LIMITER, "limiter", new Always(), Classifier.defaults())
                .gate(Place.CIRCUIT_BREAKER, "breaker", new Always(), Classifier.defaults())
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

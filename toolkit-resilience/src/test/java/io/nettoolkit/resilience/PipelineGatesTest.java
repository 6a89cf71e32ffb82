package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Breaker, limiter, adaptive limit and shedder as parts of a pipeline. */
class PipelineGatesTest {

    private final CallRig rig = new CallRig();
    private final CircuitBreaker breaker = CircuitBreaker.builder()
            .timeSource(rig.clock)
            .countWindow(10)
            .minimumCalls(10)
            .build();
    private final Bulkhead bulkhead =
            Bulkhead.builder(1).timeSource(rig.clock).scheduler(rig.loop).build();

    @AfterEach
    void close() {
        rig.close();
    }

    private Pipeline.Builder pipeline() {
        return Pipeline.builder().timeSource(rig.clock).scheduler(rig.loop);
    }

    @Test
    void failuresOpenTheBreakerAndTheCallIsNotMadeThen() {
        Pipeline pipeline = pipeline().circuitBreaker(breaker).build();
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> pipeline.execute(() -> {
                        throw new IOException("down");
                    }))
                    .hasMessage("down");
        }

        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(refusal(pipeline).reason()).isEqualTo(Reason.CIRCUIT_OPEN);
        assertThat(refusal(pipeline).retryAfter()).isPositive();
    }

    private static void open(CircuitBreaker breaker) {
        for (int i = 0; i < 10; i++) {
            breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
        }
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    private Retry retry() {
        return Retry.builder()
                .backoff(Backoff.fixed(Duration.ofMillis(1)))
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking)
                .build();
    }

    /** In Resilience4j a retry around a breaker spends its attempts on refusals (issues 515 and 614). */
    @Test
    void aRetryWaitsUntilAnOpenBreakerTakesCallsAgain() throws Exception {
        Pipeline pipeline = pipeline().retry(retry()).circuitBreaker(breaker).build();
        open(breaker);
        long openMillis = Duration.ofNanos(-breaker.tryAcquire()).toMillis();
        assertThat(openMillis).isGreaterThan(1_000);

        assertThat(pipeline.execute(() -> "probe")).isEqualTo("probe");

        assertThat(rig.elapsedMillis()).isBetween(openMillis, openMillis + 1);
        assertThat(breaker.stats().refused()).as("this test's, and one attempt").isEqualTo(2);
    }

    @Test
    void aRetryGivesUpAtOnceWhereAnOpenBreakerStaysOpenForLongerThanThereIsTime() {
        Pipeline pipeline = pipeline().retry(retry()).circuitBreaker(breaker).build();
        open(breaker);

        assertThatThrownBy(() -> pipeline.execute(
                        () -> {
                            throw new AssertionError("the call was made");
                        },
                        rig.in(1_000)))
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.CIRCUIT_OPEN));
        assertThat(rig.elapsedMillis()).isZero();
        assertThat(breaker.stats().refused()).isEqualTo(1);
    }

    private static RejectedException refusal(Pipeline pipeline) {
        return catchThrowableOfType(
                RejectedException.class,
                () -> pipeline.execute(() -> {
                    throw new AssertionError("the call was made");
                }));
    }

    /** A burst over a bulkhead behind the breaker says nothing about the peer. */
    @Test
    void refusalsFurtherInDoNotOpenTheBreaker() throws Exception {
        Pipeline pipeline =
                pipeline().circuitBreaker(breaker).bulkhead(bulkhead).build();
        CompletableFuture<String> call = new CompletableFuture<>();
        CompletableFuture<String> inside = pipeline.executeAsync(() -> call);

        for (int i = 0; i < 50; i++) {
            assertThat(refusal(pipeline).reason()).isEqualTo(Reason.BULKHEAD_FULL);
        }

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.stats().ignored()).isEqualTo(50);
        call.complete("done");
        rig.channel.runPendingTasks();
        assertThat(inside).isCompletedWithValue("done");
        assertThat(breaker.stats().succeeded()).isEqualTo(1);
    }

    @Test
    void aUsedUpLimitIsToldWithTheTimeToWait() throws Exception {
        Pipeline pipeline = pipeline()
                .rateLimiter(RateLimiter.tokenBucket(1, Duration.ofSeconds(1))
                        .burst(1)
                        .timeSource(rig.clock)
                        .build())
                .build();

        assertThat(pipeline.execute(() -> "first")).isEqualTo("first");

        RejectedException refusal = refusal(pipeline);
        assertThat(refusal.reason()).isEqualTo(Reason.RATE_LIMITED);
        assertThat(refusal.retryAfter()).isBetween(Duration.ofMillis(999), Duration.ofSeconds(1));
    }

    @Test
    void anAdaptiveLimitHearsOfTimeoutsAsOverload() throws Exception {
        AdaptiveLimit limit = AdaptiveLimit.aimd().timeSource(rig.clock).build();
        Pipeline pipeline = pipeline().adaptiveLimit(limit).build();

        assertThat(pipeline.execute(() -> "ok")).isEqualTo("ok");
        assertThatThrownBy(() -> pipeline.execute(() -> {
                    throw NetException.builder(Kind.READ_TIMEOUT, Operation.READ)
                            .build();
                }))
                .isInstanceOf(NetException.class);

        assertThat(limit.stats().succeeded()).isEqualTo(1);
        assertThat(limit.stats().overloaded()).isEqualTo(1);
        assertThat(limit.stats().inFlight()).isZero();
    }

    /** The one who does not wait any longer decides what that means, and not a classifier that never heard of it. */
    @Test
    void aCancelCountsForNothingAndATimeoutOfTheCallerAsAFailure() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().timeSource(rig.clock).build();
        Pipeline pipeline = pipeline()
                .classifier((result, failure) -> failure == null ? Outcome.SUCCESS : Outcome.FAILURE)
                .adaptiveLimit(limit)
                .circuitBreaker(breaker)
                .build();

        pipeline.executeAsync(CompletableFuture::new).cancel(true);
        rig.channel.runPendingTasks();
        assertThat(breaker.stats().ignored()).isEqualTo(1);
        assertThat(limit.stats().ignored()).isEqualTo(1);

        pipeline.executeAsync(CompletableFuture::new).orTimeout(5, TimeUnit.MILLISECONDS);
        rig.advance(5);
        assertThat(breaker.stats().failed()).isEqualTo(1);
        assertThat(limit.stats().overloaded()).isEqualTo(1);
        assertThat(limit.inFlight()).isZero();
    }

    @Test
    void theOrderOfAllOfThemIsCheckedWhenBuilt() {
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        pipeline().bulkhead(bulkhead).circuitBreaker(breaker).build())
                .withMessageContaining("circuitBreaker has to stand outside of bulkhead");
    }
}

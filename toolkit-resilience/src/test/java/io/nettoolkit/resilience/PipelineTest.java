package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class PipelineTest {

    private final CallRig rig = new CallRig();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final FakeGate gate = new FakeGate(outcomes);

    @AfterEach
    void close() {
        rig.close();
    }

    private Pipeline.Builder pipeline() {
        return Pipeline.builder().timeSource(rig.clock).scheduler(rig.loop);
    }

    private Retry retry() {
        return Retry.builder()
                .backoff(Backoff.fixed(Duration.ofMillis(10)))
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking)
                .build();
    }

    private Bulkhead bulkhead(int maxConcurrent) {
        return Bulkhead.builder(maxConcurrent)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking)
                .build();
    }

    private TimeLimit limit(long millis) {
        return TimeLimit.builder(Duration.ofMillis(millis))
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .build();
    }

    @Test
    void eachPolicyJudgesByItsOwnClassifierUnlessThePipelineHasOne() throws Exception {
        List<String> asked = new ArrayList<>();
        LoadShedder shedder = LoadShedder.builder()
                .timeSource(rig.clock)
                .classifier(noting("shedder", asked))
                .build();
        AdaptiveLimit limit = AdaptiveLimit.aimd()
                .timeSource(rig.clock)
                .classifier(noting("limit", asked))
                .build();
        CircuitBreaker breaker = CircuitBreaker.builder()
                .timeSource(rig.clock)
                .classifier(noting("breaker", asked))
                .build();
        Pipeline.Builder pipeline = Pipeline.builder()
                .timeSource(rig.clock)
                .loadShedder(shedder, 0)
                .adaptiveLimit(limit)
                .circuitBreaker(breaker);

        pipeline.build().execute(() -> "answer");
        assertThat(asked).containsExactlyInAnyOrder("shedder", "limit", "breaker");

        asked.clear();
        pipeline.classifier(noting("pipeline", asked)).build().execute(() -> "answer");
        assertThat(asked).containsOnly("pipeline");
    }

    private static Classifier noting(String who, List<String> asked) {
        return (result, failure) -> {
            asked.add(who);
            return Outcome.SUCCESS;
        };
    }

    @Test
    void aPipelineWithoutPoliciesMakesTheCall() throws Exception {
        assertThat(pipeline().build().execute(() -> "call")).isEqualTo("call");
        assertThat(pipeline().build().executeAsync(() -> CompletableFuture.completedFuture("call")))
                .isCompletedWithValue("call");
    }

    @Test
    void eachAttemptAsksThePoliciesInsideTheRetry() throws Exception {
        Pipeline pipeline = FakeGate.add(
                        pipeline().fallback(Fallback.of("fallback")).retry(retry()), gate)
                .bulkhead(bulkhead(1))
                .build();

        String answer = pipeline.execute(() -> {
            throw new IOException("peer");
        });

        assertThat(answer).isEqualTo("fallback");
        assertThat(outcomes).containsExactly(Outcome.FAILURE, Outcome.FAILURE, Outcome.FAILURE);
        assertThat(gate.out).isZero();
    }

    @Test
    void oneClassifierServesAll() throws Exception {
        Classifier strict = (result, failure) -> "bad".equals(result) ? Outcome.OVERLOAD : Outcome.SUCCESS;
        Retry retry = retry();
        Pipeline pipeline =
                FakeGate.add(pipeline().classifier(strict).retry(retry), gate).build();

        assertThat(pipeline.execute(() -> "bad")).isEqualTo("bad");
        assertThat(outcomes).containsExactly(Outcome.OVERLOAD, Outcome.OVERLOAD, Outcome.OVERLOAD);
        assertThat(retry.stats().outOfAttempts()).isEqualTo(1);
    }

    @Test
    void aRefusalWithATimeIsTriedAgainThen() throws Exception {
        Pipeline pipeline = FakeGate.add(pipeline().retry(retry()), gate).build();
        gate.refusing = -Duration.ofMillis(500).toNanos();
        rig.loop.schedule(() -> gate.refusing = 0, 500, TimeUnit.MILLISECONDS);

        assertThat(pipeline.execute(() -> "let in")).isEqualTo("let in");
        assertThat(rig.elapsedMillis()).isEqualTo(500);
    }

    @Test
    void aRefusalReachesTheCallerAsItIs() {
        Pipeline pipeline = FakeGate.add(pipeline(), gate).build();
        gate.refusing = -1;

        assertThatThrownBy(() -> pipeline.execute(() -> "never")).isInstanceOf(RejectedException.class);
        assertThat(CallRig.failure(pipeline.executeAsync(() -> {
                    throw new AssertionError("must not be called");
                })))
                .isInstanceOf(RejectedException.class);
    }

    @Test
    void aLimitOnTheCallHoldsForAllAttempts() {
        List<CompletableFuture<String>> stages = new ArrayList<>();
        Pipeline pipeline = FakeGate.add(pipeline().timeLimit(limit(25)).retry(retry()), gate)
                .timeLimit(limit(1_000))
                .asyncOnly()
                .build();

        CompletableFuture<String> answer = pipeline.executeAsync(() -> {
            CompletableFuture<String> stage = new CompletableFuture<>();
            stages.add(stage);
            return stage;
        });
        stages.get(0).completeExceptionally(new IOException("peer"));
        rig.advance(25);

        assertThat(CallRig.failure(answer)).isInstanceOf(NetException.class);
        assertThat(stages).hasSize(2);
        assertThat(stages.get(1)).isCancelled();
        assertThat(outcomes).containsExactly(Outcome.FAILURE, Outcome.FAILURE);
    }

    @Test
    void anAttemptThatIsTooSlowIsRepeated() {
        List<CompletableFuture<String>> stages = new ArrayList<>();
        Pipeline pipeline = FakeGate.add(pipeline().retry(retry()), gate)
                .timeLimit(limit(20))
                .asyncOnly()
                .build();

        CompletableFuture<String> answer = pipeline.executeAsync(() -> {
            CompletableFuture<String> stage = new CompletableFuture<>();
            stages.add(stage);
            return stage;
        });
        rig.advance(30);
        stages.get(1).complete("second");

        assertThat(answer).isCompletedWithValue("second");
        assertThat(outcomes).containsExactly(Outcome.FAILURE, Outcome.SUCCESS);
    }

    /**
     * In which order policies act surprised the users of Resilience4j (issues 515 and 614, pull requests 364 and 839)
     * and of SmallRye (456).
     */
    @Test
    void aWrongOrderIsExplained() {
        assertThatIllegalStateException()
                .isThrownBy(() -> FakeGate.add(pipeline(), gate).retry(retry()).build())
                .withMessageContaining("retry has to stand outside of circuitBreaker, because each attempt has to ask")
                .withMessageContaining("fallback > timeLimit (of the call) >")
                .withMessageContaining("Given: circuitBreaker > retry")
                .withMessageContaining("anyOrder()");
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline()
                        .retry(retry())
                        .timeLimit(limit(10))
                        .bulkhead(bulkhead(1))
                        .asyncOnly()
                        .build())
                .withMessageContaining("bulkhead has to stand outside of timeLimit");
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        pipeline().retry(retry()).fallback(Fallback.of("x")).build())
                .withMessageContaining("fallback has to stand outside of retry");
        assertThat(FakeGate.add(pipeline().anyOrder(), gate).retry(retry()).build())
                .isNotNull();
    }

    @Test
    void whatHasNoSynchronousFormIsToldWhenItIsBuilt() {
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline().timeLimit(limit(10)).build())
                .withMessageContaining("time-limit has no executor")
                .withMessageContaining("asyncOnly()");
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline()
                        .hedge(Hedge.builder().timeSource(rig.clock).build())
                        .build());
        Pipeline async = pipeline().timeLimit(limit(10)).asyncOnly().build();
        assertThatIllegalStateException()
                .isThrownBy(() -> async.execute(() -> "no"))
                .withMessageContaining("asyncOnly");
    }

    @Test
    void clocksAreNotMixed() {
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline().retry(Retry.builder().build()).build())
                .withMessageContaining("build all from the same TimeSource");
    }

    @Test
    void anEventLoopIsNotParked() throws Exception {
        Pipeline pipeline = Pipeline.builder().retry(Retry.builder().build()).build();

        assertThatThrownBy(() -> EventLoops.shared()
                        .next()
                        .submit(() -> pipeline.execute(() -> "no"))
                        .get(10, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("Pipeline.execute would block an event loop");
        assertThat(EventLoops.shared()
                        .next()
                        .submit(() -> pipeline.executeAsync(() -> CompletableFuture.completedFuture("yes")))
                        .get(10, TimeUnit.SECONDS))
                .isCompletedWithValue("yes");
    }

    @Test
    void byHandAllPermitsAreTakenOrNone() {
        FakeGate second = new FakeGate(outcomes);
        Pipeline.Attempt attempt = FakeGate.add(FakeGate.add(pipeline(), gate), second)
                .bulkhead(bulkhead(1))
                .build()
                .newAttempt();

        assertThat(attempt.tryBegin()).isTrue();
        assertThatIllegalStateException().isThrownBy(attempt::tryBegin);
        attempt.end(Outcome.SUCCESS);
        assertThatIllegalStateException().isThrownBy(() -> attempt.end(Outcome.SUCCESS));
        assertThatIllegalStateException().isThrownBy(attempt::refusal);
        second.refusing = -7;
        assertThat(attempt.tryBegin()).isFalse();
        assertThat(attempt.refusal().retryAfter()).isEqualTo(Duration.ofNanos(7));

        assertThat(outcomes).containsExactly(Outcome.SUCCESS, Outcome.SUCCESS, Outcome.IGNORED);
        assertThat(gate.out).isZero();
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline().retry(retry()).build().newAttempt())
                .withMessageContaining("Retry[");
    }

    /** Whatever is cancelled, fails or comes too late, and when: every future completes and every permit comes back. */
    @Test
    void nothingIsLostInRandomRuns() {
        for (long seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            Bulkhead bulkhead = Bulkhead.builder(2)
                    .maxPending(3)
                    .maxWait(Duration.ofMillis(30))
                    .timeSource(rig.clock)
                    .scheduler(rig.loop)
                    .build();
            FakeGate counting = new FakeGate(new ArrayList<>());
            Pipeline pipeline = FakeGate.add(
                            pipeline()
                                    .fallback(Fallback.of("fallback").when(f -> random.nextInt(3) == 0))
                                    .timeLimit(limit(60))
                                    .retry(retry()),
                            counting)
                    .bulkhead(bulkhead)
                    .timeLimit(limit(25))
                    .asyncOnly()
                    .build();
            List<CompletableFuture<String>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                answers.add(pipeline.executeAsync(() -> randomStage(random), rig.in(20 + random.nextInt(80))));
                if (random.nextInt(4) == 0) {
                    answers.get(random.nextInt(answers.size())).cancel(true);
                }
                rig.advance(random.nextInt(12));
            }
            rig.advance(200);

            assertThat(answers).as("seed %d", seed).allMatch(CompletableFuture::isDone);
            assertThat(counting.out).as("seed %d", seed).isZero();
            assertThat(bulkhead.stats().inFlight()).as("seed %d", seed).isZero();
            assertThat(bulkhead.stats().queued()).as("seed %d", seed).isZero();
        }
    }

    private CompletableFuture<String> randomStage(Random random) {
        CompletableFuture<String> stage = new CompletableFuture<>();
        switch (random.nextInt(6)) {
            case 0 -> stage.complete("at once");
            case 1 -> stage.completeExceptionally(new IOException("at once"));
            case 2 -> throw new IllegalStateException("thrown");
            case 3 -> rig.loop.schedule(() -> stage.complete("later"), random.nextInt(40), TimeUnit.MILLISECONDS);
            case 4 ->
                rig.loop.schedule(
                        () -> stage.completeExceptionally(new IOException("later")),
                        random.nextInt(40),
                        TimeUnit.MILLISECONDS);
            default -> {}
        }
        return stage;
    }
}

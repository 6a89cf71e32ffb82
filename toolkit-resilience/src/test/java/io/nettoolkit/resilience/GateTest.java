package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What policies hear that look only at the begin and the end of a call, in every form of it. */
class GateTest {

    private static final long TEN_MILLIS = 10_000_000;

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

    @Test
    void hearsHowLongACallTook() throws Exception {
        gate.nextPermit = 40;
        Pipeline pipeline = FakeGate.add(pipeline(), gate).build();

        assertThat(pipeline.execute(() -> {
                    rig.advance(10);
                    return "answer";
                }))
                .isEqualTo("answer");
        assertThatThrownBy(() -> pipeline.execute(() -> {
                    rig.advance(20);
                    throw new IOException("down");
                }))
                .hasMessage("down");
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> answer = pipeline.executeAsync(() -> stage);
        rig.advance(30);
        stage.complete("later");
        rig.advance(0);
        assertThat(answer).isCompletedWithValue("later");
        assertThat(pipeline.executeAsync(() -> {
                    rig.advance(40);
                    return CompletableFuture.completedFuture("at once");
                }))
                .isCompletedWithValue("at once");
        assertThat(CallRig.failure(pipeline.executeAsync(() -> {
                    rig.advance(50);
                    throw new IllegalStateException("thrown");
                })))
                .hasMessage("thrown");

        assertThat(gate.elapsed)
                .containsExactly(TEN_MILLIS, 2 * TEN_MILLIS, 3 * TEN_MILLIS, 4 * TEN_MILLIS, 5 * TEN_MILLIS);
        assertThat(outcomes)
                .containsExactly(Outcome.SUCCESS, Outcome.FAILURE, Outcome.SUCCESS, Outcome.SUCCESS, Outcome.FAILURE);
        assertThat(gate.out).isZero();
    }

    @Test
    void hearsHowLongACallByHandTook() {
        FakeGate unhurried = new FakeGate(new ArrayList<>(), false);
        Pipeline.Attempt attempt =
                FakeGate.add(FakeGate.add(pipeline(), gate), unhurried).build().newAttempt();

        assertThat(attempt.tryBegin()).isTrue();
        rig.advance(10);
        attempt.end(Outcome.SUCCESS);
        assertThat(attempt.tryBegin()).isTrue();
        rig.advance(30);
        attempt.end(Outcome.FAILURE);
        gate.refusing = -1;
        assertThat(attempt.tryBegin()).isFalse();
        gate.refusing = 0;
        unhurried.refusing = -1;
        assertThat(attempt.tryBegin()).isFalse();

        assertThat(gate.elapsed).containsExactly(TEN_MILLIS, 3 * TEN_MILLIS, 0L);
        assertThat(outcomes).containsExactly(Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORED);
        assertThat(unhurried.out).isZero();
    }

    @Test
    void readsNoClockWhereNobodyWantsToKnowHowLongACallTook() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        TimeSource counting = TimeSource.of(new SuppliedTicker(reads::incrementAndGet));
        FakeGate unhurried = new FakeGate(outcomes, false);
        Pipeline pipeline = FakeGate.add(Pipeline.builder().timeSource(counting).scheduler(rig.loop), unhurried)
                .build();
        Pipeline.Attempt attempt = pipeline.newAttempt();
        reads.set(0);

        pipeline.execute(() -> "answer");
        assertThat(pipeline.executeAsync(() -> CompletableFuture.completedFuture("answer")))
                .isCompleted();
        assertThat(attempt.tryBegin()).isTrue();
        attempt.end(Outcome.SUCCESS);

        assertThat(reads).hasValue(0);
        assertThat(unhurried.elapsed).containsExactly(0L, 0L, 0L);
    }

    /** A bulkhead without a queue hears of nothing: with that alone, nobody's classifier is asked. */
    @Test
    void asksNoClassifierWhereNobodyWantsToKnowHowACallEnded() throws Exception {
        Classifier never = (result, failure) -> {
            throw new AssertionError("asked");
        };
        Bulkhead bulkhead = Bulkhead.builder(1).timeSource(rig.clock).build();
        Pipeline pipeline = pipeline().classifier(never).bulkhead(bulkhead).build();

        assertThat(pipeline.execute(() -> "answer")).isEqualTo("answer");
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void aGateWaitsIfWhatIsInsideOfItDoes() throws Exception {
        Pipeline waits = FakeGate.add(pipeline(), gate)
                .bulkhead(
                        Bulkhead.builder(1).maxPending(1).timeSource(rig.clock).build())
                .build();
        Pipeline waitsNever = FakeGate.add(pipeline(), gate).build();

        assertThatThrownBy(() -> EventLoops.shared()
                        .next()
                        .submit(() -> waits.execute(() -> "no"))
                        .get(10, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("Pipeline.execute would block an event loop");
        assertThat(EventLoops.shared()
                        .next()
                        .submit(() -> waitsNever.execute(() -> "yes"))
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo("yes");
    }
}

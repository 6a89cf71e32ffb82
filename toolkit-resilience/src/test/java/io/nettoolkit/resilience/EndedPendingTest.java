package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Timers;
import io.nettoolkit.resilience.internal.call.Chain;
import io.nettoolkit.resilience.internal.call.EndedLayer;
import io.nettoolkit.resilience.internal.call.GateLayer;
import io.nettoolkit.resilience.internal.call.Layer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A call that ends just when a policy is about to wait for it has its outcome all the same, and leaves nothing behind. */
class EndedPendingTest {

    private final CallRig rig = new CallRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private CompletableFuture<String> start(Layer layer, boolean withDeadline) {
        Chain chain = new Chain("test", layer, rig.clock, new Timers(rig.loop));
        CompletableFuture<String> future = chain.start(CompletableFuture::new, withDeadline ? rig.in(1_000) : null);
        rig.channel.runPendingTasks();
        return future;
    }

    private Map<String, UnaryOperator<Layer>> policies() {
        return Map.of(
                "bulkhead",
                Bulkhead.builder(1).maxPending(1).timeSource(rig.clock).build()::layer,
                "fallback",
                Fallback.of("other").when(IllegalStateException.class::isInstance)::layer,
                "time limit",
                TimeLimit.builder(Duration.ofSeconds(9))
                        .timeSource(rig.clock)
                        .scheduler(rig.loop)
                        .build()::layer,
                "retry",
                inner -> Retry.builder()
                        .maxAttempts(1)
                        .timeSource(rig.clock)
                        .build()
                        .layer(inner, null),
                "hedge",
                inner -> Hedge.builder().timeSource(rig.clock).build().layer(inner, null),
                "no policy",
                inner -> inner);
    }

    @Test
    void isDelivered() {
        policies().forEach((name, policy) -> {
            for (boolean withDeadline : new boolean[] {false, true}) {
                assertThat(start(policy.apply(new EndedLayer(null)), withDeadline))
                        .as(name)
                        .isCompletedWithValue("value");
                IOException down = new IOException("down");
                assertThat(CallRig.failure(start(policy.apply(new EndedLayer(down)), withDeadline)))
                        .as(name)
                        .isSameAs(down);
            }
        });
    }

    @Test
    void leavesAGateOnce() {
        List<Outcome> outcomes = new ArrayList<>();
        FakeGate gate = new FakeGate(outcomes);

        start(new GateLayer(gate, new EndedLayer(null), Classifier.defaults(), rig.clock), false);
        start(new GateLayer(gate, new EndedLayer(new IOException()), Classifier.defaults(), rig.clock), false);

        assertThat(outcomes).containsExactly(Outcome.SUCCESS, Outcome.FAILURE);
        assertThat(gate.out).isZero();
    }

    @Test
    void givesItsPermitBack() {
        Bulkhead bulkhead = Bulkhead.builder(1)
                .maxPending(1)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .build();
        assertThat(bulkhead.tryAcquire()).isTrue();

        CompletableFuture<String> waiting = start(bulkhead.layer(new EndedLayer(null)), false);
        assertThat(waiting).isNotDone();
        bulkhead.release();
        rig.channel.runPendingTasks();

        assertThat(waiting).isCompletedWithValue("value");
        assertThat(bulkhead.stats().inFlight()).isZero();
    }

    @Test
    void isRepeatedOrReplacedWhereItFailed() {
        Retry retry = Retry.builder()
                .maxAttempts(4)
                .backoff(Backoff.fixed(Duration.ofMillis(1)))
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .build();
        Layer failing = new EndedLayer(new IOException("down"));

        CompletableFuture<String> repeated = start(retry.layer(failing, null), false);
        rig.advance(10);
        assertThat(repeated).isCompletedExceptionally();
        assertThat(retry.stats().outOfAttempts()).isEqualTo(1);

        assertThat(start(Fallback.of("instead").layer(failing), false)).isCompletedWithValue("instead");
    }
}

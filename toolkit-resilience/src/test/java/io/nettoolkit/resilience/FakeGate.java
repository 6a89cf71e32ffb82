package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.call.Gate;
import io.nettoolkit.resilience.internal.call.Place;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/** Stands for breakers, limiters and shedders: writes down what it hears, and refuses on demand. */
final class FakeGate extends Gate {

    final Collection<Outcome> outcomes;
    long nextPermit;
    long refusing;
    int out;
    final List<Long> elapsed = new ArrayList<>();
    private final Deque<Long> permitsOut = new ArrayDeque<>();

    FakeGate(Collection<Outcome> outcomes) {
        this(outcomes, true);
    }

    FakeGate(Collection<Outcome> outcomes, boolean wantsElapsed) {
        super(true, wantsElapsed);
        this.outcomes = outcomes;
    }

    static Pipeline.Builder add(Pipeline.Builder builder, FakeGate gate) {
        return builder.gate(Place.CIRCUIT_BREAKER, "fake gate", gate, Classifier.defaults());
    }

    @Override
    public long enter() {
        if (refusing < 0) {
            return refusing;
        }
        out++;
        permitsOut.push(nextPermit);
        return nextPermit++;
    }

    @Override
    public RejectedException refusal(long permit) {
        return new RejectedException("fake", Reason.CIRCUIT_OPEN, Duration.ofNanos(-permit), "");
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {
        assertThat(permitsOut.remove(permit)).as("permit %d", permit).isTrue();
        out--;
        elapsed.add(elapsedNanos);
        outcomes.add(outcome);
    }
}

package io.nettoolkit.resilience;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.call.Gate;
import io.nettoolkit.resilience.internal.call.Place;
import java.time.Duration;
import java.util.Collection;

/** Stands for breakers, limiters and shedders: writes down what it hears, and refuses on demand. */
final class FakeGate extends Gate {

    final Collection<Outcome> outcomes;
    long nextPermit;
    long refusing;
    int out;

    FakeGate(Collection<Outcome> outcomes) {
        super(true, true);
        this.outcomes = outcomes;
    }

    static Pipeline.Builder add(Pipeline.Builder builder, FakeGate gate) {
        return builder.gate(Place.CIRCUIT_BREAKER, "fake gate", gate);
    }

    @Override
    public long enter() {
        if (refusing < 0) {
            return refusing;
        }
        out++;
        return nextPermit++;
    }

    @Override
    public RejectedException refusal(long permit) {
        return new RejectedException("fake", Reason.CIRCUIT_OPEN, Duration.ofNanos(-permit), "");
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {
        out--;
        outcomes.add(outcome);
    }
}

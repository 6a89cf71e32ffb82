package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.CircuitBreaker;
import io.nettoolkit.resilience.Classifier.Outcome;

/** A circuit breaker in a pipeline. */
public final class BreakerGate extends Gate {

    private final CircuitBreaker breaker;

    /** This breaker. */
    public BreakerGate(CircuitBreaker breaker) {
        super(true, breaker.needsElapsed());
        this.breaker = breaker;
    }

    @Override
    public long enter() {
        return breaker.tryAcquire();
    }

    @Override
    public RejectedException refusal(long permit) {
        return breaker.refusal(permit);
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {
        breaker.onResult(permit, outcome, elapsedNanos);
    }
}

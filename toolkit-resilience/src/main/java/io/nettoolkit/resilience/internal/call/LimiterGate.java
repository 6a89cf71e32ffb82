package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.RateLimiter;
import java.time.Duration;

/** A rate limiter in a pipeline: one permit for each call, and nobody waits. */
public final class LimiterGate extends Gate {

    private final RateLimiter limiter;

    /** This limiter. */
    public LimiterGate(RateLimiter limiter) {
        super(false, false);
        this.limiter = limiter;
    }

    @Override
    public long enter() {
        return limiter.tryAcquire() ? 0 : -1;
    }

    @Override
    public RejectedException refusal(long permit) {
        return new RejectedException(
                limiter.name(),
                Reason.RATE_LIMITED,
                Duration.ofNanos(Math.max(0, limiter.retryAfterNanos(1))),
                "its permits are used up");
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {}
}

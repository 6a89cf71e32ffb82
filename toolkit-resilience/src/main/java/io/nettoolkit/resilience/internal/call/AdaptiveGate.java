package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.AdaptiveLimit;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.Classification;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An adaptive limit in a pipeline. */
public final class AdaptiveGate extends Gate {

    private final AdaptiveLimit limit;
    private final Supplier<RejectedException> refusals;

    /**
     * This limit.
     *
     * @param refusals make what a refused call is told
     */
    public AdaptiveGate(AdaptiveLimit limit, Supplier<RejectedException> refusals) {
        super(true, true);
        this.limit = limit;
        this.refusals = refusals;
    }

    @Override
    public long enter() {
        return limit.tryAcquire();
    }

    @Override
    public RejectedException refusal(long permit) {
        return refusals.get();
    }

    @Override
    public Outcome meaning(Outcome outcome, @Nullable Throwable failure) {
        return Classification.timeoutIsOverload(outcome, failure);
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {
        limit.onResult(permit, outcome, elapsedNanos);
    }
}

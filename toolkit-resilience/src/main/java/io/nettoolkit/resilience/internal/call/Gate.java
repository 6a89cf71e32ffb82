package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.Classifier.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * A policy that looks only at the begin and the end of a call: it lets the call in or not, and may want to hear how it went.
 * Breakers, rate limiters, adaptive limits, shedders and bulkheads without a queue are gates.
 *
 * <p>Threading: any thread. No method throws.
 */
public abstract class Gate {

    private final boolean wantsOutcome;
    private final boolean wantsElapsed;

    /**
     * A gate.
     *
     * @param wantsOutcome whether {@link #leave} reads the outcome; where no gate does, no classifier is asked
     * @param wantsElapsed whether {@link #leave} reads the elapsed time; where no gate does, no clock is read
     */
    protected Gate(boolean wantsOutcome, boolean wantsElapsed) {
        this.wantsOutcome = wantsOutcome;
        this.wantsElapsed = wantsElapsed;
    }

    /** A permit; negative where the call is refused. */
    public abstract long enter();

    /** What the caller is told about a refusal. */
    public abstract RejectedException refusal(long permit);

    /** The outcome as this policy sees it, where the failure tells it more: a time-out may mean too much to do. */
    public Outcome meaning(Outcome outcome, @Nullable Throwable failure) {
        return outcome;
    }

    /** Takes back a permit, once for each that was not negative. */
    public abstract void leave(long permit, Outcome outcome, long elapsedNanos);

    final boolean wantsOutcome() {
        return wantsOutcome;
    }

    final boolean wantsElapsed() {
        return wantsElapsed;
    }
}

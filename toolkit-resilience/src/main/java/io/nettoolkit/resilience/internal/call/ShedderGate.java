package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.LoadShedder;
import java.util.function.Supplier;

/** A load shedder in a pipeline: all its calls have one priority. */
public final class ShedderGate extends Gate {

    private final LoadShedder shedder;
    private final int priority;
    private final Supplier<RejectedException> refusals;

    /**
     * This shedder.
     *
     * @param refusals make what a refused call is told
     */
    public ShedderGate(LoadShedder shedder, int priority, Supplier<RejectedException> refusals) {
        super(true, false);
        this.shedder = shedder;
        this.priority = priority;
        this.refusals = refusals;
    }

    @Override
    public long enter() {
        return shedder.tryAdmit(priority) ? 0 : -1;
    }

    @Override
    public RejectedException refusal(long permit) {
        return refusals.get();
    }

    @Override
    public void leave(long permit, Outcome outcome, long elapsedNanos) {
        switch (outcome) {
            case OVERLOAD -> shedder.onRejected();
            case SUCCESS, FAILURE -> shedder.onAccepted();
            case IGNORED -> {}
        }
    }
}

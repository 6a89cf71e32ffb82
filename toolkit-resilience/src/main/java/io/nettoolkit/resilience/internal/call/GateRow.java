package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Several gates in a row, for one call after another. One thread at a time. */
public final class GateRow {

    private final Gate[] gates;
    private final long[] permits;
    private final boolean wantsElapsed;
    private final TimeSource timeSource;

    private boolean entered;
    private long startNanos;
    /** The one that refused, and its answer. */
    private @Nullable Gate refusedBy;

    private long refusal;

    /** Outermost first. */
    public GateRow(List<Gate> gates, TimeSource timeSource) {
        this.gates = gates.toArray(new Gate[0]);
        this.timeSource = timeSource;
        permits = new long[gates.size()];
        wantsElapsed = gates.stream().anyMatch(Gate::wantsElapsed);
    }

    /** Enters all, or none. */
    public boolean tryEnter() {
        if (entered) {
            throw new IllegalStateException(
                    "the call before has not ended: every tryBegin that answers true needs one end");
        }
        for (int i = 0; i < gates.length; i++) {
            long permit = gates[i].enter();
            if (permit < 0) {
                refusedBy = gates[i];
                refusal = permit;
                leave(i - 1, Outcome.IGNORED, 0);
                return false;
            }
            permits[i] = permit;
        }
        refusedBy = null;
        entered = true;
        startNanos = wantsElapsed ? timeSource.nanoTime() : 0;
        return true;
    }

    /** Leaves all. */
    public void leave(Outcome outcome) {
        if (!entered) {
            throw new IllegalStateException("no call is under way: end follows a tryBegin that answered true, once");
        }
        entered = false;
        leave(gates.length - 1, outcome, wantsElapsed ? timeSource.nanoTime() - startNanos : 0);
    }

    private void leave(int last, Outcome outcome, long elapsedNanos) {
        for (int i = last; i >= 0; i--) {
            gates[i].leave(permits[i], outcome, elapsedNanos);
        }
    }

    /** Why the last {@link #tryEnter} answered false. */
    public RejectedException refusal() {
        if (refusedBy == null) {
            throw new IllegalStateException("nothing was refused: refusal follows a tryBegin that answered false");
        }
        return refusedBy.refusal(refusal);
    }
}

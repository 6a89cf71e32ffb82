package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.Classifier.Outcome;

/** How a call ended, as the breaker sees it, in two bits and a mark of its own. */
final class Ending {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int SLOW = 2;
    static final int IGNORED = 4;

    private Ending() {}

    /**
     * From what the caller reports.
     *
     * @param slowNanos from where on a call is slow
     */
    static int of(Outcome outcome, long elapsedNanos, long slowNanos) {
        int slow = elapsedNanos >= slowNanos ? SLOW : OK;
        return switch (outcome) {
            case SUCCESS -> slow;
            case FAILURE, OVERLOAD -> FAILED | slow;
            case IGNORED -> IGNORED;
        };
    }

    static int failures(int ending) {
        return ending & FAILED;
    }

    static int slows(int ending) {
        return (ending & SLOW) >> 1;
    }
}

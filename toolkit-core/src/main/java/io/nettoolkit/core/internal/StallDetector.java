package io.nettoolkit.core.internal;

/**
 * Decides, for one event loop, when to send it a heartbeat and when it counts as stalled. Pure: what it knows is handed
 * in, what is to be done is its answer.
 *
 * <p>At most one heartbeat is under way. A loop is stalled once its heartbeat has waited for the threshold, and is
 * reported once until it answers. Time in which the ticker itself did not run (the machine slept, the collector stopped
 * the world, no core was free) is nobody's stall: it is taken off the wait.
 */
final class StallDetector {

    /** What to do now. */
    enum Action {
        /** Nothing. */
        NONE,
        /** Hand the loop a heartbeat. */
        SEND_HEARTBEAT,
        /** The loop is stalled: report it. */
        REPORT_STALL,
        /** The loop that was reported runs again: report that. */
        REPORT_RECOVERY
    }

    private final long intervalNanos;
    private final long thresholdNanos;
    private final long pauseNanos;

    private boolean started;
    private long lastTickNanos;
    private boolean underWay;
    private boolean reported;
    private long sentNanos;
    private long waitedNanos;

    /**
     * A detector.
     *
     * @param intervalNanos between heartbeats
     * @param thresholdNanos a heartbeat waits that long in a stall
     * @param pauseNanos a longer time between two ticks was a pause of the whole process
     */
    StallDetector(long intervalNanos, long thresholdNanos, long pauseNanos) {
        this.intervalNanos = intervalNanos;
        this.thresholdNanos = thresholdNanos;
        this.pauseNanos = pauseNanos;
    }

    /**
     * One tick.
     *
     * @param answered whether the heartbeat that is under way has been run; ignored when none is
     */
    Action onTick(long nowNanos, boolean answered) {
        long sinceTick = nowNanos - lastTickNanos;
        lastTickNanos = nowNanos;
        if (!started || (!underWay && nowNanos - sentNanos >= intervalNanos)) {
            started = true;
            underWay = true;
            reported = false;
            sentNanos = nowNanos;
            waitedNanos = 0;
            return Action.SEND_HEARTBEAT;
        }
        if (!underWay) {
            return Action.NONE;
        }
        if (answered) {
            underWay = false;
            waitedNanos += reported ? sinceTick : 0;
            return reported ? Action.REPORT_RECOVERY : Action.NONE;
        }
        waitedNanos += !reported && sinceTick > pauseNanos ? 0 : sinceTick;
        if (!reported && waitedNanos >= thresholdNanos) {
            reported = true;
            return Action.REPORT_STALL;
        }
        return Action.NONE;
    }

    /** How long the heartbeat in question has waited, for the report. */
    long waitedNanos() {
        return waitedNanos;
    }
}

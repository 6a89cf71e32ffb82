package io.nettoolkit.testkit;

/**
 * The faults of one direction of a {@link FaultProxy} at one moment.
 *
 * @param dripBytes how many bytes go out per {@code dripNanos}, 0 for no limit
 * @param cutAt how many bytes go out before the cut
 * @param corruptAt the position of the byte to invert, -1 for none
 */
record FaultPlan(long delayNanos, int dripBytes, long dripNanos, Cut cut, long cutAt, long corruptAt, boolean stalled) {

    static final FaultPlan NONE = new FaultPlan(0, 0, 0, Cut.NEVER, 0, -1, false);

    /** How a stream ends before its time. */
    enum Cut {
        NEVER,
        TRUNCATE,
        RESET,
        HALF_CLOSE
    }

    FaultPlan withDelay(long nanos) {
        return new FaultPlan(nanos, dripBytes, dripNanos, cut, cutAt, corruptAt, stalled);
    }

    FaultPlan withDrip(int bytes, long nanos) {
        return new FaultPlan(delayNanos, bytes, nanos, cut, cutAt, corruptAt, stalled);
    }

    FaultPlan withCut(Cut kind, long position) {
        return new FaultPlan(delayNanos, dripBytes, dripNanos, kind, position, corruptAt, stalled);
    }

    FaultPlan withCorruption(long position) {
        return new FaultPlan(delayNanos, dripBytes, dripNanos, cut, cutAt, position, stalled);
    }

    FaultPlan withStall(boolean stall) {
        return new FaultPlan(delayNanos, dripBytes, dripNanos, cut, cutAt, corruptAt, stall);
    }

    /** Whether the stream has to end now that this many bytes have gone out. */
    boolean isCutAt(long forwarded) {
        return cut != Cut.NEVER && forwarded >= cutAt;
    }

    /** How many of the available bytes may go out in one piece. */
    int limit(int available, long forwarded) {
        int limit = dripBytes > 0 ? Math.min(available, dripBytes) : available;
        return cut == Cut.NEVER ? limit : (int) Math.min(limit, cutAt - forwarded);
    }
}

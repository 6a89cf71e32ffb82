package io.nettoolkit.benchmarks.load;

/**
 * When the bursts of an open loop are due: evenly spaced from the start, whatever happened to the ones before.
 *
 * <p>Due times are computed from the burst's number, not from the last one's time, so that no rounding adds up.
 *
 * <p><b>Threading.</b> Confined to the generator's thread.
 */
final class BurstSchedule {

    private final long startNanos;
    private final double gapNanos;
    private long bursts;

    private BurstSchedule(long startNanos, double gapNanos) {
        this.startNanos = startNanos;
        this.gapNanos = gapNanos;
    }

    /** The first burst is due at {@code startNanos}; a closed loop has no schedule and nothing is ever due. */
    static BurstSchedule of(LoadSpec spec, long startNanos) {
        double gapNanos = spec.isOpenLoop() ? 1e9 * spec.shape().depth() / spec.messagesPerSecond() : Double.NaN;
        return new BurstSchedule(startNanos, gapNanos);
    }

    boolean isDue(long nowNanos) {
        return gapNanos > 0 && dueNanos() - nowNanos <= 0;
    }

    long dueNanos() {
        return startNanos + (long) (bursts * gapNanos);
    }

    /** Which of {@code connections} sends the burst: one after the other. */
    int turn(int connections) {
        return (int) (bursts % connections);
    }

    void advance() {
        bursts++;
    }
}

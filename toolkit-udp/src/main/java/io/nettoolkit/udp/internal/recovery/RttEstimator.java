package io.nettoolkit.udp.internal.recovery;

/**
 * The round-trip time: smoothed, its variation, its minimum.
 *
 * <p><b>Sources.</b> RFC 9002 §5.3.
 */
public final class RttEstimator {

    private long smoothedNanos;
    private long variationNanos;
    private long minNanos;
    private long latestNanos;

    /** Before the first sample the given time is assumed, with half of it as variation (RFC 9002 §6.2.2). */
    public RttEstimator(long initialNanos) {
        smoothedNanos = initialNanos;
        variationNanos = initialNanos / 2;
    }

    /**
     * Takes in a sample.
     *
     * @param rttNanos from sending the largest newly acknowledged packet to now
     * @param ackDelayNanos what the peer says it waited, already limited to what it promised
     */
    public void sample(long rttNanos, long ackDelayNanos) {
        if (latestNanos == 0) {
            latestNanos = Math.max(1, rttNanos);
            minNanos = latestNanos;
            smoothedNanos = latestNanos;
            variationNanos = latestNanos / 2;
            return;
        }
        latestNanos = Math.max(1, rttNanos);
        minNanos = Math.min(minNanos, latestNanos);
        // A delay that would bring the sample below the minimum is not believed.
        long adjusted = latestNanos >= minNanos + ackDelayNanos ? latestNanos - ackDelayNanos : latestNanos;
        variationNanos = (3 * variationNanos + Math.abs(smoothedNanos - adjusted)) / 4;
        smoothedNanos = (7 * smoothedNanos + adjusted) / 8;
    }

    /** The next sample is the minimum from then on (RFC 9002 §5.2: after persistent congestion). */
    public void forgetMinimum() {
        minNanos = Long.MAX_VALUE;
    }

    /** Smoothed round-trip time. */
    public long smoothedNanos() {
        return smoothedNanos;
    }

    /** Mean deviation. */
    public long variationNanos() {
        return variationNanos;
    }

    /** The shortest; 0 before the first sample. */
    public long minNanos() {
        return minNanos == Long.MAX_VALUE ? latestNanos : minNanos;
    }

    /** The latest; 0 before the first sample. */
    public long latestNanos() {
        return latestNanos;
    }
}

package io.nettoolkit.dns.internal.query;

/**
 * How long a server takes, by the estimator of TCP (RFC 6298 §2): a smoothed time and its deviation.
 *
 * <p>A server that is not asked gets a better and better estimate, half every {@link #HALF_LIFE_NANOS}, until it is asked
 * again: so one that had a bad time is not avoided for ever, and it costs a query now and then to see.
 *
 * <p>Confined to a loop.
 */
final class RoundTrip {

    private static final long HALF_LIFE_NANOS = 30_000_000_000L;
    private static final int MAX_HALVINGS = 40;
    /** Until there is a measurement. */
    private static final long UNKNOWN_HEDGE_NANOS = 400_000_000L;

    private static final long SHORTEST_HEDGE_NANOS = 10_000_000L;

    private long smoothedNanos;
    private long deviationNanos;
    private long changedNanos;
    private boolean measured;

    /** An answer took this long; or none has come for so long while another server gave one. */
    void sample(long rttNanos, long nowNanos) {
        long rtt = Math.max(rttNanos, 1);
        if (measured) {
            deviationNanos += (Math.abs(rtt - smoothedNanos) - deviationNanos) / 4;
            smoothedNanos += (rtt - smoothedNanos) / 8;
        } else {
            smoothedNanos = rtt;
            deviationNanos = rtt / 2;
            measured = true;
        }
        changedNanos = nowNanos;
    }

    /** Zero before the first sample. */
    long smoothedNanos() {
        return smoothedNanos;
    }

    /**
     * What servers are compared by: the time that few answers exceed, the better the longer ago; zero for one never asked.
     * Not the smoothed time alone, by which a server that loses a third of what it is asked is as good as any between losses.
     */
    long rankNanos(long nowNanos) {
        long halvings = (nowNanos - changedNanos) / HALF_LIFE_NANOS;
        return measured ? usualNanos() >> Math.min(halvings, MAX_HALVINGS) : 0;
    }

    private long usualNanos() {
        return smoothedNanos + 4 * deviationNanos;
    }

    /**
     * When an answer is late: about one in a hundred takes longer. However steady they were so far, half a round trip more is
     * nothing yet: a hiccup of this machine would spend the budget that hedges have for losses.
     */
    long lateNanos() {
        if (!measured) {
            return UNKNOWN_HEDGE_NANOS;
        }
        return Math.max(Math.max(usualNanos(), smoothedNanos + smoothedNanos / 2), SHORTEST_HEDGE_NANOS);
    }
}

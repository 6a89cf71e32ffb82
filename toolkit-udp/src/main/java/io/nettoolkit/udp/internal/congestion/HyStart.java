package io.nettoolkit.udp.internal.congestion;

/**
 * HyStart++: ends slow start when round trips grow longer, before the queue overflows; by way of a conservative phase,
 * in case the growth was chance.
 *
 * <p><b>Sources.</b> RFC 9406 §4, with its recommended constants; growth per acknowledgement is not limited, because
 * packets are paced.
 */
final class HyStart {

    private static final long MIN_THRESHOLD_NANOS = 4_000_000;
    private static final long MAX_THRESHOLD_NANOS = 16_000_000;
    private static final int THRESHOLD_DIVISOR = 8;
    private static final int SAMPLES = 8;
    private static final int CONSERVATIVE_DIVISOR = 4;
    private static final int CONSERVATIVE_ROUNDS = 5;
    private static final long UNKNOWN = Long.MAX_VALUE;

    private long roundEnd = -1;
    private long lastRoundMinNanos = UNKNOWN;
    private long roundMinNanos = UNKNOWN;
    private int samples;
    private boolean conservative;
    private long baselineNanos = UNKNOWN;
    private int conservativeRounds;
    private boolean over;

    /** An acknowledgement in slow start, with the round-trip time it gave. */
    void onAcknowledged(long rttNanos, long largestAcked, long largestSent) {
        roundMinNanos = Math.min(roundMinNanos, rttNanos);
        samples++;
        if (samples >= SAMPLES) {
            compare();
        }
        if (largestAcked >= roundEnd) {
            if (conservative && roundEnd >= 0) {
                conservativeRounds++;
                over |= conservativeRounds >= CONSERVATIVE_ROUNDS;
            }
            roundEnd = largestSent;
            lastRoundMinNanos = roundMinNanos;
            roundMinNanos = UNKNOWN;
            samples = 0;
        }
    }

    private void compare() {
        if (conservative) {
            if (roundMinNanos < baselineNanos) {
                conservative = false;
                baselineNanos = UNKNOWN;
            }
            return;
        }
        if (lastRoundMinNanos != UNKNOWN) {
            long threshold =
                    Math.max(MIN_THRESHOLD_NANOS, Math.min(lastRoundMinNanos / THRESHOLD_DIVISOR, MAX_THRESHOLD_NANOS));
            if (roundMinNanos >= lastRoundMinNanos + threshold) {
                conservative = true;
                baselineNanos = roundMinNanos;
                conservativeRounds = 0;
            }
        }
    }

    /** How much the window grows for so many acknowledged bytes. */
    double growth(long bytes) {
        return conservative ? (double) bytes / CONSERVATIVE_DIVISOR : bytes;
    }

    boolean isConservative() {
        return conservative;
    }

    /** Whether slow start should end. */
    boolean isOver() {
        return over;
    }
}

package io.nettoolkit.udp.internal.recovery;

/**
 * How fast bytes arrive at the peer, by its acknowledgements: bytes acknowledged over the time that took, about a round
 * trip at a time. A pause is not counted in; what was measured before it stands.
 */
final class DeliveryRate {

    private static final int PAUSE_ROUNDS = 4;
    private static final double NANOS = 1e9;

    private long sinceNanos = Long.MIN_VALUE;
    private long latestNanos;
    private long bytes;
    private long bytesPerSecond;

    /** With what was measured before; 0 for nothing. */
    DeliveryRate(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    void onAcknowledged(long nowNanos, long newBytes, long roundTripNanos) {
        if (sinceNanos == Long.MIN_VALUE || nowNanos - latestNanos > PAUSE_ROUNDS * roundTripNanos) {
            begin(nowNanos);
            return;
        }
        latestNanos = nowNanos;
        bytes += newBytes;
        long elapsed = nowNanos - sinceNanos;
        if (elapsed > 0 && elapsed >= roundTripNanos) {
            bytesPerSecond = (long) (bytes / (elapsed / NANOS));
            begin(nowNanos);
        }
    }

    private void begin(long nowNanos) {
        sinceNanos = nowNanos;
        latestNanos = nowNanos;
        bytes = 0;
    }

    /** 0 before the first measurement. */
    long bytesPerSecond() {
        return bytesPerSecond;
    }
}

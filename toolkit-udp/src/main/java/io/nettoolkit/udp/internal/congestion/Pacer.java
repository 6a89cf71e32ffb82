package io.nettoolkit.udp.internal.congestion;

/**
 * Spreads packets over the round trip: a bucket of bytes that fills at the pacing rate.
 *
 * <p>It holds ten datagrams or what the rate brings in one timer quantum, whichever is more, so that a fast flow is not
 * held to a few packets each time its timer fires; and after waiting it lets the quantum's worth go together.
 *
 * <p><b>Sources.</b> RFC 9002 §7.7.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class Pacer {

    private static final int BURST_DATAGRAMS = 10;
    private static final double NANOS = 1e9;

    private final int datagramBytes;
    private final long quantumNanos;
    private double budget;
    private long filledNanos;

    /** A full bucket. */
    public Pacer(int datagramBytes, long quantumNanos, long nowNanos) {
        this.datagramBytes = datagramBytes;
        this.quantumNanos = quantumNanos;
        budget = BURST_DATAGRAMS * datagramBytes;
        filledNanos = nowNanos;
    }

    /** When a full datagram may leave; not after {@code nowNanos} where it may at once. */
    public long readyNanos(long nowNanos, long bytesPerSecond) {
        double quantumBytes = bytesPerSecond / NANOS * quantumNanos;
        double capacity = Math.max(BURST_DATAGRAMS * datagramBytes, quantumBytes);
        budget = Math.min(capacity, budget + bytesPerSecond / NANOS * (nowNanos - filledNanos));
        filledNanos = nowNanos;
        if (budget >= datagramBytes) {
            return nowNanos;
        }
        double missing = Math.max(datagramBytes, quantumBytes) - budget;
        return nowNanos + Math.max(1, (long) Math.ceil(missing / bytesPerSecond * NANOS));
    }

    /** A datagram left. */
    public void onSent(int bytes) {
        budget -= bytes;
    }
}

package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.internal.wire.AckFrame;
import org.jspecify.annotations.Nullable;

/*
 * What was received, and when to say so.
 *
 * Idea. Received packet numbers are a few descending ranges. The peer learns of every range again and again until it
 * has acknowledged a packet that carried them; then they are forgotten, and a packet below them counts as a duplicate.
 *
 * Invariants.
 *  - At most MAX_RANGES ranges: the lowest is dropped for a new one, and what is below it counts as a duplicate, so that
 *    an opener of gaps costs us nothing (it only loses its own acknowledgements).
 *  - A packet number is reported as new once.
 *  - An acknowledgement is due at once where the peer needs it to see a loss, else after `threshold` packets or
 *    `delayNanos`, whichever comes first.
 *
 * Sources. RFC 9000 §13.2.1, §13.2.3, §13.2.4; draft-ietf-quic-ack-frequency §4-§6.
 */

/**
 * The packets received on one connection.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class AckTracker {

    /** Nothing to acknowledge. */
    public static final long NEVER = Long.MAX_VALUE;

    static final int MAX_RANGES = 32;

    private static final int DEFAULT_THRESHOLD = 2;
    private static final int SHORTEST_DELAY_NANOS = 1_000_000;

    /** At most a second, as is the one in force. */
    private final int maxDelayNanos;

    private int delayNanos;
    private int threshold = DEFAULT_THRESHOLD;
    private int unacknowledged;
    private long dueNanos = NEVER;
    /** What is below counts as a duplicate. */
    private long floor;
    /** What was received from the floor on; null for nothing. */
    private @Nullable ReceivedPackets received;

    /** Acknowledgements wait no longer than this, which is at most a second. */
    public AckTracker(long maxDelayNanos) {
        this.maxDelayNanos = Math.toIntExact(maxDelayNanos);
        delayNanos = this.maxDelayNanos;
    }

    /** Whether this number was received before, or is so old that it cannot be told. */
    public boolean isDuplicate(long packetNumber) {
        return packetNumber < floor || (received != null && received.contains(packetNumber));
    }

    /** The number to expect next. */
    public long expected() {
        return received == null ? floor : received.largest() + 1;
    }

    /** A packet that is no duplicate arrived. */
    public void onReceived(long nowNanos, long packetNumber, boolean eliciting) {
        ReceivedPackets packets = received;
        boolean gap = false;
        if (packets == null) {
            packets = new ReceivedPackets(packetNumber);
            received = packets;
        } else {
            gap = packetNumber > packets.largest()
                    ? packetNumber != packets.largest() + 1
                    : packetNumber < packets.largestEliciting;
            floor = Math.max(floor, packets.add(packetNumber));
        }
        if (packetNumber == packets.largest()) {
            packets.largestReceivedNanos = nowNanos;
        }
        if (!eliciting) {
            return;
        }
        packets.largestEliciting = Math.max(packets.largestEliciting, packetNumber);
        unacknowledged++;
        if (gap || unacknowledged >= threshold) {
            dueNanos = nowNanos;
        } else if (dueNanos == NEVER) {
            dueNanos = nowNanos + delayNanos;
        }
    }

    /** The peer wants one now. */
    public void onImmediateAck(long nowNanos) {
        dueNanos = nowNanos;
    }

    /** The peer wants fewer, or more. */
    public void onAckFrequency(long packets, long peerDelayNanos) {
        threshold = (int) Math.max(1, Math.min(packets, Integer.MAX_VALUE));
        delayNanos = (int) Math.max(SHORTEST_DELAY_NANOS, Math.min(peerDelayNanos, maxDelayNanos));
    }

    /** When an acknowledgement has to leave; {@link #NEVER} for not at all. */
    public long dueNanos() {
        return dueNanos;
    }

    /** Whether there is something to tell that was not told. */
    public boolean hasNews() {
        return dueNanos != NEVER;
    }

    /** Fills the frame with what was received; there must be something. */
    public void describe(AckFrame frame, long nowNanos) {
        if (received != null) {
            received.describe(frame, nowNanos);
        }
    }

    /** Whether nothing at all could be acknowledged. */
    public boolean isEmpty() {
        return received == null;
    }

    /** The largest number received; -1 for none that could be acknowledged. */
    public long largestReceived() {
        return received == null ? -1 : received.largest();
    }

    /** An acknowledgement left. */
    public void onAckSent() {
        unacknowledged = 0;
        dueNanos = NEVER;
    }

    /** The peer has an acknowledgement that told of everything up to {@code packetNumber}: forget that, but the newest. */
    public void onAckOfAck(long packetNumber) {
        if (received != null) {
            floor = Math.max(floor, received.forget(packetNumber));
        }
    }

    /**
     * Everything up to the newest counts as received from now on: nothing has come for so long that the peer would have asked
     * again had it missed an acknowledgement. Where there is news, all stays.
     */
    public void rest() {
        if (received != null && !hasNews()) {
            floor = received.largest() + 1;
            received = null;
        }
    }
}

package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.internal.wire.AckFrame;
import java.util.Arrays;

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
    private static final int FIRST_RANGES = 2;
    private static final long SHORTEST_DELAY_NANOS = 1_000_000;

    private final long maxDelayNanos;
    private long[] smallest = new long[FIRST_RANGES];
    private long[] largest = new long[FIRST_RANGES];
    private int count;
    private long floor;
    private long largestEliciting = -1;
    private long largestReceivedNanos;
    private long threshold = DEFAULT_THRESHOLD;
    private long delayNanos;
    private int unacknowledged;
    private long dueNanos = NEVER;

    /** Acknowledgements wait no longer than this. */
    public AckTracker(long maxDelayNanos) {
        this.maxDelayNanos = maxDelayNanos;
        delayNanos = maxDelayNanos;
    }

    /** Whether this number was received before, or is so old that it cannot be told. */
    public boolean isDuplicate(long packetNumber) {
        if (packetNumber < floor) {
            return true;
        }
        for (int i = 0; i < count; i++) {
            if (packetNumber > largest[i]) {
                return false;
            }
            if (packetNumber >= smallest[i]) {
                return true;
            }
        }
        return false;
    }

    /** The number to expect next. */
    public long expected() {
        return count == 0 ? floor : largest[0] + 1;
    }

    /** A packet that is no duplicate arrived. */
    public void onReceived(long nowNanos, long packetNumber, boolean eliciting) {
        boolean isLargest = packetNumber >= expected();
        boolean gap = isLargest ? packetNumber != expected() && count > 0 : packetNumber < largestEliciting;
        insert(packetNumber);
        if (isLargest) {
            largestReceivedNanos = nowNanos;
        }
        if (!eliciting) {
            return;
        }
        largestEliciting = Math.max(largestEliciting, packetNumber);
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
        threshold = Math.max(1, packets);
        delayNanos = Math.max(SHORTEST_DELAY_NANOS, Math.min(peerDelayNanos, maxDelayNanos));
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
        frame.reset(Math.max(0, nowNanos - largestReceivedNanos));
        for (int i = 0; i < count; i++) {
            frame.add(smallest[i], largest[i]);
        }
    }

    /** Whether anything at all could be acknowledged. */
    public boolean isEmpty() {
        return count == 0;
    }

    /** The largest number received; -1 for none. */
    public long largestReceived() {
        return count == 0 ? -1 : largest[0];
    }

    /** An acknowledgement left. */
    public void onAckSent() {
        unacknowledged = 0;
        dueNanos = NEVER;
    }

    /** The peer has an acknowledgement that told of everything up to {@code packetNumber}: forget that, but the newest. */
    public void onAckOfAck(long packetNumber) {
        while (count > 1 && largest[count - 1] <= packetNumber) {
            floor = largest[count - 1] + 1;
            count--;
        }
        if (count == 1 && smallest[0] <= packetNumber) {
            long keep = Math.min(packetNumber, largest[0]);
            smallest[0] = Math.max(smallest[0], keep);
            floor = Math.max(floor, smallest[0]);
        }
    }

    /** Gives back the room that is not needed now. */
    public void trim() {
        smallest = Arrays.copyOf(smallest, count);
        largest = Arrays.copyOf(largest, count);
    }

    private void insert(long packetNumber) {
        int i = 0;
        while (i < count && packetNumber < smallest[i] - 1) {
            i++;
        }
        if (i < count && packetNumber <= largest[i] + 1) {
            extend(i, packetNumber);
            return;
        }
        if (count == MAX_RANGES) {
            if (i == count) {
                floor = Math.max(floor, packetNumber + 1);
                return;
            }
            count--;
            floor = largest[count] + 1;
        }
        ensureRoom();
        System.arraycopy(smallest, i, smallest, i + 1, count - i);
        System.arraycopy(largest, i, largest, i + 1, count - i);
        smallest[i] = packetNumber;
        largest[i] = packetNumber;
        count++;
    }

    /** Range i touches the number from above or below. */
    private void extend(int i, long packetNumber) {
        if (packetNumber == largest[i] + 1) {
            largest[i] = packetNumber;
            return;
        }
        smallest[i] = packetNumber;
        if (i + 1 < count && largest[i + 1] == packetNumber - 1) {
            smallest[i] = smallest[i + 1];
            count--;
            System.arraycopy(smallest, i + 2, smallest, i + 1, count - i - 1);
            System.arraycopy(largest, i + 2, largest, i + 1, count - i - 1);
        }
    }

    private void ensureRoom() {
        if (count == smallest.length) {
            int size = Math.max(FIRST_RANGES, 2 * count);
            smallest = Arrays.copyOf(smallest, size);
            largest = Arrays.copyOf(largest, size);
        }
    }
}

package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.internal.wire.AckFrame;
import java.util.Arrays;

/**
 * Numbers of packets that were received, as ranges from the newest down, at most {@link AckTracker#MAX_RANGES} of them; never
 * empty.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class ReceivedPackets {

    private static final int FIRST_RANGES = 2;

    private long[] smallest = new long[FIRST_RANGES];
    private long[] largest = new long[FIRST_RANGES];
    private int count = 1;
    long largestEliciting = -1;
    long largestReceivedNanos;

    ReceivedPackets(long packetNumber) {
        smallest[0] = packetNumber;
        largest[0] = packetNumber;
    }

    long largest() {
        return largest[0];
    }

    boolean contains(long packetNumber) {
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

    void describe(AckFrame frame, long nowNanos) {
        frame.reset(Math.max(0, nowNanos - largestReceivedNanos));
        for (int i = 0; i < count; i++) {
            frame.add(smallest[i], largest[i]);
        }
    }

    /** Forgets what is not above this number, but the newest. Answers what is remembered from; 0 for what there is. */
    long forget(long packetNumber) {
        long floor = 0;
        while (count > 1 && largest[count - 1] <= packetNumber) {
            floor = largest[count - 1] + 1;
            count--;
        }
        if (count == 1 && smallest[0] <= packetNumber) {
            smallest[0] = Math.max(smallest[0], Math.min(packetNumber, largest[0]));
            floor = Math.max(floor, smallest[0]);
        }
        return floor;
    }

    /** Takes in a number that is not in it. Answers what is remembered from, if that had to move; otherwise 0. */
    long add(long packetNumber) {
        int i = 0;
        while (i < count && packetNumber < smallest[i] - 1) {
            i++;
        }
        if (i < count && packetNumber <= largest[i] + 1) {
            extend(i, packetNumber);
            return 0;
        }
        long floor = 0;
        if (count == AckTracker.MAX_RANGES) {
            if (i == count) {
                return packetNumber + 1;
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
        return floor;
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
            smallest = Arrays.copyOf(smallest, 2 * count);
            largest = Arrays.copyOf(largest, 2 * count);
        }
    }
}

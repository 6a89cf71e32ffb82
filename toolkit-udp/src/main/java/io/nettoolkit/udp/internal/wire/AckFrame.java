package io.nettoolkit.udp.internal.wire;

/** What an ACK frame says, in fields that are used again for the next. Ranges come in descending order. */
public final class AckFrame {

    /** The most ranges a frame may have. */
    public static final int MAX_RANGES = 64;

    /** The finest reported delay. */
    public static final long DELAY_UNIT_NANOS = 1000;

    private final long[] smallest = new long[MAX_RANGES];
    private final long[] largest = new long[MAX_RANGES];
    private int count;
    private long delayNanos;

    /** Begins anew. */
    public void reset(long delayNanos) {
        this.delayNanos = delayNanos;
        count = 0;
    }

    /** Adds a range, both ends included, below those there are. */
    public void add(long smallest, long largest) {
        this.smallest[count] = smallest;
        this.largest[count] = largest;
        count++;
    }

    /** Number of ranges, at least 1 in what was read. */
    public int count() {
        return count;
    }

    /** The smallest packet number of range {@code i}. */
    public long smallest(int i) {
        return smallest[i];
    }

    /** The largest packet number of range {@code i}. */
    public long largest(int i) {
        return largest[i];
    }

    /** How long the receiver held the largest packet's acknowledgement back. */
    public long delayNanos() {
        return delayNanos;
    }
}

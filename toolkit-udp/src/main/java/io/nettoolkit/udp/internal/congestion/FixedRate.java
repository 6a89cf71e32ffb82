package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;

/** A constant rate, with two round trips of it in flight at most, so that a path that is gone is not flooded. */
public final class FixedRate implements CongestionControl.Controller {

    private static final long LEAST = 1000;
    private static final int MIN_DATAGRAMS = 10;
    private static final double NANOS = 1e9;

    private final CongestionControl.Path path;
    private final long bytesPerSecond;
    private long largestSent = -1;
    private long eventEnd = -1;

    private FixedRate(CongestionControl.Path path, long bytesPerSecond) {
        this.path = path;
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Makes them. */
    public static CongestionControl factory(long bytesPerSecond) {
        if (bytesPerSecond < LEAST) {
            throw new IllegalArgumentException("bytesPerSecond: " + bytesPerSecond + " (must be 1000 or more)");
        }
        return new Factory(bytesPerSecond);
    }

    private record Factory(long bytesPerSecond) implements CongestionControl {
        @Override
        public Controller newController(Path path) {
            return new FixedRate(path, bytesPerSecond);
        }

        @Override
        public String toString() {
            return "fixedRate(" + bytesPerSecond + " B/s)";
        }
    }

    @Override
    public void onSent(long nowNanos, long packetNumber, int bytes) {
        largestSent = packetNumber;
    }

    @Override
    public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {}

    @Override
    public boolean onLost(long nowNanos, long bytes, long largest) {
        boolean isNew = largest > eventEnd;
        if (isNew) {
            eventEnd = largestSent;
        }
        return isNew;
    }

    @Override
    public void onSpuriousLoss(long nowNanos) {}

    @Override
    public void onPersistentCongestion() {}

    @Override
    public long windowBytes() {
        return (long) MIN_DATAGRAMS * path.datagramBytes()
                + (long) (2 * bytesPerSecond * (path.smoothedRttNanos() / NANOS));
    }

    @Override
    public long pacingBytesPerSecond() {
        return bytesPerSecond;
    }
}

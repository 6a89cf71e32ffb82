package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;

/*
 * What NewReno and CUBIC have in common: slow start, one reduction a round trip, proportional rate reduction while
 * recovering, undo, and the pacing rate.
 *
 * Invariants.
 *  - Between the loss that begins a congestion event and the first acknowledgement of a packet sent after it, the window
 *    is not reduced again (RFC 9002 §7.3.1).
 *  - In recovery the window is bytes in flight plus what PRR lets out, so a plain comparison with the window serves.
 *  - The window never falls below two datagrams (RFC 9002 §7.2).
 *
 * Sources. RFC 9002 §7 and appendix B; RFC 6937 with the slow start reduction bound; RFC 4015 for undo.
 */
abstract class LossBased implements CongestionControl.Controller {

    private static final int INITIAL_DATAGRAMS = 10;
    private static final int INITIAL_BYTES = 14_720;
    private static final int MIN_DATAGRAMS = 2;
    private static final double NANOS = 1e9;

    final CongestionControl.Path path;
    private final boolean findsSlowStartEnd;
    private final HyStart hyStart = new HyStart();
    private double window;
    private double threshold = Double.MAX_VALUE;
    private long largestSent = -1;
    private long recoveryEnd = -1;
    private boolean recovering;
    private double windowBefore;
    private double thresholdBefore;
    private boolean undoable;
    private long prrDelivered;
    private long prrOut;
    private double prrFlight;

    LossBased(CongestionControl.Path path, boolean findsSlowStartEnd) {
        this.path = path;
        this.findsSlowStartEnd = findsSlowStartEnd;
        int datagram = path.datagramBytes();
        window = Math.min(INITIAL_DATAGRAMS * datagram, Math.max(MIN_DATAGRAMS * datagram, INITIAL_BYTES));
    }

    /** What is left of the window after a loss, as a share. */
    abstract double reduction();

    /** The window is about to be reduced. */
    abstract void onReduction(long nowNanos, double window);

    /** The last reduction is taken back. */
    abstract void onUndo();

    /** The window after an acknowledgement in congestion avoidance. */
    abstract double grow(long nowNanos, long bytes, double window);

    /** Acknowledgements came that say nothing about room: the connection had too little to send. */
    abstract void onApplicationLimited(long nowNanos);

    /** Congestion avoidance begins anew. */
    abstract void onReset();

    @Override
    public final void onSent(long nowNanos, long packetNumber, int bytes) {
        largestSent = packetNumber;
        prrOut += bytes;
    }

    @Override
    public final void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {
        if (recovering) {
            if (largest <= recoveryEnd) {
                reduceProportionally(bytes);
                return;
            }
            recovering = false;
            window = threshold;
        }
        if (inSlowStart() && findsSlowStartEnd) {
            hyStart.onAcknowledged(path.latestRttNanos(), largest, largestSent);
            if (hyStart.isOver()) {
                threshold = window;
            }
        }
        if (path.isApplicationLimited()) {
            onApplicationLimited(nowNanos);
            return;
        }
        if (inSlowStart()) {
            window = Math.min(window + hyStart.growth(bytes), Math.max(threshold, window));
        } else {
            window = grow(nowNanos, bytes, window);
        }
    }

    /** RFC 6937 §3: what leaves follows what arrives, so that the window falls by its share over one round trip. */
    private void reduceProportionally(long bytes) {
        prrDelivered += bytes;
        long pipe = path.bytesInFlight();
        double allowed;
        if (pipe > threshold) {
            allowed = Math.ceil(prrDelivered * threshold / prrFlight) - prrOut;
        } else {
            double bound = Math.max(prrDelivered - prrOut, bytes) + path.datagramBytes();
            allowed = Math.min(threshold - pipe, bound);
        }
        window = pipe + Math.max(0, allowed);
    }

    @Override
    public final boolean onLost(long nowNanos, long bytes, long largest) {
        if (largest <= recoveryEnd) {
            return false;
        }
        double full = recovering ? threshold : window;
        windowBefore = full;
        thresholdBefore = threshold;
        undoable = true;
        onReduction(nowNanos, full);
        threshold = Math.max(full * reduction(), minimum());
        recoveryEnd = largestSent;
        recovering = true;
        hyStart.end();
        prrDelivered = 0;
        prrOut = 0;
        prrFlight = Math.max(1, path.bytesInFlight() + bytes);
        // The packet that repeats what was lost leaves at once.
        window = path.bytesInFlight() + path.datagramBytes();
        return true;
    }

    @Override
    public final void onSpuriousLoss(long nowNanos) {
        if (undoable) {
            undoable = false;
            recovering = false;
            window = Math.max(window, windowBefore);
            threshold = thresholdBefore;
            onUndo();
        }
    }

    @Override
    public final void onPersistentCongestion() {
        undoable = false;
        recovering = false;
        recoveryEnd = largestSent;
        window = minimum();
        onReset();
    }

    @Override
    public final long windowBytes() {
        return (long) Math.max(window, minimum());
    }

    @Override
    public final long pacingBytesPerSecond() {
        double full = recovering ? Math.max(window, threshold) : window;
        double factor = inSlowStart() ? 2 : 1.25;
        return (long) (factor * Math.max(full, minimum()) * NANOS / path.smoothedRttNanos());
    }

    final boolean inSlowStart() {
        return !recovering && window < threshold;
    }

    final boolean isRecovering() {
        return recovering;
    }

    private double minimum() {
        return MIN_DATAGRAMS * path.datagramBytes();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[window=" + windowBytes() + (recovering ? ", recovering" : "")
                + (inSlowStart() ? ", slow start" : "") + "]";
    }
}

package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;
import org.jspecify.annotations.Nullable;

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
    private @Nullable HyStart hyStart;
    private double window;
    private double threshold = Double.MAX_VALUE;
    private long largestSent = -1;
    private long recoveryEnd = -1;
    private boolean recovering;
    private boolean undoable;
    /** The last reduction; null before the first. */
    private @Nullable Reduction last;

    /** What a reduction took away, and how it goes on (RFC 6937). Used again for the next one. */
    private static final class Reduction {
        double windowBefore;
        double thresholdBefore;
        double flight;
        long delivered;
        long out;
    }

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
        if (last != null) {
            last.out += bytes;
        }
    }

    @Override
    public final void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {
        if (recovering) {
            if (largest <= recoveryEnd && last != null) {
                reduceProportionally(last, bytes);
                return;
            }
            recovering = false;
            window = threshold;
        }
        if (path.isApplicationLimited()) {
            onApplicationLimited(nowNanos);
            return;
        }
        if (inSlowStart()) {
            double growth = findsSlowStartEnd ? watchSlowStart(bytes, largest) : bytes;
            window = Math.min(window + growth, Math.max(threshold, window));
        } else {
            window = grow(nowNanos, bytes, window);
        }
    }

    /** Answers how much the window grows; slow start may be over then. */
    private double watchSlowStart(long bytes, long largest) {
        HyStart watch = hyStart;
        if (watch == null) {
            watch = new HyStart();
            hyStart = watch;
        }
        watch.onAcknowledged(path.latestRttNanos(), largest, largestSent);
        if (watch.isOver()) {
            threshold = window;
            hyStart = null;
        }
        return watch.growth(bytes);
    }

    /** RFC 6937 §3: what leaves follows what arrives, so that the window falls by its share over one round trip. */
    private void reduceProportionally(Reduction reduction, long bytes) {
        reduction.delivered += bytes;
        long pipe = path.bytesInFlight();
        double allowed;
        if (pipe > threshold) {
            allowed = Math.ceil(reduction.delivered * threshold / reduction.flight) - reduction.out;
        } else {
            double bound = Math.max(reduction.delivered - reduction.out, bytes) + path.datagramBytes();
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
        Reduction reduction = last == null ? new Reduction() : last;
        last = reduction;
        reduction.windowBefore = full;
        reduction.thresholdBefore = threshold;
        reduction.flight = Math.max(1, path.bytesInFlight() + bytes);
        reduction.delivered = 0;
        reduction.out = 0;
        undoable = true;
        onReduction(nowNanos, full);
        threshold = Math.max(full * reduction(), minimum());
        recoveryEnd = largestSent;
        recovering = true;
        hyStart = null;
        // The packet that repeats what was lost leaves at once.
        window = path.bytesInFlight() + path.datagramBytes();
        return true;
    }

    @Override
    public final void onSpuriousLoss(long nowNanos) {
        Reduction undone = last;
        if (undoable && undone != null) {
            undoable = false;
            recovering = false;
            window = Math.max(window, undone.windowBefore);
            threshold = undone.thresholdBefore;
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

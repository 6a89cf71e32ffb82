package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;

/*
 * CUBIC, in bytes where the RFC counts segments.
 *
 * After a loss at window W the window restarts at 0.7 W and follows W + C (t - K)^3, which is back at W at t = K: steep
 * at first, flat around W, then steep again to look for more. Where NewReno would be faster (short or small paths), the
 * estimate of its window is taken instead.
 *
 * Time in which the connection had too little to send does not count: the curve is moved by it, or the window would leap
 * after an idle phase.
 *
 * Sources. RFC 9438: §4.1 constants, §4.2 the curve, §4.3 the Reno-friendly region, §4.4 and §4.5 growth, §4.7 fast
 * convergence, §5.8 application-limited phases.
 */

/** CUBIC. */
public final class Cubic extends LossBased {

    /** Makes them. */
    public static final CongestionControl FACTORY = new CongestionControl() {
        @Override
        public Controller newController(Path path) {
            return new Cubic(path);
        }

        @Override
        public String toString() {
            return "cubic";
        }
    };

    private static final double C = 0.4;
    private static final double BETA = 0.7;
    private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA);
    private static final double MOST_GROWTH = 1.5;
    private static final long NO_EPOCH = Long.MIN_VALUE;
    private static final double NANOS = 1e9;

    private double maximum;
    private double prior;
    private double renoEstimate;
    private double kSeconds;
    private long epochNanos = NO_EPOCH;
    private long lastAckNanos;
    private double maximumBefore;
    private double priorBefore;

    Cubic(CongestionControl.Path path) {
        super(path, true);
    }

    @Override
    double reduction() {
        return BETA;
    }

    @Override
    void onReduction(long nowNanos, double window) {
        maximumBefore = maximum;
        priorBefore = prior;
        // Fast convergence: a flow that lost before it was back at its old maximum makes room for a new one.
        maximum = window < maximum ? window * (1 + BETA) / 2 : window;
        prior = window;
        epochNanos = NO_EPOCH;
    }

    @Override
    void onUndo() {
        maximum = maximumBefore;
        prior = priorBefore;
        epochNanos = NO_EPOCH;
    }

    @Override
    void onReset() {
        epochNanos = NO_EPOCH;
    }

    @Override
    void onApplicationLimited(long nowNanos) {
        if (epochNanos != NO_EPOCH) {
            epochNanos += nowNanos - lastAckNanos;
        }
        lastAckNanos = nowNanos;
    }

    @Override
    double grow(long nowNanos, long bytes, double window) {
        if (epochNanos == NO_EPOCH) {
            beginEpoch(nowNanos, window);
        }
        lastAckNanos = nowNanos;
        double segment = path.datagramBytes();
        double seconds = (nowNanos - epochNanos) / NANOS;
        double alpha = renoEstimate >= prior ? 1 : ALPHA;
        renoEstimate += alpha * segment * bytes / window;
        if (curve(seconds, segment) < renoEstimate) {
            return Math.max(window, renoEstimate);
        }
        double ahead = curve(seconds + path.smoothedRttNanos() / NANOS, segment);
        double target = Math.max(window, Math.min(ahead, MOST_GROWTH * window));
        return window + (target - window) * bytes / window;
    }

    private void beginEpoch(long nowNanos, double window) {
        epochNanos = nowNanos;
        renoEstimate = window;
        if (maximum <= window) {
            maximum = window;
            kSeconds = 0;
        } else {
            kSeconds = Math.cbrt((maximum - window) / path.datagramBytes() / C);
        }
    }

    private double curve(double seconds, double segment) {
        double t = seconds - kSeconds;
        return maximum + C * t * t * t * segment;
    }
}

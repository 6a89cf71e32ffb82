package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;
import org.jspecify.annotations.Nullable;

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

    /** Where the window is led once slow start is over; null before. */
    private @Nullable Curve curve;

    /** The growth of congestion avoidance. */
    private static final class Curve {
        double maximum;
        double prior;
        double renoEstimate;
        double kSeconds;
        long epochNanos = NO_EPOCH;
        long lastAckNanos;
        double maximumBefore;
        double priorBefore;

        void begin(long nowNanos, double window, double segment) {
            epochNanos = nowNanos;
            renoEstimate = window;
            if (maximum <= window) {
                maximum = window;
                kSeconds = 0;
            } else {
                kSeconds = Math.cbrt((maximum - window) / segment / C);
            }
        }

        double at(double seconds, double segment) {
            double t = seconds - kSeconds;
            return maximum + C * t * t * t * segment;
        }
    }

    Cubic(CongestionControl.Path path) {
        super(path, true);
    }

    @Override
    double reduction() {
        return BETA;
    }

    private Curve curve() {
        Curve led = curve;
        if (led == null) {
            led = new Curve();
            curve = led;
        }
        return led;
    }

    @Override
    void onReduction(long nowNanos, double window) {
        Curve led = curve();
        led.maximumBefore = led.maximum;
        led.priorBefore = led.prior;
        // Fast convergence: a flow that lost before it was back at its old maximum makes room for a new one.
        led.maximum = window < led.maximum ? window * (1 + BETA) / 2 : window;
        led.prior = window;
        led.epochNanos = NO_EPOCH;
    }

    @Override
    void onUndo() {
        Curve led = curve();
        led.maximum = led.maximumBefore;
        led.prior = led.priorBefore;
        led.epochNanos = NO_EPOCH;
    }

    @Override
    void onReset() {
        curve().epochNanos = NO_EPOCH;
    }

    @Override
    void onApplicationLimited(long nowNanos) {
        Curve led = curve;
        if (led != null) {
            if (led.epochNanos != NO_EPOCH) {
                led.epochNanos += nowNanos - led.lastAckNanos;
            }
            led.lastAckNanos = nowNanos;
        }
    }

    @Override
    double grow(long nowNanos, long bytes, double window) {
        Curve led = curve();
        double segment = path.datagramBytes();
        if (led.epochNanos == NO_EPOCH) {
            led.begin(nowNanos, window, segment);
        }
        led.lastAckNanos = nowNanos;
        double seconds = (nowNanos - led.epochNanos) / NANOS;
        double alpha = led.renoEstimate >= led.prior ? 1 : ALPHA;
        led.renoEstimate += alpha * segment * bytes / window;
        if (led.at(seconds, segment) < led.renoEstimate) {
            return Math.max(window, led.renoEstimate);
        }
        double ahead = led.at(seconds + path.smoothedRttNanos() / NANOS, segment);
        double target = Math.max(window, Math.min(ahead, MOST_GROWTH * window));
        return window + (target - window) * bytes / window;
    }
}

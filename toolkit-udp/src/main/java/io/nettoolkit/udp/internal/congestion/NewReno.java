package io.nettoolkit.udp.internal.congestion;

import io.nettoolkit.udp.CongestionControl;

/** NewReno: halves on loss, grows by one datagram a round trip (RFC 9002 §7.3, appendix B). */
public final class NewReno extends LossBased {

    /** Makes them. */
    public static final CongestionControl FACTORY = new CongestionControl() {
        @Override
        public Controller newController(Path path) {
            return new NewReno(path);
        }

        @Override
        public String toString() {
            return "newReno";
        }
    };

    NewReno(CongestionControl.Path path) {
        super(path, false);
    }

    @Override
    double reduction() {
        return 0.5;
    }

    @Override
    void onReduction(long nowNanos, double window) {}

    @Override
    void onUndo() {}

    @Override
    double grow(long nowNanos, long bytes, double window) {
        return window + (double) path.datagramBytes() * bytes / window;
    }

    @Override
    void onApplicationLimited(long nowNanos) {}

    @Override
    void onReset() {}
}

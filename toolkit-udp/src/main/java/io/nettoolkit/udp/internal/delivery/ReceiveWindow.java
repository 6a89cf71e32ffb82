package io.nettoolkit.udp.internal.delivery;

/**
 * What a peer may send before we have read it: a limit that moves on as things are read, by a window that grows when a
 * quarter of it is used in less than half a round trip. Counts bytes, or messages.
 *
 * <p>A new limit is told once a quarter of the window was read; earlier where the credit that is left would not cover the
 * largest thing there is, because that is begun whole or not at all and would wait for ever.
 *
 * <p><b>Sources.</b> RFC 9000 §4; the growth as quic-go and Chromium have it.
 */
final class ReceiveWindow {

    private long window;
    private long limit;
    private long begun;
    private long read;
    private long grantedNanos;

    ReceiveWindow(long window) {
        this.window = window;
        limit = window;
    }

    /** The peer begins something; answers whether it may. */
    boolean begin(long amount) {
        begun += amount;
        return begun <= limit;
    }

    /**
     * Something was read, or will never be.
     *
     * @param largest the largest thing there is
     * @return whether the peer should be told a new limit
     */
    boolean read(long amount, long largest) {
        read += amount;
        long left = limit - read;
        return left <= window - Math.max(1, window / 4) || left < largest;
    }

    /**
     * Moves the limit on.
     *
     * @param mostWindow how far the window may grow
     * @return the limit
     */
    long grant(long nowNanos, long rttNanos, long mostWindow) {
        // Since the last grant, which set the limit a window ahead.
        long used = read - (limit - window);
        // Used as fast as the whole window in two round trips?
        if (used > 0 && (double) (nowNanos - grantedNanos) * window < 2.0 * rttNanos * used) {
            window = Math.min(2 * window, mostWindow);
        }
        grantedNanos = nowNanos;
        limit = read + window;
        return limit;
    }

    long limit() {
        return limit;
    }

    long window() {
        return window;
    }
}

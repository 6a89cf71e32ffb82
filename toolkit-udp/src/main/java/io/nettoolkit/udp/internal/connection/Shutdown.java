package io.nettoolkit.udp.internal.connection;

/**
 * The end of a connection: CLOSE is sent, again in answer to what still comes, and often where a probe timeout brings no
 * answer, until the peer's own CLOSE shows that it knows, or three probe timeouts are over (RFC 9000 §10.2).
 */
final class Shutdown {

    private static final int PTOS = 3;
    private static final int MAX_ANSWERS = 8;

    final long code;
    final String reason;
    private final long resendIntervalNanos;
    private final long endNanos;
    private boolean due;
    private boolean peerKnows;
    private long resendNanos;
    private int answers;

    /** {@code peerKnows} where the peer closed first: then one CLOSE tells that this was heard. */
    Shutdown(long code, String reason, long nowNanos, long ptoNanos) {
        this.code = code;
        this.reason = reason;
        resendIntervalNanos = Math.max(1, ptoNanos / 4);
        endNanos = nowNanos + PTOS * ptoNanos;
        due = true;
        resendNanos = nowNanos + ptoNanos;
    }

    boolean isDue() {
        return due;
    }

    void onSent(long nowNanos) {
        due = false;
        resendNanos = Math.max(resendNanos, nowNanos + resendIntervalNanos);
    }

    /** A packet came that does not close: the peer may not know. Answered ever more rarely. */
    void onPacket() {
        answers++;
        due |= answers <= MAX_ANSWERS && Integer.bitCount(answers) == 1;
    }

    /** The peer closes too. */
    void onClose(boolean first) {
        if (peerKnows && !first) {
            // It repeats itself, so the answer was lost.
            onPacket();
        }
        peerKnows = true;
    }

    long deadlineNanos() {
        return peerKnows ? endNanos : Math.min(resendNanos, endNanos);
    }

    /** Answers whether it is over. */
    boolean onDeadline(long nowNanos) {
        if (nowNanos >= endNanos) {
            return true;
        }
        due |= !peerKnows && nowNanos >= resendNanos;
        return false;
    }
}

package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.RudpConfig;

/**
 * When silence has lasted too long.
 *
 * <p>The idle timer starts anew with every packet received, and with the first one sent after that which asks for an
 * answer (RFC 9000 §10.1).
 */
final class Liveness {

    private static final long NEVER = Long.MAX_VALUE;
    private static final int LEAST_PTOS = 3;

    private final long keepAliveNanos;
    private long idleNanos;
    private long startedNanos;
    private long quietSinceNanos;
    private boolean sentSince;

    Liveness(RudpConfig config) {
        keepAliveNanos = config.keepAlive().toNanos();
        idleNanos = config.idleTimeout().toNanos();
    }

    void begin(long nowNanos, long peerIdleMillis) {
        idleNanos = Math.min(idleNanos, peerIdleMillis * 1_000_000);
        onReceived(nowNanos);
    }

    long idleNanos() {
        return idleNanos;
    }

    void onReceived(long nowNanos) {
        startedNanos = nowNanos;
        quietSinceNanos = nowNanos;
        sentSince = false;
    }

    void onElicitingSent(long nowNanos) {
        quietSinceNanos = nowNanos;
        if (!sentSince) {
            sentSince = true;
            startedNanos = nowNanos;
        }
    }

    long idleDeadlineNanos(long ptoNanos) {
        return startedNanos + Math.max(idleNanos, LEAST_PTOS * ptoNanos);
    }

    long keepAliveNanos() {
        return keepAliveNanos == 0 ? NEVER : quietSinceNanos + keepAliveNanos;
    }

    void onKeepAlive(long nowNanos) {
        quietSinceNanos = nowNanos;
    }
}

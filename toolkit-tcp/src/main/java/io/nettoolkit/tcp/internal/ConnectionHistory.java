package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.TimeSource;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When what happened to one connection.
 *
 * <p>Threading: written on the loop; {@link #timeline} may be called anywhere and sees each figure as of some recent
 * moment.
 */
final class ConnectionHistory {

    private static final long NOT_YET = Long.MIN_VALUE;

    private final long bornNanos;
    private long openedNanos = NOT_YET;
    private long firstByteNanos = NOT_YET;
    private long endedNanos = NOT_YET;
    private long bytesIn;

    ConnectionHistory(long nowNanos) {
        bornNanos = nowNanos;
    }

    /** From the connection until now: what a handshake that is just over took. */
    Duration sinceBorn(long nowNanos) {
        return Duration.ofNanos(nowNanos - bornNanos);
    }

    void opened(long nowNanos) {
        openedNanos = nowNanos;
    }

    boolean wasOpen() {
        return openedNanos != NOT_YET;
    }

    void received(int bytes, TimeSource time) {
        if (firstByteNanos == NOT_YET) {
            firstByteNanos = time.nanoTime();
        }
        bytesIn += bytes;
    }

    void ended(long nowNanos) {
        endedNanos = nowNanos;
    }

    boolean hasEnded() {
        return endedNanos != NOT_YET;
    }

    Duration age(TimeSource time) {
        return Duration.ofNanos((hasEnded() ? endedNanos : time.nanoTime()) - bornNanos);
    }

    ConnectionTimeline timeline(@Nullable Opening opening, long bytesOut, ConnectionSettings settings) {
        TimeSource time = settings.time;
        Duration resolve = opening == null ? null : opening.resolve();
        Duration connect = opening == null ? null : opening.connect();
        // With TLS a connection opens when the handshake is over.
        Duration tls = settings.usesTls() && wasOpen() ? sinceBorn(openedNanos) : null;
        Duration firstByte = firstByteNanos == NOT_YET || openedNanos == NOT_YET
                ? null
                : Duration.ofNanos(Math.max(0, firstByteNanos - openedNanos));
        Duration lifetime = connect == null ? age(time) : age(time).plus(connect);
        return new ConnectionTimeline(resolve, connect, tls, firstByte, lifetime, bytesIn, bytesOut);
    }
}

package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What happened to one connection, when, and why it ended; tells those who watch it: the listener, the flight recorder, who
 * had it opened and who waits for its end. The reason of the end is set once, by what came first.
 *
 * <p>Threading: written on the loop; {@link #timeline} and {@link #closed} may be called anywhere, and a timeline has each
 * figure as of some recent moment.
 */
final class ConnectionHistory {

    private static final long NOT_YET = Long.MIN_VALUE;

    private final ConnectionSettings settings;
    private final Channel channel;
    private final @Nullable Opening opening;
    private final long bornNanos;
    private long openedNanos = NOT_YET;
    private long firstByteNanos = NOT_YET;
    private long endedNanos = NOT_YET;
    private long bytesIn;
    private @Nullable CloseReason reason;
    private @Nullable ToolkitFuture<CloseReason> closed;

    ConnectionHistory(ConnectionSettings settings, Channel channel, @Nullable Opening opening) {
        this.settings = settings;
        this.channel = channel;
        this.opening = opening;
        bornNanos = settings.time.nanoTime();
    }

    /** The handshake is over; with a cause where it failed. */
    void tlsEnded(@Nullable Throwable cause) {
        Duration elapsed = Duration.ofNanos(settings.time.nanoTime() - bornNanos);
        settings.listenerGuard.run(() -> settings.listener.onTlsHandshake(channel, elapsed, cause));
    }

    void opened(long bytesOut) {
        openedNanos = settings.time.nanoTime();
        ConnectionTimeline soFar = timeline(bytesOut);
        JfrEvents.connectionOpen(channel.remoteAddress(), soFar);
        settings.listenerGuard.run(() -> settings.listener.onOpen(channel, soFar));
    }

    /** The handler has heard of it too: now who had it opened may have it. */
    void handOver(FramedConnection connection) {
        if (opening != null) {
            opening.opened(connection);
        }
    }

    boolean wasOpen() {
        return openedNanos != NOT_YET;
    }

    void received(int bytes) {
        if (firstByteNanos == NOT_YET) {
            firstByteNanos = settings.time.nanoTime();
        }
        bytesIn += bytes;
    }

    /** The first reason stays. */
    void because(CloseReason candidate) {
        if (reason == null) {
            reason = candidate;
        }
    }

    @Nullable
    CloseReason reason() {
        return reason;
    }

    void ended() {
        endedNanos = settings.time.nanoTime();
    }

    boolean hasEnded() {
        return endedNanos != NOT_YET;
    }

    /**
     * Everything about it is over.
     *
     * @param dropped what became of frames that were not written; and of the connection, where it had not opened
     */
    void tellEnd(CloseReason ended, NetException dropped, long bytesOut) {
        if (wasOpen()) {
            ConnectionTimeline whole = timeline(bytesOut);
            JfrEvents.connectionClose(channel.remoteAddress(), ended, whole);
            settings.listenerGuard.run(() -> settings.listener.onClose(channel, ended, whole));
        } else if (opening != null) {
            opening.failed(ended.failure() != null ? ended.failure() : dropped);
        }
        closedFuture().succeed(ended);
    }

    /** A copy each: one caller's cancel or timeout is not another's. */
    CompletableFuture<CloseReason> closed() {
        return closedFuture().copy();
    }

    /** Nobody may ever ask for it. */
    private synchronized ToolkitFuture<CloseReason> closedFuture() {
        if (closed == null) {
            closed = new ToolkitFuture<>(channel.eventLoop());
        }
        return closed;
    }

    /** Made when needed, which is once at most: a healthy connection should not pay for it. */
    ConnectionFailures failures() {
        return new ConnectionFailures(channel, this);
    }

    Duration age() {
        return Duration.ofNanos((hasEnded() ? endedNanos : settings.time.nanoTime()) - bornNanos);
    }

    ConnectionTimeline timeline(long bytesOut) {
        Duration resolve = opening == null ? null : opening.resolve();
        Duration connect = opening == null ? null : opening.connect();
        // With TLS a connection opens when the handshake is over.
        Duration tls = settings.usesTls() && wasOpen() ? Duration.ofNanos(openedNanos - bornNanos) : null;
        Duration firstByte = firstByteNanos == NOT_YET || openedNanos == NOT_YET
                ? null
                : Duration.ofNanos(Math.max(0, firstByteNanos - openedNanos));
        Duration lifetime = connect == null ? age() : age().plus(connect);
        return new ConnectionTimeline(resolve, connect, tls, firstByte, lifetime, bytesIn, bytesOut);
    }
}

package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.internal.connection.RudpConnection.State;
import io.nettoolkit.udp.internal.wire.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * How a connection ends: in order, when all that was written is acknowledged; at once; because the peer closes, or breaks a
 * rule; or without a word. Whatever comes first is what its shell is told, once. Made when the connection begins to end.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class Ending {

    private static final long NEVER = Long.MAX_VALUE;

    private final RudpConnection connection;
    private long flushEndNanos = NEVER;
    /** Null while the peer need not be told. */
    private @Nullable Shutdown shutdown;

    private boolean told;

    Ending(RudpConnection connection) {
        this.connection = connection;
    }

    /** Ends when everything written is acknowledged, or the drain timeout is over. */
    void close(long now) {
        if (connection.state() == State.CONNECTING) {
            endSilently(CloseReason.local());
        } else if (connection.state() == State.ESTABLISHED) {
            connection.setState(State.FLUSHING);
            flushEndNanos = now + connection.setup().config().drainTimeout().toNanos();
            endFlush(now);
        }
    }

    /** Ends now; what is not acknowledged is given up. */
    void abort(long now) {
        if (connection.state() == State.CONNECTING) {
            endSilently(CloseReason.local());
        } else if (connection.isOpen()) {
            end(now, CloseReason.local(), CloseCode.NONE, "");
        }
    }

    /** Ends where nothing is left to wait for. */
    void endFlush(long now) {
        if (connection.state() == State.FLUSHING && (connection.outbox().isSettled() || now >= flushEndNanos)) {
            end(now, CloseReason.local(), CloseCode.NONE, "");
        }
    }

    /** The peer closes. */
    void onPeerClose(long now, long code, String reason) {
        if (shutdown != null) {
            shutdown.onClose(false);
        } else if (connection.isOpen()) {
            Shutdown answer = end(now, connection.failures(now).closed(code, reason), CloseCode.NONE, "");
            answer.onClose(true);
        }
    }

    /** The peer broke a rule. */
    void fail(long now, long code, String reason) {
        if (connection.isOpen()) {
            end(now, connection.failures(now).violation(code, reason), code, reason);
        }
    }

    /** Ends, and tells the peer why. */
    Shutdown end(long now, CloseReason reason, long code, String text) {
        connection.setState(State.CLOSING);
        Shutdown begun = new Shutdown(code, text, now, connection.recovery().basePtoNanos());
        shutdown = begun;
        tell(reason);
        return begun;
    }

    /** Ends without a word to the peer. */
    void endSilently(CloseReason reason) {
        connection.setState(State.CLOSED);
        connection.endOpening();
        tell(reason);
    }

    private void tell(CloseReason reason) {
        if (!told) {
            told = true;
            connection.release();
            connection.events().onClosed(reason);
        }
    }

    /** What tells the peer; null while it need not be told. */
    @Nullable
    Shutdown shutdown() {
        return shutdown;
    }

    /** When {@link #endFlush} or {@link #onDeadline} has to be called. */
    long deadlineNanos() {
        if (shutdown != null) {
            return shutdown.deadlineNanos();
        }
        return connection.state() == State.FLUSHING ? flushEndNanos : NEVER;
    }

    /** The deadline of telling the peer may have passed. */
    void onDeadline(long now) {
        if (shutdown != null && shutdown.onDeadline(now)) {
            connection.setState(State.CLOSED);
        }
    }
}

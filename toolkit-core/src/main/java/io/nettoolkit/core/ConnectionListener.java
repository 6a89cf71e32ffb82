package io.nettoolkit.core;

import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Hears the rare events of connections: open, close, refusal, drain. Never called per message.
 *
 * <p><b>Threading.</b> Called on the event loop of the connection, or on the accepting loop for refusals; must not
 * block. One listener serves many loops at once.
 *
 * <p><b>Failure.</b> What it throws is logged (rate limited), counted, and changes nothing else.
 */
public interface ConnectionListener {

    /** A listener that ignores everything. */
    ConnectionListener NONE = new ConnectionListener() {};

    /**
     * A connection is ready for frames; with TLS, after the handshake.
     *
     * @param timeline what opening it took; nothing has been transferred yet
     */
    default void onOpen(Channel channel, ConnectionTimeline timeline) {}

    /**
     * A TLS handshake ended.
     *
     * @param failure {@code null} when it succeeded
     */
    default void onTlsHandshake(Channel channel, Duration elapsed, @Nullable Throwable failure) {}

    /** A connection is gone. Called once for each {@link #onOpen}. */
    default void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {}

    /**
     * A connection was refused at accept, or accepting itself failed.
     *
     * @param remote the peer, where it is known
     * @param cause a {@link RejectedException} for a limit, a {@link NetException} where the system could not accept
     */
    default void onReject(@Nullable SocketAddress remote, Exception cause) {}

    /** A graceful stop is over. */
    default void onDrain(DrainReport report) {}
}

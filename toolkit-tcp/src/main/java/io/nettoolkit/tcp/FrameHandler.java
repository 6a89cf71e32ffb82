package io.nettoolkit.tcp;

import io.nettoolkit.core.CloseReason;
import io.netty.buffer.ByteBuf;

/**
 * What a server or client does with the frames of its connections. One handler serves all connections; what belongs to
 * one of them goes into its {@link Connection#attach attachment}.
 *
 * <pre>{@code
 * FrameHandler echo = (connection, frame) -> connection.send(frame.retain());
 * }</pre>
 *
 * <p><b>Threading.</b> Called on the connection's event loop, one call at a time for one connection; must not block.
 *
 * <p><b>Ownership.</b> A frame is valid during the call. {@link ByteBuf#retain()} it to keep it or to hand it on; a
 * retained frame keeps the buffer it was read into, up to 64 KiB, so copy small frames that are kept for long.
 *
 * <p><b>Failure.</b> What a method throws ends that connection with the exception as its close reason, is logged (rate
 * limited) and counted, and touches no other connection.
 */
@FunctionalInterface
public interface FrameHandler {

    /** One frame: the message without length field, delimiter or checksum. */
    void onFrame(Connection connection, ByteBuf frame) throws Exception;

    /** The connection is ready; with TLS, after the handshake. */
    default void onOpen(Connection connection) throws Exception {}

    /**
     * The write queue has drained below half of its cap after a {@link Connection#trySend} was refused: sending makes
     * sense again. Not called when the refusal was due to closing: {@link #onClose} is.
     */
    default void onWritable(Connection connection) throws Exception {}

    /**
     * The peer has finished sending and still reads. The default closes in order once everything queued is written; a
     * handler that answers later overrides this and closes itself.
     */
    default void onInputClosed(Connection connection) throws Exception {
        connection.close();
    }

    /** A graceful stop begins: the last chance to send a goodbye. No further frame is delivered. */
    default void onDrain(Connection connection) throws Exception {}

    /** The connection is gone. Called once for each {@link #onOpen}. */
    default void onClose(Connection connection, CloseReason reason) throws Exception {}
}

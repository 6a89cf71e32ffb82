package io.nettoolkit.udp;

import io.nettoolkit.core.CloseReason;

/**
 * What a server or client does with the messages of its connections. One handler serves all connections; what belongs to
 * one of them goes into an {@link io.netty.channel.Channel#attr attribute} of its channel.
 *
 * <pre>{@code
 * RudpHandler echo = (channel, message) -> channel.send(message.retain());
 * }</pre>
 *
 * <p><b>Threading.</b> Called on the connection's event loop, one call at a time for one connection; must not block.
 *
 * <p><b>Ownership.</b> A message is valid during the call: {@link RudpMessage#retain()} it to keep it or to send it on.
 *
 * <p><b>Failure.</b> What a method throws ends that connection with the exception as its close reason, is logged (rate
 * limited) and counted, and touches no other connection.
 */
@FunctionalInterface
public interface RudpHandler {

    /** One message. In byte-stream mode, some bytes. */
    void onMessage(RudpChannel channel, RudpMessage message) throws Exception;

    /** The connection is ready. */
    default void onOpen(RudpChannel channel) throws Exception {}

    /** The channel became writable, or is not any more: {@link RudpChannel#isWritable()}. */
    default void onWritabilityChanged(RudpChannel channel) throws Exception {}

    /** The connection is gone. Called once for each {@link #onOpen}. */
    default void onClose(RudpChannel channel, CloseReason reason) throws Exception {}
}

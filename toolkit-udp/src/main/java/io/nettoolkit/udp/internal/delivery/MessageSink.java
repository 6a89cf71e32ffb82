package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.DeliveryMode;
import io.netty.buffer.ByteBuf;

/** Takes a message that was received. */
@FunctionalInterface
public interface MessageSink {

    /** One message; the content is the sink's to release. */
    void onMessage(int channel, DeliveryMode mode, ByteBuf content);
}

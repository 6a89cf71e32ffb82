package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.RangeSet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** A message on its way in: collecting its parts, waiting for its turn, or waiting to be read. */
final class InMessage {

    final RangeSet received = new RangeSet();
    ByteBuf content = Unpooled.EMPTY_BUFFER;
    long sequence;
    int total;
    boolean whole;

    @Nullable
    ReceiveQueue queue;

    @Nullable
    InMessage next;

    void begin(ReceiveQueue queue, long sequence, ByteBuf content, int total) {
        this.queue = queue;
        this.sequence = sequence;
        this.content = content;
        this.total = total;
        whole = false;
        received.clear();
    }
}

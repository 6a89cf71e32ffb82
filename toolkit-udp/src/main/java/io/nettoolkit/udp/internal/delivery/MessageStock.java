package io.nettoolkit.udp.internal.delivery;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** The messages an outbox holds: their bytes, and their objects, which are used again once nothing refers to them. */
final class MessageStock {

    private static final int MAX_POOLED = 1024;

    private @Nullable OutMessage pool;
    private int pooled;
    private long bytes;
    private int messages;
    private long queuedBytes;

    OutMessage take(ByteBuf content) {
        OutMessage message = pool;
        if (message == null) {
            message = new OutMessage();
        } else {
            pool = message.nextOther;
            message.nextOther = null;
            pooled--;
        }
        message.begin(content);
        return message;
    }

    /** It is written. */
    void add(OutMessage m) {
        bytes += m.length;
        messages++;
        queuedBytes += m.length;
    }

    /** So many bytes were sent for the first time, or will not be. */
    void onUnqueued(int count) {
        queuedBytes -= count;
    }

    /** What was added is not needed any more, whether or not something still refers to it. */
    void discardContent(OutMessage m) {
        bytes -= m.length;
        releaseContent(m);
    }

    /** Nothing more is to be done about one that was added. */
    void onSettled() {
        messages--;
    }

    void releaseContent(OutMessage m) {
        m.content.release();
        m.content = Unpooled.EMPTY_BUFFER;
    }

    /** One reference less. */
    void release(OutMessage m) {
        m.references--;
        recycle(m);
    }

    /** Keeps the object for another message where this one is settled and nothing refers to it. */
    void recycle(OutMessage m) {
        if (m.references > 0 || m.state != OutMessage.SETTLED) {
            return;
        }
        m.queue = null;
        if (pooled < MAX_POOLED) {
            pooled++;
            m.nextOther = pool;
            pool = m;
        }
    }

    void clearPool() {
        pool = null;
        pooled = 0;
    }

    long bytes() {
        return bytes;
    }

    long queuedBytes() {
        return queuedBytes;
    }

    boolean isEmpty() {
        return messages == 0;
    }
}

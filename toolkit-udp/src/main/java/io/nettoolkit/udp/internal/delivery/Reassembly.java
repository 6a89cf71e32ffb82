package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.wire.DataFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of messages on their way in: collects parts in buffers of their own, and keeps what may be read until it is.
 * An inbox has it while there are such messages, and for a while after that.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class Reassembly {

    private static final int MAX_POOLED = 256;

    private final ByteBufAllocator allocator;
    private @Nullable InMessage firstReady;
    private @Nullable InMessage lastReady;
    private @Nullable InMessage pool;
    private int pooled;
    private int messages;
    private long bufferedBytes;

    Reassembly(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    InMessage begin(ReceiveQueue queue, long sequence, int total) {
        InMessage message = pool;
        if (message == null) {
            message = new InMessage();
        } else {
            pool = message.next;
            message.next = null;
            pooled--;
        }
        messages++;
        message.begin(queue, sequence, total == 0 ? Unpooled.EMPTY_BUFFER : allocator.buffer(total, total), total);
        return message;
    }

    /** Copies what is new; answers whether the message is whole now. */
    boolean take(InMessage message, DataFrame frame) {
        if (message.whole) {
            return false;
        }
        int length = frame.length();
        if (length > 0) {
            message.content.setBytes(frame.offset(), frame.packet(), frame.index(), length);
        }
        if (!frame.isWhole()) {
            bufferedBytes += message.received.add(frame.offset(), (long) frame.offset() + length);
            if (!message.received.containsAll(0, message.total)) {
                return false;
            }
        } else {
            // Parts of it may have come before.
            bufferedBytes += length - held(message);
        }
        message.content.setIndex(0, message.total);
        message.whole = true;
        return true;
    }

    /** It will not be read: its bytes are given back. */
    void drop(InMessage message) {
        bufferedBytes -= held(message);
        message.content.release();
        recycle(message);
    }

    private static long held(InMessage message) {
        if (message.whole) {
            return message.total;
        }
        long held = 0;
        for (int i = 0; i < message.received.size(); i++) {
            held += message.received.to(i) - message.received.from(i);
        }
        return held;
    }

    /** It may be read, after those before it. */
    void ready(InMessage message) {
        message.next = null;
        if (lastReady == null) {
            firstReady = message;
        } else {
            lastReady.next = message;
        }
        lastReady = message;
    }

    /** The next one to be read; null for none. */
    @Nullable
    InMessage firstReady() {
        return firstReady;
    }

    /** The first one is read; its content is the reader's. */
    ByteBuf takeFirst(InMessage first) {
        firstReady = first.next;
        lastReady = firstReady == null ? null : lastReady;
        bufferedBytes -= first.total;
        ByteBuf content = first.content;
        recycle(first);
        return content;
    }

    private void recycle(InMessage message) {
        messages--;
        message.queue = null;
        message.content = Unpooled.EMPTY_BUFFER;
        if (pooled < MAX_POOLED) {
            pooled++;
            message.next = pool;
            pool = message;
        }
    }

    boolean isEmpty() {
        return messages == 0;
    }

    long bufferedBytes() {
        return bufferedBytes;
    }
}

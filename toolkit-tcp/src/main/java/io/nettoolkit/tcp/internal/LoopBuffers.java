package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that the connections of one loop share: one to read into and a few to write from.
 *
 * <p>A loop serves one connection at a time, so one read buffer is enough for all of them, and it stays in the cache.
 * A buffer is lent again only when its count is back at one: whoever retained a frame, or a socket that did not take a
 * whole batch, keeps the buffer, and the loop gets itself another.
 *
 * <p>Threading: confined to the loop. Ownership: {@link #close} gives the memory back; {@link #use} brackets the time
 * in which there are connections, so that an idle loop holds none.
 */
final class LoopBuffers {

    static final int READ_BYTES = 64 * 1024;
    static final int BATCH_BYTES = 64 * 1024;

    /** Batches of full size a loop may have lent at once; further ones are as small as their content. */
    private static final int MAX_FULL_BATCHES = 8;

    private final ByteBufAllocator allocator;
    private final ArrayDeque<OutboundBatch> idleBatches = new ArrayDeque<>(MAX_FULL_BATCHES);
    private @Nullable ByteBuf readBuffer;
    private @Nullable FrameView view;
    private int fullBatches;
    private int users;

    LoopBuffers(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    /** A connection came to this loop. */
    void use() {
        users++;
    }

    /** A connection left this loop; the last one to leave takes the buffers with it. */
    void leave() {
        if (--users == 0) {
            close();
        }
    }

    /** A buffer of {@link #READ_BYTES} to read into, empty; the caller releases it. */
    ByteBuf readBuffer() {
        ByteBuf buffer = readBuffer;
        if (buffer == null || buffer.refCnt() != 1) {
            if (buffer != null) {
                buffer.release();
            }
            buffer = allocator.directBuffer(READ_BYTES, READ_BYTES);
            if (users == 0) {
                return buffer;
            }
            readBuffer = buffer;
        }
        return buffer.clear().retain();
    }

    /** The view to lend the next frame with; {@link #giveBack} it after the call. */
    FrameView takeView() {
        FrameView taken = view;
        view = null;
        return taken != null ? taken : new FrameView();
    }

    void giveBack(FrameView idle) {
        view = idle;
    }

    /** An empty batch with room for {@code bytes}, at most {@link #BATCH_BYTES}. */
    OutboundBatch takeBatch(FrameWriter owner, int bytes) {
        OutboundBatch batch = idleBatches.pollLast();
        if (batch == null) {
            boolean full = fullBatches < MAX_FULL_BATCHES && users > 0;
            ByteBuf buffer = full
                    ? allocator.directBuffer(BATCH_BYTES, BATCH_BYTES)
                    : allocator.directBuffer(Math.max(bytes, 512), BATCH_BYTES);
            batch = new OutboundBatch(owner, buffer, full);
            fullBatches += full ? 1 : 0;
        }
        batch.open(owner);
        return batch;
    }

    /** Takes a batch back whose bytes are written or dropped. */
    void giveBack(OutboundBatch batch) {
        if (batch.isFullSize() && users > 0 && batch.buffer().refCnt() == 1) {
            batch.buffer().clear();
            idleBatches.addLast(batch);
        } else {
            fullBatches -= batch.isFullSize() ? 1 : 0;
            batch.buffer().release();
        }
    }

    private void close() {
        for (OutboundBatch batch = idleBatches.pollLast(); batch != null; batch = idleBatches.pollLast()) {
            giveBack(batch);
        }
        if (readBuffer != null) {
            readBuffer.release();
            readBuffer = null;
        }
    }
}

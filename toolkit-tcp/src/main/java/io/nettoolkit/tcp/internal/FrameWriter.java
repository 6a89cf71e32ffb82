package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/*
 * Turns frames into as few writes as possible.
 *
 * Idea. Small frames are copied, header and all, into the open batch: one contiguous buffer, one write, one system call
 * per burst. A copy of up to COPY_BYTES costs less than the second buffer, outbound entry and iovec that a gathered
 * write needs. A larger frame ends the batch with its header and follows it uncopied.
 *
 * Invariants.
 *  - Bytes reach the channel in the order of append().
 *  - What append() was given is released exactly once, whatever happens to the channel.
 *  - Every batch taken comes back through batchEnded() once, with the bytes it had reserved.
 */

/**
 * The outbound half of a framed connection: encodes, batches, writes.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class FrameWriter {

    /** Frames up to this size are copied into the batch. */
    static final int COPY_BYTES = 8 * 1024;

    /** Told when bytes left for the socket, or were dropped. */
    interface Completion {
        /** {@code reservedBytes} of a batch are no longer pending; {@code failure} is null when they were written. */
        void onWritten(int reservedBytes, @Nullable Throwable failure);
    }

    private final FrameFormat format;
    private final LoopBuffers buffers;
    private final ChannelHandlerContext ctx;
    private final Completion completion;
    private @Nullable OutboundBatch open;
    private boolean unflushed;

    FrameWriter(FrameFormat format, LoopBuffers buffers, ChannelHandlerContext ctx, Completion completion) {
        this.format = format;
        this.buffers = buffers;
        this.ctx = ctx;
        this.completion = completion;
    }

    Channel channel() {
        return ctx.channel();
    }

    /** Whether something was appended that {@link #flush} has not passed on. */
    boolean hasUnflushed() {
        return unflushed;
    }

    /**
     * Encodes a message behind those appended before. Takes ownership of it.
     *
     * @param wireBytes its size on the wire, given back to {@link Completion} when it is written
     * @param waiter told when it is written, if anybody waits
     */
    void append(ByteBuf message, int wireBytes, @Nullable WriteWaiter waiter) {
        unflushed = true;
        int messageBytes = message.readableBytes();
        if (messageBytes <= COPY_BYTES) {
            copy(message, wireBytes, waiter);
        } else {
            gather(message, wireBytes, wireBytes - messageBytes, waiter);
        }
    }

    /** Hands everything to the socket. */
    void flush() {
        if (unflushed) {
            unflushed = false;
            seal();
            ctx.flush();
        }
    }

    /** Drops what was not handed to the channel yet. */
    void close(Throwable cause) {
        OutboundBatch batch = open;
        if (batch != null) {
            open = null;
            batchEnded(batch, cause);
        }
        unflushed = false;
    }

    /** The last write of a batch ended. */
    void batchEnded(OutboundBatch batch, @Nullable Throwable failure) {
        int reserved = batch.reservedBytes();
        batch.complete(failure);
        buffers.giveBack(batch);
        completion.onWritten(reserved, failure);
    }

    private void copy(ByteBuf message, int wireBytes, @Nullable WriteWaiter waiter) {
        try {
            OutboundBatch batch = batchWithRoom(wireBytes);
            ByteBuf out = batch.buffer();
            int start = out.writerIndex();
            int written = format.writeHeader(message, out);
            int rest = message.readableBytes() - written;
            out.writeBytes(message, message.readerIndex() + written, rest);
            format.writeTrailer(message, out, start);
            account(batch, wireBytes, waiter);
        } finally {
            message.release();
        }
    }

    private void gather(ByteBuf message, int wireBytes, int overhead, @Nullable WriteWaiter waiter) {
        OutboundBatch batch = batchWithRoom(overhead);
        ByteBuf out = batch.buffer();
        int start = out.writerIndex();
        int written = format.writeHeader(message, out);
        ByteBuf trailer = null;
        if (format.hasTrailer()) {
            trailer = buffers.allocator().directBuffer(overhead);
            format.writeTrailer(message, out, start, trailer);
        }
        account(batch, wireBytes, waiter);
        open = null;
        batch.addWrite();
        batch.addWrite();
        if (trailer != null) {
            batch.addWrite();
        }
        write(batch.buffer().retain(), batch);
        write(message.skipBytes(written), batch);
        if (trailer != null) {
            write(trailer, batch);
        }
    }

    private static void account(OutboundBatch batch, int wireBytes, @Nullable WriteWaiter waiter) {
        batch.reserve(wireBytes);
        if (waiter != null) {
            batch.addWaiter(waiter);
        }
    }

    private OutboundBatch batchWithRoom(int bytes) {
        OutboundBatch batch = open;
        if (batch != null && batch.buffer().maxWritableBytes() < bytes) {
            flushFull();
            batch = null;
        }
        if (batch == null) {
            batch = buffers.takeBatch(this, bytes);
            open = batch;
        }
        return batch;
    }

    /** A full batch is worth a system call of its own; holding it back would only grow memory. */
    private void flushFull() {
        seal();
        ctx.flush();
    }

    private void seal() {
        OutboundBatch batch = open;
        if (batch != null) {
            open = null;
            batch.addWrite();
            write(batch.buffer().retain(), batch);
        }
    }

    private void write(ByteBuf bytes, OutboundBatch batch) {
        ctx.write(bytes, batch);
    }
}

package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.IllegalReferenceCountException;
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
 *  - Every batch taken comes back through batchEnded() once, with the wire bytes it carried.
 */

/**
 * The outbound half of a framed stream: encodes, batches, writes.
 *
 * <p>Threading: confined to the channel's loop.
 */
final class FrameWriter {

    /** Frames up to this size are copied into the batch. */
    static final int COPY_BYTES = 8 * 1024;

    /** Whose frames these are: lends the buffers, and is told when bytes left for the socket or were dropped. */
    interface Owner {
        /** Those of the channel's loop. */
        LoopBuffers buffers();

        /** {@code failure} is null when the operating system took the bytes. */
        void onWritten(int wireBytes, @Nullable Throwable failure);
    }

    private final FrameFormat format;
    private final ChannelHandlerContext ctx;
    private final Owner owner;
    private @Nullable OutboundBatch open;
    private boolean unflushed;

    FrameWriter(FrameFormat format, ChannelHandlerContext ctx, Owner owner) {
        this.format = format;
        this.ctx = ctx;
        this.owner = owner;
    }

    Channel channel() {
        return ctx.channel();
    }

    /** Refuses what was released before: found out later, its header would stand in the stream without it. */
    static void checkAlive(ByteBuf message) {
        if (message.refCnt() == 0) {
            throw new IllegalReferenceCountException("frame: was released already (must have a reference to give away;"
                    + " retain() the frame of a handler to send it)");
        }
    }

    /**
     * Encodes a message behind those appended before. Takes ownership of it.
     *
     * @param wireBytes its size on the wire, given back to {@link Owner} when it is written
     * @param waiter told when it is written, if anybody waits
     */
    void append(ByteBuf message, int wireBytes, @Nullable WriteWaiter waiter) {
        checkAlive(message);
        unflushed = true;
        int messageBytes = message.readableBytes();
        if (messageBytes <= COPY_BYTES) {
            copy(message, wireBytes, waiter);
        } else {
            gather(message, wireBytes, waiter);
        }
    }

    /** Writes what is no frame, in its place between the frames. */
    void pass(Object message, ChannelPromise promise) {
        unflushed = true;
        seal();
        ctx.write(message, promise);
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
        unflushed = false;
        OutboundBatch batch = open;
        if (batch != null) {
            open = null;
            batchEnded(batch, cause);
        }
    }

    /** The last write of a batch ended. */
    void batchEnded(OutboundBatch batch, @Nullable Throwable failure) {
        int wireBytes = batch.wireBytes();
        batch.complete(failure);
        owner.buffers().giveBack(batch);
        owner.onWritten(wireBytes, failure);
    }

    private void copy(ByteBuf message, int wireBytes, @Nullable WriteWaiter waiter) {
        try {
            OutboundBatch batch = batchWithRoom(wireBytes);
            ByteBuf out = batch.buffer();
            int written = format.writeHeader(message, out);
            int rest = message.readableBytes() - written;
            // Asked of the frame: asked of `out`, Netty's adaptive buffer makes a ByteBuffer of 64 B to copy from a
            // view.
            message.getBytes(message.readerIndex() + written, out.ensureWritable(rest), rest);
            format.writeTrailer(message, out);
            batch.add(wireBytes, waiter);
        } finally {
            message.release();
        }
    }

    private void gather(ByteBuf message, int wireBytes, @Nullable WriteWaiter waiter) {
        int messageBytes = message.readableBytes();
        int overhead = wireBytes - messageBytes + format.leadingMessageBytes();
        OutboundBatch batch;
        try {
            batch = batchWithRoom(overhead);
        } catch (Throwable noMemory) {
            message.release();
            throw noMemory;
        }
        ByteBuf header = batch.buffer();
        int before = header.writerIndex();
        int written = format.writeHeader(message, header);
        int headerBytes = header.writerIndex() - before;
        ByteBuf trailer = null;
        if (headerBytes - written < wireBytes - messageBytes) {
            trailer = owner.buffers().allocator().directBuffer(overhead);
            format.writeTrailer(message, trailer);
        }
        open = null;
        batch.add(wireBytes, waiter);
        batch.addWrites(trailer == null ? 2 : 3);
        ctx.write(header.retain(), batch);
        ctx.write(message.skipBytes(written), batch);
        if (trailer != null) {
            ctx.write(trailer, batch);
        }
    }

    private OutboundBatch batchWithRoom(int bytes) {
        OutboundBatch batch = open;
        if (batch != null && batch.buffer().maxWritableBytes() < bytes) {
            // A full batch is worth a system call of its own; holding it back would only grow memory.
            seal();
            ctx.flush();
            batch = null;
        }
        if (batch == null) {
            batch = owner.buffers().takeBatch(this, bytes);
            open = batch;
        }
        return batch;
    }

    private void seal() {
        OutboundBatch batch = open;
        if (batch != null) {
            open = null;
            batch.addWrites(1);
            ctx.write(batch.buffer().retain(), batch);
        }
    }
}

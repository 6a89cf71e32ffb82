package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/*
 * Where any thread hands frames to a connection.
 *
 * Idea. The cap is kept by reservation: before a frame is taken, its wire bytes are added to `pending`; where that
 * exceeds the cap they are taken off again and the answer is no. So the answer is final on every thread, though the
 * frame itself reaches the loop later. On the loop a frame goes straight into the batch and costs nothing more; from
 * elsewhere it travels in one task.
 *
 * Flushing. Within a read burst the burst's end flushes. Otherwise the first frame queues one flush task behind the
 * tasks that are already there, so that frames sent together leave together.
 *
 * Invariants.
 *  - pending = wire bytes of the frames taken and not yet written or dropped; 0 <= pending, and pending <= cap except
 *    for what bypasses it as Netty writes do (write()).
 *  - The end of a close is not missed: a reservation looks at `open` once more after it is made, the close at `pending`
 *    after it has cleared `open`. So either the close waits for the frame, or the frame is refused; and whoever takes a
 *    reservation back from under a close makes it look again.
 *  - After a refusal somebody is told when there is room again: the refusing thread looks once more after it has left
 *    its mark, so that the last completion cannot slip between the two.
 */

/**
 * The bounded outbound queue of one connection.
 *
 * <p>Threading: {@link #trySend}, {@link #send} and the questions may be called anywhere, the rest on the loop.
 */
final class SendQueue implements FrameWriter.Owner, Runnable {

    /** What the connection does when its queue moves. Loop only. */
    interface Owner {
        /** Bytes were written or dropped. */
        void onQueueMoved(@Nullable Throwable failure);

        /** Frames were taken outside a read burst and wait to be flushed. */
        void onFlushDue();

        /** There is room again after a refusal. */
        void onQueueWritable();

        /** Why a frame was not written, in the words of the connection. */
        Throwable writeFailure(Throwable cause);
    }

    private static final VarHandle PENDING;

    static {
        try {
            PENDING = MethodHandles.lookup().findVarHandle(SendQueue.class, "pending", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ConnectionSettings settings;
    private final LoopShard shard;
    private final FrameWriter writer;
    private final Owner owner;
    private volatile long pending;
    private volatile boolean open;
    private volatile boolean refused;
    private volatile int refusedBytes;
    private @Nullable Throwable ended;
    private boolean inBurst;
    private boolean flushQueued;
    private int framesOut;
    private long bytesOut;
    private long bytesOutTaken;

    SendQueue(ConnectionSettings settings, LoopShard shard, ChannelHandlerContext ctx, Owner owner) {
        this.settings = settings;
        this.owner = owner;
        this.shard = shard;
        writer = new FrameWriter(settings.format, ctx, this);
    }

    boolean trySend(ByteBuf frame) {
        FrameWriter.checkAlive(frame);
        settings.format.checkOutbound(frame);
        int wireBytes = settings.format.wireSize(frame.readableBytes());
        if (!open || !reserve(wireBytes)) {
            return false;
        }
        if (shard.loop.inEventLoop()) {
            append(frame, wireBytes, null);
            return true;
        }
        try {
            shard.loop.execute(() -> append(frame, wireBytes, null));
            return true;
        } catch (RejectedExecutionException loopIsGone) {
            unreserve(wireBytes);
            return false;
        }
    }

    CompletableFuture<@Nullable Void> send(ByteBuf frame) {
        FrameWriter.checkAlive(frame);
        int wireBytes;
        try {
            settings.format.checkOutbound(frame);
            wireBytes = settings.format.wireSize(frame.readableBytes());
        } catch (RuntimeException badFrame) {
            frame.release();
            throw badFrame;
        }
        if (!open) {
            frame.release();
            return ToolkitFuture.failed(shard.loop, closing());
        }
        if (!reserve(wireBytes)) {
            frame.release();
            // Failed already: a task on the loop for each refusal would be a queue without a bound.
            return ToolkitFuture.failed(shard.loop, open ? full(wireBytes) : closing());
        }
        ToolkitFuture<@Nullable Void> future = new ToolkitFuture<>(shard.loop);
        sendReserved(frame, wireBytes, future);
        return future;
    }

    private RejectedException closing() {
        return new RejectedException(
                settings.name, Reason.SHUTTING_DOWN, Duration.ZERO, "the connection is closing or closed");
    }

    private void sendReserved(ByteBuf frame, int wireBytes, ToolkitFuture<@Nullable Void> future) {
        WriteWaiter waiter = failure -> {
            if (failure == null) {
                future.succeed(null);
            } else {
                future.fail(owner.writeFailure(failure));
            }
        };
        if (shard.loop.inEventLoop()) {
            append(frame, wireBytes, waiter);
            return;
        }
        try {
            shard.loop.execute(() -> append(frame, wireBytes, waiter));
        } catch (RejectedExecutionException loopIsGone) {
            frame.release();
            unreserve(wireBytes);
            future.fail(new RejectedException(
                    settings.name, Reason.SHUTTING_DOWN, Duration.ZERO, "the connection's event loop is shut down"));
        }
    }

    private RejectedException full(int wireBytes) {
        String detail = pending + " bytes are queued, " + wireBytes + " more would exceed the cap of "
                + settings.writeQueueBytes + "; wait for FrameHandler.onWritable, or raise Limits.writeQueueBytes";
        return new RejectedException(settings.name, Reason.WRITE_BUFFER_FULL, Duration.ZERO, detail);
    }

    /** A write through the pipeline, as Netty users do: framed like any other, above the cap if need be. */
    void write(Object message, ChannelPromise promise) {
        if (!(message instanceof ByteBuf frame)) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new IllegalArgumentException("message: "
                    + message.getClass().getName() + " (must be a ByteBuf; add an encoder behind the framing)"));
            return;
        }
        int wireBytes;
        try {
            settings.format.checkOutbound(frame);
            wireBytes = settings.format.wireSize(frame.readableBytes());
        } catch (RuntimeException badFrame) {
            frame.release();
            promise.tryFailure(badFrame);
            return;
        }
        PENDING.getAndAdd(this, (long) wireBytes);
        appendNow(frame, wireBytes, WriteWaiter.of(promise));
    }

    private boolean reserve(int wireBytes) {
        long before = (long) PENDING.getAndAdd(this, (long) wireBytes);
        // An empty queue takes any frame: the cap bounds messages, and their wire size is a little more.
        boolean fits = before == 0 || before + wireBytes <= settings.writeQueueBytes;
        if (fits && open) {
            return true;
        }
        unreserve(wireBytes);
        if (!open) {
            // The close may have seen these bytes and wait for them: it has to look again.
            flushSoon();
        } else if (!fits) {
            settings.refusedSends.increment();
            refusedBytes = wireBytes;
            refused = true;
            if (hasRoom()) {
                tellWritable();
            }
        }
        return false;
    }

    private void flushSoon() {
        try {
            shard.loop.execute(owner::onFlushDue);
        } catch (RejectedExecutionException loopIsGone) {
            // So is the channel.
        }
    }

    private void unreserve(int wireBytes) {
        PENDING.getAndAdd(this, (long) -wireBytes);
    }

    private void append(ByteBuf frame, int wireBytes, @Nullable WriteWaiter waiter) {
        appendNow(frame, wireBytes, waiter);
        if (!inBurst && !flushQueued) {
            flushQueued = true;
            shard.loop.execute(this);
        }
    }

    private void appendNow(ByteBuf frame, int wireBytes, @Nullable WriteWaiter waiter) {
        if (ended != null) {
            frame.release();
            unreserve(wireBytes);
            if (waiter != null) {
                waiter.written(ended);
            }
            return;
        }
        framesOut++;
        try {
            writer.append(frame, wireBytes, waiter);
        } catch (Throwable lost) {
            // A stream with a frame missing is worse than none.
            unreserve(wireBytes);
            if (waiter != null) {
                waiter.written(lost);
            }
            owner.onQueueMoved(lost);
        }
    }

    /** The queued flush. */
    @Override
    public void run() {
        flushQueued = false;
        owner.onFlushDue();
    }

    /** Starts taking frames. */
    void open() {
        open = true;
    }

    /** Takes no more frames; those taken already go out. */
    void refuse() {
        open = false;
    }

    void beginBurst() {
        inBurst = true;
    }

    void endBurst() {
        inBurst = false;
        flush();
    }

    boolean inBurst() {
        return inBurst;
    }

    void flush() {
        writer.flush();
    }

    /** Drops what was not handed to the channel yet, and takes no more. */
    void close(Throwable cause) {
        open = false;
        ended = cause;
        writer.close(cause);
    }

    @Override
    public LoopBuffers buffers() {
        return shard.buffers;
    }

    @Override
    public void onWritten(int wireBytes, @Nullable Throwable failure) {
        unreserve(wireBytes);
        if (failure == null) {
            bytesOut += wireBytes;
        }
        if (refused && hasRoom()) {
            tellWritable();
        }
        owner.onQueueMoved(failure);
    }

    /** In a task of its own: the user may send more from within, and this may be the middle of a flush. */
    private void tellWritable() {
        try {
            shard.loop.execute(() -> {
                if (refused && open && hasRoom()) {
                    refused = false;
                    owner.onQueueWritable();
                }
            });
        } catch (RejectedExecutionException loopIsGone) {
            // Nobody can send any more, so nobody waits for room.
            refused = false;
        }
    }

    /**
     * Whether it makes sense to try again: the queue is half empty and has room for what was refused last. Among several
     * refused threads the largest may be told too early and mark itself again; an empty queue always has room, so none is
     * forgotten.
     */
    private boolean hasRoom() {
        long queued = pending;
        return queued == 0
                || (queued <= settings.writeQueueBytes / 2 && queued + refusedBytes <= settings.writeQueueBytes);
    }

    boolean isWritable() {
        return pending <= settings.writeQueueBytes / 2;
    }

    long pendingBytes() {
        return pending;
    }

    long bytesOut() {
        return bytesOut;
    }

    /** How many frames were taken on the loop since the last call. */
    int takeFramesOut() {
        int frames = framesOut;
        framesOut = 0;
        return frames;
    }

    /** How many bytes were written since the last call. */
    long takeBytesOut() {
        long bytes = bytesOut - bytesOutTaken;
        bytesOutTaken = bytesOut;
        return bytes;
    }

    /** A number that changes whenever the peer takes a byte. */
    long progressMark() {
        Channel channel = writer.channel();
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound == null ? bytesOut : bytesOut + outbound.currentProgress();
    }
}

package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Framing alone, for a pipeline of the user's: passes each frame on to the next handler, which releases it, and frames
 * each {@link ByteBuf} written.
 *
 * <p>Small frames written during a read burst leave in one buffer at its end; a flush during the burst is put off until
 * then. A stream that breaks the framing's rules, or ends inside a frame, fires a {@link NetException} through
 * {@code exceptionCaught}; the former also closes the channel, since there is no next frame to be found in it.
 *
 * <p>Threading: one instance per channel, on its loop.
 */
public final class FramingHandler extends ChannelDuplexHandler implements FrameSink, FrameWriter.Owner {

    /** Shared by the handlers of a thread; they hold batches only while there is one, see {@link LoopBuffers#leave}. */
    private static final FastThreadLocal<LoopBuffers> BUFFERS = new FastThreadLocal<>() {
        @Override
        protected LoopBuffers initialValue() {
            return new LoopBuffers(ByteBufAllocator.DEFAULT);
        }
    };

    private final FrameFormat format;
    private final FrameReader reader;

    @SuppressWarnings("NullAway.Init") // set when the handler is added
    private ChannelHandlerContext ctx;

    @SuppressWarnings("NullAway.Init") // set when the handler is added
    private LoopBuffers buffers;

    @SuppressWarnings("NullAway.Init") // set when the handler is added
    private FrameWriter writer;

    private boolean inBurst;
    private boolean broken;

    /** A handler for one channel. */
    public FramingHandler(FrameFormat format) {
        this.format = format;
        reader = new FrameReader(format);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.ctx = ctx;
        buffers = BUFFERS.get();
        buffers.use();
        writer = new FrameWriter(format, ctx, this);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        reader.close();
        writer.close(NetException.builder(Kind.LOCAL_CLOSED, Operation.WRITE)
                .detail("the framing handler was removed before this was flushed")
                .build());
        buffers.leave();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (!(message instanceof ByteBuf in)) {
            ctx.fireChannelRead(message);
            return;
        }
        if (broken) {
            in.release();
            return;
        }
        inBurst = true;
        try {
            reader.read(in, ctx.alloc(), this);
        } catch (NetException unreadable) {
            broken = true;
            reader.close();
            ctx.fireExceptionCaught(unreadable);
            ctx.close();
        }
    }

    @Override
    public void onFrame(ByteBuf in, int index, int length) {
        FrameView view = buffers.takeView();
        ctx.fireChannelRead(view.give(in, index, length));
        if (view.isFree()) {
            buffers.giveBack(view);
        }
    }

    @Override
    public boolean wantsFrames() {
        return !broken;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        inBurst = false;
        writer.flush();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            checkWhole();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        checkWhole();
        ctx.fireChannelInactive();
    }

    private void checkWhole() {
        if (!broken && reader.hasPartial()) {
            broken = true;
            int bytes = reader.partialBytes();
            reader.close();
            ctx.fireExceptionCaught(NetException.builder(Kind.FRAME_TRUNCATED, Operation.DECODE)
                    .detail("the stream ended inside a frame, after " + bytes + " bytes of it")
                    .build());
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof ByteBuf frame)) {
            writer.pass(message, promise);
            return;
        }
        try {
            format.checkOutbound(frame);
        } catch (RuntimeException badFrame) {
            ReferenceCountUtil.release(frame);
            promise.tryFailure(badFrame);
            return;
        }
        writer.append(frame, format.wireSize(frame.readableBytes()), WriteWaiter.of(promise));
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        if (!inBurst) {
            writer.flush();
            ctx.flush();
        }
    }

    @Override
    public LoopBuffers buffers() {
        return buffers;
    }

    @Override
    public void onWritten(int wireBytes, @Nullable Throwable failure) {
        // Netty's own water marks count what is written; nothing is kept here.
    }
}

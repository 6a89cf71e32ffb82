package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Framing alone, for a pipeline of the user's: passes each frame on to the next handler, which releases it, and frames
 * each {@link ByteBuf} written.
 *
 * <p>Small frames written during a read burst leave in one buffer at its end; a flush during the burst is put off until
 * then. A stream that breaks the framing's rules closes the channel after {@code exceptionCaught} has seen the
 * {@link io.nettoolkit.core.NetException}; bytes that come after it are dropped.
 *
 * <p>Threading: one instance per channel, on its loop.
 */
public final class FramingHandler extends ChannelDuplexHandler implements FrameSink, FrameWriter.Completion {

    private static final FastThreadLocal<LoopBuffers> BUFFERS = new FastThreadLocal<>() {
        @Override
        protected LoopBuffers initialValue() {
            return new LoopBuffers(ByteBufAllocator.DEFAULT);
        }
    };
}

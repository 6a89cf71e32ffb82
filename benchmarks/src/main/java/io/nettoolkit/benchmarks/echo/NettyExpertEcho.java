package io.nettoolkit.benchmarks.echo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.flush.FlushConsolidationHandler;

/**
 * N1: what somebody writes who knows Netty well and keeps its parts. The stock decoder; an encoder that puts length and
 * payload in one buffer; void promises; flushes joined by {@link FlushConsolidationHandler}.
 */
public final class NettyExpertEcho {

    private NettyExpertEcho() {}

    /** Starts it on one loop. */
    public static EchoServer start(ByteBufAllocator allocator) {
        return NettyBootstrap.start(allocator, NettyExpertEcho::handlers);
    }

    /** The pipeline, also measured without a socket. */
    public static ChannelHandler[] handlers() {
        return new ChannelHandler[] {
            new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true),
            new LengthFieldBasedFrameDecoder(EchoServer.MAX_FRAME_BYTES, 0, 4, 0, 4),
            new SingleBufferEncoder(),
            new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object frame) {
                    context.writeAndFlush(frame, context.voidPromise());
                }
            }
        };
    }

    private static final class SingleBufferEncoder extends ChannelOutboundHandlerAdapter {

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            ByteBuf payload = (ByteBuf) message;
            try {
                int length = payload.readableBytes();
                ByteBuf frame = context.alloc().ioBuffer(Integer.BYTES + length);
                frame.writeInt(length).writeBytes(payload, payload.readerIndex(), length);
                context.write(frame, promise);
            } finally {
                payload.release();
            }
        }
    }
}

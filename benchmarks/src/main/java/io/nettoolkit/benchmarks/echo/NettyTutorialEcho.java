package io.nettoolkit.benchmarks.echo;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;

/** N0: what Netty's guides show. The stock frame decoder and prepender, write on read, flush on read complete. */
public final class NettyTutorialEcho {

    private NettyTutorialEcho() {}

    /** Starts it on one loop. */
    public static EchoServer start(ByteBufAllocator allocator) {
        return NettyBootstrap.start(allocator, NettyTutorialEcho::handlers);
    }

    /** The pipeline, also measured without a socket. */
    public static ChannelHandler[] handlers() {
        return new ChannelHandler[] {
            new LengthFieldBasedFrameDecoder(EchoServer.MAX_FRAME_BYTES, 0, 4, 0, 4),
            new LengthFieldPrepender(4),
            new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object frame) {
                    context.write(frame);
                }

                @Override
                public void channelReadComplete(ChannelHandlerContext context) {
                    context.flush();
                }
            }
        };
    }
}

package io.nettoolkit.benchmarks.echo;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import reactor.netty.DisposableServer;
import reactor.netty.tcp.TcpServer;

/**
 * Reactor Netty as its reference guide has it: {@code TcpServer.handle} over a channel with Netty's frame codec. It gets
 * its event loop from outside, because left alone it prefers io_uring to epoll where both are there.
 */
public final class ReactorNettyEcho {

    private ReactorNettyEcho() {}

    /** Starts it on one loop. */
    public static EchoServer start(ByteBufAllocator allocator) {
        EventLoopGroup loop = NettyBootstrap.newLoop();
        DisposableServer server = TcpServer.create()
                .runOn(loop)
                .host("127.0.0.1")
                .port(0)
                .option(ChannelOption.SO_BACKLOG, EchoServer.BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .doOnConnection(connection -> connection
                        .addHandlerLast(new LengthFieldBasedFrameDecoder(EchoServer.MAX_FRAME_BYTES, 0, 4, 0, 4))
                        .addHandlerLast(new LengthFieldPrepender(4)))
                .handle((inbound, outbound) -> outbound.send(inbound.receive().retain()))
                .bindNow();
        return new EchoServer() {
            @Override
            public int port() {
                return server.port();
            }

            @Override
            public void close() {
                server.disposeNow();
                loop.shutdownGracefully().syncUninterruptibly();
            }
        };
    }
}

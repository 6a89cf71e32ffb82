package io.nettoolkit.benchmarks.echo;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.TcpServer;
import io.nettoolkit.tcp.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;

/** The toolkit as its README has it, with every deadline and limit armed; the counts are raised to fit the runs. */
public final class ToolkitEcho {

    private static final int CONNECTIONS = 20_000;
    private static final int ACCEPTS_PER_SECOND = 1_000_000;

    private ToolkitEcho() {}

    /** Starts it on one loop, with the toolkit's own choice of allocator. */
    public static EchoServer start() {
        return start(EventLoops.builder());
    }

    /** Starts it on one loop with this allocator. */
    static EchoServer start(ByteBufAllocator allocator) {
        return start(EventLoops.builder().allocator(allocator));
    }

    private static EchoServer start(EventLoops.Builder options) {
        EventLoops loops = options.threads(1).name("echo").build();
        TcpServer server = TcpServer.builder(framing(), ToolkitEcho::echo)
                .eventLoops(loops)
                .socketOptions(SocketOptions.latency().toBuilder()
                        .backlog(EchoServer.BACKLOG)
                        .build())
                .limits(Limits.builder()
                        .maxConnections(CONNECTIONS)
                        .maxConnectionsPerAddress(CONNECTIONS)
                        .acceptsPerSecond(ACCEPTS_PER_SECOND)
                        .build())
                .timeouts(Timeouts.forServers())
                .build();
        InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
        return new EchoServer() {
            @Override
            public int port() {
                return address.getPort();
            }

            @Override
            public void close() {
                server.close();
                loops.close();
            }
        };
    }

    /** The codec alone in somebody else's pipeline, also measured without a socket. */
    public static ChannelHandler[] handlers() {
        return new ChannelHandler[] {
            framing().newHandler(),
            new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object frame) {
                    context.write(frame, context.voidPromise());
                }

                @Override
                public void channelReadComplete(ChannelHandlerContext context) {
                    context.flush();
                }
            }
        };
    }

    private static Framing framing() {
        return Framing.lengthField().maxFrameBytes(EchoServer.MAX_FRAME_BYTES).build();
    }

    private static void echo(Connection connection, ByteBuf frame) {
        if (!connection.trySend(frame.retain())) {
            frame.release();
            connection.abort();
        }
    }
}

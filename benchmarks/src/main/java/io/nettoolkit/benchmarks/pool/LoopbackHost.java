package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A host on loopback that accepts connections and says nothing, so that pools hold real ones and a benchmark measures
 * nothing but the pool.
 */
final class LoopbackHost implements AutoCloseable {

    private final EventLoops loops;
    private final Channel server;

    /** A host whose clients live on this many event loops. */
    LoopbackHost(int threads) {
        loops = EventLoops.builder()
                .transport(Transport.NIO)
                .threads(threads)
                .name("bench")
                .build();
        server = new ServerBootstrap()
                .group(loops.group())
                .channel(NioServerSocketChannel.class)
                .childHandler(silent())
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
    }

    EventLoops loops() {
        return loops;
    }

    /** What connects to it from these loops. */
    Bootstrap bootstrap(EventLoopGroup group) {
        return new Bootstrap()
                .group(group)
                .channelFactory(StampedChannel::new)
                .handler(silent())
                .remoteAddress(server.localAddress());
    }

    /** One more connection, on this loop. */
    CompletableFuture<Channel> connect(EventLoop loop) {
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connecting = bootstrap(loop).connect();
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                connected.complete(connecting.channel());
            } else {
                connected.completeExceptionally(done.cause());
            }
        });
        return connected;
    }

    /** As many connections, spread over the loops. */
    List<StampedChannel> connect(int connections) {
        List<StampedChannel> channels = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            channels.add((StampedChannel) connect(loops.next()).join());
        }
        return channels;
    }

    private static ChannelHandler silent() {
        return new Silent();
    }

    @Override
    public void close() {
        loops.close();
    }

    @ChannelHandler.Sharable
    private static final class Silent extends ChannelInboundHandlerAdapter {}
}

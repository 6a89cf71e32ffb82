package io.nettoolkit.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A server within the JVM, event loops in virtual time, and a connector between them. */
final class PoolRig implements AutoCloseable {

    final ManualTime time = ManualTime.create();
    final TimeSource timeSource = TimeSource.of(time.ticker());
    final EventLoopGroup loops;
    /** The server's ends, in the order of accepting. */
    final List<Channel> accepted = new CopyOnWriteArrayList<>();
    /** What clients read that nobody in their pipeline took. */
    final Queue<Object> read = new LinkedTransferQueue<>();

    final AtomicInteger connects = new AtomicInteger();
    private final Channel server;

    PoolRig(int threads) {
        loops = time.newEventLoopGroup(threads, LocalIoHandler.newFactory());
        server = new ServerBootstrap()
                .group(loops)
                .channel(LocalServerChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        accepted.add(child);
                    }
                })
                .bind(LocalAddress.ANY)
                .syncUninterruptibly()
                .channel();
    }

    CompletionStage<Channel> connect(Object key, EventLoop loop, Deadline deadline) {
        connects.incrementAndGet();
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        read.add(message);
                        ReferenceCountUtil.release(message);
                    }
                })
                .connect(server.localAddress())
                .addListener((io.netty.channel.ChannelFuture done) -> {
                    if (done.isSuccess()) {
                        connected.complete(done.channel());
                    } else {
                        connected.completeExceptionally(done.cause());
                    }
                });
        return connected;
    }

    ConnectionPool.Builder pool(PoolConfig.Builder config) {
        return pool(config, this::connect);
    }

    ConnectionPool.Builder pool(PoolConfig.Builder config, Connector<Object> connector) {
        return ConnectionPool.builder("orders", connector)
                .config(config.build())
                .eventLoops(loops)
                .timeSource(timeSource);
    }

    Deadline in(Duration timeout) {
        return Deadline.after(timeout, timeSource);
    }

    Deadline soon() {
        return in(Duration.ofSeconds(5));
    }

    /** Lets the loops do what there is to do. */
    void settle() {
        for (int i = 0; i < 3; i++) {
            time.advance(Duration.ZERO);
        }
    }

    void advance(Duration duration) {
        time.advance(duration);
        settle();
    }

    /** A lease, connected for if need be. */
    Lease lease(ConnectionPool pool) {
        CompletableFuture<Lease> lease = pool.acquire(soon());
        settle();
        return lease.getNow(null);
    }

    @Override
    public void close() {
        if (!loops.isShuttingDown()) {
            // Before the loops: an end that closes tells the other one's loop.
            server.close().syncUninterruptibly();
            accepted.forEach(Channel::close);
            settle();
        }
        time.close();
    }
}

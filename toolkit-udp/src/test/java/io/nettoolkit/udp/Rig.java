package io.nettoolkit.udp;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.nettoolkit.udp.internal.channel.ListeningChannel;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A server on a free loopback port and clients of it, by ordinary bootstraps. */
final class Rig implements AutoCloseable {

    /** How long a test waits for what should happen at once, on a machine that is busy with other things. */
    static final int PATIENCE_SECONDS = 30;

    final EventLoops loops;
    final RudpConfig config;
    private final Queue<ChannelFuture> sockets = new ConcurrentLinkedQueue<>();

    Rig(Transport transport, RudpConfig config) {
        loops = TransportMatrix.loops(transport, 2);
        this.config = config;
    }

    /** Quick to give up and to close: for a path that takes microseconds. */
    static RudpConfig config(RudpSecurity security, UnaryOperator<RudpConfig.Builder> options) {
        return options.apply(RudpConfig.lan(security).toBuilder()).build();
    }

    static RudpConfig plain() {
        return config(RudpSecurity.plaintext(), options -> options);
    }

    ServerBootstrap serverBootstrap(ChannelHandler child) {
        ChannelFactory<RudpServerChannel> factory = RudpServerChannel.factory(config, loops.datagramChannelFactory());
        return new ServerBootstrap()
                .group(loops.group())
                .channelFactory(() -> {
                    RudpServerChannel server = factory.newChannel();
                    sockets.add(((ListeningChannel) server).socketClosed());
                    return server;
                })
                .childHandler(child);
    }

    RudpServerChannel serve(ChannelHandler child) throws Exception {
        return serve(serverBootstrap(child));
    }

    RudpServerChannel serve(ServerBootstrap bootstrap) throws Exception {
        return (RudpServerChannel)
                await(bootstrap.bind(new InetSocketAddress("127.0.0.1", 0))).channel();
    }

    Bootstrap bootstrap(ChannelHandler handler) {
        return bootstrap(config, handler);
    }

    Bootstrap bootstrap(RudpConfig other, ChannelHandler handler) {
        ChannelFactory<RudpChannel> factory = RudpChannel.factory(other, loops.datagramChannelFactory());
        return new Bootstrap()
                .group(loops.group())
                .channelFactory(() -> {
                    RudpChannel channel = factory.newChannel();
                    sockets.add(((ConnectionChannel) channel).socketClosed());
                    return channel;
                })
                .handler(handler);
    }

    RudpChannel connect(Channel server, ChannelHandler handler) throws Exception {
        return (RudpChannel)
                await(bootstrap(handler).connect(server.localAddress())).channel();
    }

    static <F extends io.netty.util.concurrent.Future<?>> F await(F future) throws Exception {
        if (!future.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nothing came of " + future + " within " + PATIENCE_SECONDS + " s");
        }
        if (!future.isSuccess()) {
            throw new AssertionError("failed", future.cause());
        }
        return future;
    }

    static Throwable failure(io.netty.util.concurrent.Future<?> future) throws Exception {
        if (!future.await(PATIENCE_SECONDS, TimeUnit.SECONDS) || future.isSuccess()) {
            throw new AssertionError("no failure of " + future);
        }
        return future.cause();
    }

    /** Waits for something another thread does, without a bound on how often it looks. */
    static void until(String what, BooleanSupplier condition) {
        Deadline deadline = Deadline.after(Duration.ofSeconds(PATIENCE_SECONDS));
        while (!condition.getAsBoolean()) {
            if (deadline.isExpired()) {
                throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
            }
            Thread.onSpinWait();
        }
    }

    static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** Sockets outlive their channels for a few round trips. */
    void awaitSockets() {
        sockets.forEach(socket -> socket.awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }

    @Override
    public void close() {
        awaitSockets();
        loops.close();
    }

    static ChannelInitializer<Channel> each(java.util.function.Supplier<? extends ChannelHandler> handler) {
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handler.get());
            }
        };
    }

    /** Sends back what comes. */
    static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.write(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {}
    }

    /** Keeps what comes, in queues without locks: their writers are event loops, where waiting for one is an error. */
    static final class Collector extends ChannelInboundHandlerAdapter {
        final BlockingQueue<Object> messages = new LinkedTransferQueue<>();
        final BlockingQueue<Throwable> failures = new LinkedTransferQueue<>();
        final BlockingQueue<Channel> active = new LinkedTransferQueue<>();
        final BlockingQueue<Boolean> writability = new LinkedTransferQueue<>();
        final BlockingQueue<Object> events = new LinkedTransferQueue<>();

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            active.add(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            messages.add(message);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            writability.add(context.channel().isWritable());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            events.add(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }

        static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
            T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing within " + PATIENCE_SECONDS + " s");
            }
            return next;
        }

        /** The next message as text. */
        String text() throws InterruptedException {
            Object message = next(messages);
            try {
                ByteBuf content = message instanceof RudpMessage addressed ? addressed.content() : (ByteBuf) message;
                return content.toString(StandardCharsets.UTF_8);
            } finally {
                ReferenceCountUtil.release(message);
            }
        }
    }
}

package io.nettoolkit.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A server on loopback that echoes bytes, on one transport, and the client's event loops. */
final class SocketHost implements AutoCloseable {

    /** In real time, for what happens at once unless something is broken. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final int LOOPS = 2;

    final EventLoops loops;
    final AtomicInteger accepted = new AtomicInteger();
    final AtomicInteger connects = new AtomicInteger();
    final AtomicInteger connecting = new AtomicInteger();
    final AtomicInteger mostConnecting = new AtomicInteger();

    /** The client's channels that are open. */
    final ChannelGroup opened = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    private final ChannelGroup children = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private @Nullable Channel server;
    private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    SocketHost(Transport transport) {
        this(transport, LOOPS);
    }

    SocketHost(Transport transport, int threads) {
        loops = EventLoops.builder()
                .transport(transport)
                .threads(threads)
                .name("pool-it")
                .stallThreshold(Duration.ZERO)
                .build();
        start();
    }

    /** The transports there are here. */
    static Stream<Transport> transports() {
        return Stream.of(Transport.values()).filter(Transport::isAvailable);
    }

    InetSocketAddress address() {
        return address;
    }

    /** Listens, again on the same port. */
    void start() {
        server = new ServerBootstrap()
                .group(loops.group())
                .channelFactory(loops.serverChannelFactory())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childHandler(new Echo())
                .bind(address)
                .syncUninterruptibly()
                .channel();
        address = (InetSocketAddress) server.localAddress();
    }

    /** Stops listening; connects are refused. */
    void stop() {
        awaitAccepted();
        Objects.requireNonNull(server).close().syncUninterruptibly();
        await("connects are refused, which io_uring brings about a little later", this::isRefusing);
    }

    private boolean isRefusing() {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            return !socket.isConnected();
        } catch (ConnectException refused) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Ends every connection. */
    void closeAll() {
        awaitAccepted();
        children.close().awaitUninterruptibly();
    }

    /** A client has its connection before the server has taken it, and what comes that late would not be closed. */
    private void awaitAccepted() {
        await("every connection has been accepted", () -> children.size() >= opened.size());
    }

    /** Ends every connection with a reset. */
    void resetAll() {
        children.forEach(SocketHost::lingerNot);
        closeAll();
    }

    private static void lingerNot(Channel child) {
        try {
            child.config().setOption(ChannelOption.SO_LINGER, 0);
        } catch (ChannelException e) {
            if (child.isOpen()) {
                throw e;
            }
            // Its own end was faster.
        }
    }

    /** Says something nobody has asked for, on every connection. */
    void babble() {
        children.writeAndFlush(loops.allocator().buffer().writeZero(3)).awaitUninterruptibly();
    }

    int openConnections() {
        return children.size();
    }

    /** As a connector. */
    CompletableFuture<Channel> connect(Object key, EventLoop loop, Deadline deadline) {
        return connect(address, loop);
    }

    /** Opens a connection to this address, counted. */
    CompletableFuture<Channel> connect(SocketAddress target, EventLoop loop) {
        connects.incrementAndGet();
        mostConnecting.accumulateAndGet(connecting.incrementAndGet(), Math::max);
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connect = new Bootstrap()
                .group(loop)
                .channelFactory(loops.channelFactory())
                .handler(new Client())
                .connect(target);
        connect.addListener(done -> {
            connecting.decrementAndGet();
            if (done.isSuccess()) {
                opened.add(connect.channel());
                connected.complete(connect.channel());
            } else {
                connected.completeExceptionally(done.cause());
            }
        });
        return connected;
    }

    ConnectionPool.Builder pool() {
        return ConnectionPool.builder("host", this::connect).eventLoops(loops.group());
    }

    static Deadline soon() {
        return Deadline.after(PATIENCE);
    }

    /** Waits for what is about to happen. */
    static void await(String what, BooleanSupplier condition) {
        long end = TimeSource.system().nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (TimeSource.system().nanoTime() - end > 0) {
                throw new AssertionError("waited in vain: " + what);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    @Override
    public void close() {
        loops.close();
        await("the client's channels are closed", opened::isEmpty);
    }

    @ChannelHandler.Sharable
    private final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelActive(ChannelHandlerContext context) {
            accepted.incrementAndGet();
            children.add(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            context.writeAndFlush(bytes, context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Whoever has the channel adds a handler for what it expects; nobody else minds. */
    @ChannelHandler.Sharable
    private static final class Client extends ChannelInboundHandlerAdapter {

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}

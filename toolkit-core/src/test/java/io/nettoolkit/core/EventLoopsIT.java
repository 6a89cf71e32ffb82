package io.nettoolkit.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kind of channel of every transport that runs here, with real sockets. */
class EventLoopsIT {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesTcp(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (EventLoops loops = loops(transport)) {
            echo(
                    loops,
                    loops.serverChannelFactory(),
                    loops.channelFactory(),
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesUnixDomainStreams(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (EventLoops loops = loops(transport)) {
            echo(
                    loops,
                    loops.unixServerChannelFactory(),
                    loops.unixChannelFactory(),
                    loops.unixAddress(directory.resolve("echo.sock")));
        }
    }

    private static void echo(
            EventLoops loops,
            ChannelFactory<? extends ServerChannel> servers,
            ChannelFactory<? extends Channel> clients,
            SocketAddress address)
            throws Exception {
        Channel server = new ServerBootstrap()
                .group(loops.group())
                .channelFactory(servers)
                .childOption(ChannelOption.ALLOCATOR, loops.allocator())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Echo());
                    }
                })
                .bind(address)
                .sync()
                .channel();
        CompletableFuture<String> answer = new CompletableFuture<>();
        Channel client = new Bootstrap()
                .group(loops.group())
                .channelFactory(clients)
                .option(ChannelOption.ALLOCATOR, loops.allocator())
                .handler(new SimpleChannelInboundHandler<ByteBuf>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
                        answer.complete(message.toString(UTF_8));
                    }
                })
                .connect(server.localAddress())
                .sync()
                .channel();
        client.writeAndFlush(Unpooled.copiedBuffer("hello", UTF_8)).sync();
        assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("hello");
        client.close().sync();
        server.close().sync();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesDatagrams(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (EventLoops loops = loops(transport)) {
            CompletableFuture<String> received = new CompletableFuture<>();
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            Bootstrap bootstrap = new Bootstrap()
                    .group(loops.group())
                    .channelFactory(loops.datagramChannelFactory())
                    .handler(new SimpleChannelInboundHandler<DatagramPacket>() {
                        @Override
                        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
                            received.complete(packet.content().toString(UTF_8));
                        }
                    });
            Channel receiver = bootstrap.bind(anyPort).sync().channel();
            Channel sender = bootstrap
                    .clone()
                    .handler(new ChannelInboundHandlerAdapter())
                    .bind(anyPort)
                    .sync()
                    .channel();
            sender.writeAndFlush(new DatagramPacket(
                            Unpooled.copiedBuffer("hello", UTF_8), (InetSocketAddress) receiver.localAddress()))
                    .sync();
            assertThat(received.get(30, TimeUnit.SECONDS)).isEqualTo("hello");
            sender.close().sync();
            receiver.close().sync();
        }
    }

    /** Many times: where a ring ends too early depends on the moment. A socket that is left behind keeps its port. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void closesTheSocketsOfChannelsThatAreStillOpen(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        InetAddress loopback = InetAddress.getLoopbackAddress();
        for (int i = 0; i < 100; i++) {
            InetSocketAddress address;
            try (EventLoops loops = loops(transport);
                    DatagramSocket peer = new DatagramSocket(0, loopback)) {
                Channel channel = new Bootstrap()
                        .group(loops.group())
                        .channelFactory(loops.datagramChannelFactory())
                        .handler(new ChannelInboundHandlerAdapter())
                        .connect(peer.getLocalSocketAddress(), new InetSocketAddress(loopback, 0))
                        .sync()
                        .channel();
                address = (InetSocketAddress) channel.localAddress();
                channel.writeAndFlush(Unpooled.copiedBuffer("hello", UTF_8)).sync();
            }
            try (DatagramSocket again = new DatagramSocket(address)) {
                assertThat(again.isBound()).isTrue();
            }
        }
    }

    /** Whoever holds the group may end it as any executor service. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void endsInTheSameWayWhenTheGroupIsShutDownAtOnce(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (EventLoops loops = loops(transport)) {
            Channel channel = new Bootstrap()
                    .group(loops.group())
                    .channelFactory(loops.datagramChannelFactory())
                    .handler(new ChannelInboundHandlerAdapter())
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            SocketAddress address = channel.localAddress();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread thread = channel.eventLoop().submit(Thread::currentThread).get(30, TimeUnit.SECONDS);
            thread.setUncaughtExceptionHandler((ended, failure) -> thrown.set(failure));

            ExecutorService group = loops.group();
            group.shutdownNow();
            thread.join();

            assertThat(thrown).hasValue(null);
            try (DatagramSocket again = new DatagramSocket(address)) {
                assertThat(again.isBound()).isTrue();
            }
        }
    }

    private static EventLoops loops(Transport transport) {
        return EventLoops.builder().transport(transport).threads(2).build();
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }
}

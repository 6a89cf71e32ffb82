package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.internal.SocketOptionsApplier;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Options asked for, read back from live sockets. */
@EnabledOnOs(OS.LINUX)
class SocketOptionsIT {

    private static final SocketOptions ASKED = SocketOptions.builder()
            .tcpNoDelay(false)
            .keepAliveIdle(Duration.ofSeconds(77))
            .keepAliveInterval(Duration.ofSeconds(7))
            .keepAliveCount(5)
            .userTimeout(Duration.ofMillis(12_345))
            .sendBufferBytes(30_000)
            .receiveBufferBytes(40_000)
            .notSentLowWaterMarkBytes(20_000)
            .backlog(17)
            .reusePort(true)
            .build();

    @ParameterizedTest
    @EnumSource(
            value = Transport.class,
            names = {"EPOLL", "IO_URING"})
    void nativeTransportsSetEverything(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (Pair pair = new Pair(transport, ASKED)) {
            assertThat(pair.serverReport).isEmpty();
            assertThat(pair.clientReport).isEmpty();
            for (Channel channel : List.of(pair.accepted, pair.client)) {
                boolean epoll = transport == Transport.EPOLL;
                assertCommon(channel);
                assertOption(channel, epoll ? EpollChannelOption.TCP_KEEPIDLE : IoUringChannelOption.TCP_KEEPIDLE, 77);
                assertOption(channel, epoll ? EpollChannelOption.TCP_KEEPINTVL : IoUringChannelOption.TCP_KEEPINTVL, 7);
                assertOption(channel, epoll ? EpollChannelOption.TCP_KEEPCNT : IoUringChannelOption.TCP_KEEPCNT, 5);
                assertOption(
                        channel,
                        epoll ? EpollChannelOption.TCP_USER_TIMEOUT : IoUringChannelOption.TCP_USER_TIMEOUT,
                        12_345);
                assertOption(
                        channel,
                        epoll ? EpollChannelOption.TCP_NOTSENT_LOWAT : IoUringChannelOption.TCP_NOTSENT_LOWAT,
                        20_000L);
                // Linux answers with twice what was set
                assertOption(channel, ChannelOption.SO_SNDBUF, 60_000);
                assertOption(channel, ChannelOption.SO_RCVBUF, 80_000);
            }
            assertListening(pair, EpollChannelOption.SO_REUSEPORT);
            assertOption(pair.server, ChannelOption.SO_RCVBUF, 80_000);
        }
    }

    @Test
    void nioSetsWhatTheJdkKnowsAndReportsTheRest() throws Exception {
        try (Pair pair = new Pair(Transport.NIO, ASKED)) {
            List<String> missing = List.of(
                    "userTimeout (TCP_USER_TIMEOUT): NIO cannot set it here",
                    "notSentLowWaterMarkBytes (TCP_NOTSENT_LOWAT): NIO cannot set it here");
            assertThat(pair.serverReport).isEqualTo(missing);
            assertThat(pair.clientReport).isEqualTo(missing);
            for (Channel channel : List.of(pair.accepted, pair.client)) {
                assertCommon(channel);
                assertOption(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), 77);
                assertOption(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), 7);
                assertOption(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), 5);
                assertOption(channel, ChannelOption.SO_SNDBUF, 30_000);
                assertOption(channel, ChannelOption.SO_RCVBUF, 40_000);
            }
            assertListening(pair, NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT));
            assertOption(pair.server, ChannelOption.SO_RCVBUF, 40_000);
        }
    }

    private static void assertCommon(Channel channel) {
        assertOption(channel, ChannelOption.TCP_NODELAY, false);
        assertOption(channel, ChannelOption.SO_KEEPALIVE, true);
    }

    private static void assertListening(Pair pair, ChannelOption<Boolean> reusePort) {
        assertOption(pair.server, ChannelOption.SO_BACKLOG, 17);
        assertOption(pair.server, ChannelOption.SO_REUSEADDR, true);
        assertOption(pair.server, reusePort, true);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void defaultsCanBeHadEverywhere(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        try (Pair pair = new Pair(transport, SocketOptions.defaults())) {
            assertThat(pair.serverReport).isEmpty();
            assertThat(pair.clientReport).isEmpty();
            assertOption(pair.accepted, ChannelOption.TCP_NODELAY, true);
            assertOption(pair.accepted, ChannelOption.SO_KEEPALIVE, true);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void reportsABufferThatTheKernelCuts(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        int max = kernelSetting("net/core/wmem_max");
        assumeTrue(max > 0, "the kernel's limit cannot be read");
        int asked = 2 * max + 2;
        SocketOptions options = SocketOptions.builder().sendBufferBytes(asked).build();
        assertThat(SocketOptionsApplier.applyTo(new Bootstrap(), options, transport))
                .singleElement()
                .asString()
                .isEqualTo("sendBufferBytes=" + asked + ": the system cut it to " + max);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void saysWhetherFastOpenCanBeHad(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        int bits = kernelSetting("net/ipv4/tcp_fastopen");
        boolean isNative = transport != Transport.NIO;
        SocketOptions options =
                SocketOptions.builder().fastOpenConnect(true).fastOpenQueue(16).build();
        try (Pair pair = new Pair(transport, options)) {
            boolean client = isNative && (bits & 1) != 0;
            boolean server = isNative && (bits & 2) != 0;
            assertThat(pair.clientReport)
                    .isEqualTo(
                            client
                                    ? List.of()
                                    : List.of("fastOpenConnect (TCP_FASTOPEN_CONNECT): " + transport
                                            + " cannot set it here"));
            assertThat(pair.serverReport)
                    .isEqualTo(
                            server
                                    ? List.of()
                                    : List.of("fastOpenQueue (TCP_FASTOPEN): " + transport + " cannot set it here"));
            if (client) {
                assertOption(pair.client, ChannelOption.TCP_FASTOPEN_CONNECT, true);
            }
            if (server) {
                assertOption(pair.server, ChannelOption.TCP_FASTOPEN, 16);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void leavesNoProbeSocketOpen(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable());
        SocketOptionsApplier.applyTo(new Bootstrap(), ASKED, transport);
        long before = descriptors();
        for (int i = 0; i < 50; i++) {
            SocketOptionsApplier.applyTo(new Bootstrap(), ASKED, transport);
            SocketOptionsApplier.applyTo(new ServerBootstrap(), ASKED, transport);
        }
        assertThat(descriptors()).isLessThan(before + 50);
    }

    /** Zero where it cannot be read. Such a file has to be read in one go: Files.readString would get one digit. */
    private static int kernelSetting(String name) throws Exception {
        Path setting = Path.of("/proc/sys", name);
        return Files.isReadable(setting)
                ? Integer.parseInt(Files.readAllLines(setting).get(0).trim())
                : 0;
    }

    private static long descriptors() throws Exception {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }

    private static <T> void assertOption(Channel channel, ChannelOption<T> option, T value) {
        assertThat(channel.config().getOption(option))
                .as("%s of %s", option, channel)
                .isEqualTo(value);
    }

    /** A connection from this process to itself. */
    private static final class Pair implements AutoCloseable {
        final EventLoops loops;
        final List<String> serverReport;
        final List<String> clientReport;
        final Channel server;
        final Channel client;
        final Channel accepted;

        Pair(Transport transport, SocketOptions options) throws Exception {
            loops = EventLoops.builder().transport(transport).threads(1).build();
            CompletableFuture<Channel> acceptance = new CompletableFuture<>();
            ServerBootstrap serverBootstrap = new ServerBootstrap()
                    .group(loops.group())
                    .channelFactory(loops.serverChannelFactory())
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelActive(ChannelHandlerContext context) {
                            acceptance.complete(context.channel());
                        }
                    });
            serverReport = SocketOptionsApplier.applyTo(serverBootstrap, options, transport);
            Bootstrap clientBootstrap = new Bootstrap()
                    .group(loops.group())
                    .channelFactory(loops.channelFactory())
                    .handler(new ChannelInboundHandlerAdapter());
            clientReport = SocketOptionsApplier.applyTo(clientBootstrap, options, transport);
            server = serverBootstrap
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            client = clientBootstrap.connect(server.localAddress()).sync().channel();
            accepted = acceptance.get(30, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            loops.close();
        }
    }
}

package io.nettoolkit.core.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.NetFailure.Kind;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Failures as operating system and transports really report them. TLS: {@link TlsFailureClassifierIT}. */
class FailureClassifierIT {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable resource : open) {
            resource.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectRefused(TestTransport transport) throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, LOOPBACK)) {
            port = closed.getLocalPort();
        }

        assertKind(connectFailure(transport, new InetSocketAddress(LOOPBACK, port)), Kind.CONNECT_REFUSED);
    }

    @ParameterizedTest
    @EnumSource
    void resetWhileReading(TestTransport transport) throws Exception {
        ServerSocket server = listen(50);
        CompletableFuture<Throwable> caught = new CompletableFuture<>();
        Channel client = connect(transport, server, new CatchingHandler(caught), true);
        try (Socket accepted = server.accept()) {
            accepted.setSoLinger(true, 0); // close sends a reset
        }

        assertKind(caught.get(30, SECONDS), Kind.RESET);
        client.close().sync();
    }

    /**
     * Native transports notice a reset without reading, and the channel is closed before the write: then it was
     * exceptionCaught that told of the reset.
     */
    @ParameterizedTest
    @EnumSource
    void writeAfterThePeerHasReset(TestTransport transport) throws Exception {
        ServerSocket server = listen(50);
        CompletableFuture<Throwable> caught = new CompletableFuture<>();
        Channel client = connect(transport, server, new CatchingHandler(caught), false);
        try (Socket accepted = server.accept()) {
            accepted.setSoLinger(true, 0);
        }
        Throwable failure = null;
        for (int i = 0; i < 10_000 && failure == null; i++) {
            ChannelFuture write = client.writeAndFlush(Unpooled.copiedBuffer("x", US_ASCII));
            assertThat(write.await(30, SECONDS)).isTrue();
            failure = write.cause();
        }
        boolean closedBefore = failure instanceof ClosedChannelException && failure.getCause() == null;

        assertKind(closedBefore ? caught.get(30, SECONDS) : failure, Kind.RESET);
        client.close().sync();
    }

    /** On the loop, so that nothing but the write can meet the reset; io_uring writes only once the task is over. */
    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL"})
    void writeThatMeetsTheReset(TestTransport transport) throws Exception {
        ServerSocket server = listen(50);
        Channel client = connect(transport, server, new ChannelHandlerAdapter() {}, false);
        Socket accepted = server.accept();
        open.add(accepted);
        Throwable failure = client.eventLoop()
                .submit(() -> {
                    accepted.setSoLinger(true, 0);
                    accepted.close();
                    for (int i = 0; i < 10_000_000; i++) {
                        ChannelFuture write = client.writeAndFlush(Unpooled.copiedBuffer("x", US_ASCII));
                        if (write.cause() != null) {
                            return write.cause();
                        }
                    }
                    return null;
                })
                .get(30, SECONDS);

        assertKind(failure, Kind.RESET);
        client.close().sync();
    }

    @ParameterizedTest
    @EnumSource
    void writeAfterAClose(TestTransport transport) throws Exception {
        ServerSocket server = listen(50);
        Channel client = connect(transport, server, new ChannelHandlerAdapter() {}, true);
        client.close().sync();
        ChannelFuture write = client.writeAndFlush(Unpooled.copiedBuffer("x", US_ASCII));
        assertThat(write.await(30, SECONDS)).isTrue();

        assertKind(write.cause(), Kind.LOCAL_CLOSED);
    }

    @ParameterizedTest
    @EnumSource
    void bindInUse(TestTransport transport) throws Exception {
        ServerSocket taken = listen(1);

        assertKind(bindFailure(transport, taken.getLocalPort()), Kind.ADDRESS_IN_USE);
    }

    @ParameterizedTest
    @EnumSource
    void bindPrivilegedPort(TestTransport transport) throws Exception {
        Path firstFree = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
        assumeFalse("root".equals(System.getProperty("user.name")), "root may bind any port");
        assumeTrue(
                Files.isReadable(firstFree)
                        && Integer.parseInt(Files.readString(firstFree).trim()) > 81,
                "port 81 is free for everybody here");

        assertKind(bindFailure(transport, 81), Kind.PERMISSION);
    }

    @ParameterizedTest
    @EnumSource
    void networkUnreachable(TestTransport transport) throws Exception {
        // Linux routes no stream to a multicast group.
        InetSocketAddress group = new InetSocketAddress(InetAddress.getByName("224.0.0.1"), 80);

        assertKind(connectFailure(transport, group), Kind.UNREACHABLE);
    }

    @ParameterizedTest
    @EnumSource
    void connectTimeoutAtAFullBacklog(TestTransport transport) throws Exception {
        ServerSocket server = listen(1);
        InetSocketAddress address = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        boolean full = false;
        for (int i = 0; i < 64 && !full; i++) {
            Socket filler = new Socket();
            open.add(filler);
            try {
                filler.connect(address, 100);
            } catch (IOException notAccepted) {
                full = true;
            }
        }
        assumeTrue(full, "this system takes in connections without end");

        assertKind(connectFailure(transport, address), Kind.CONNECT_TIMEOUT);
    }

    @ParameterizedTest
    @EnumSource
    void unknownHost(TestTransport transport) throws Exception {
        InetSocketAddress unknown = InetSocketAddress.createUnresolved("nosuch.invalid", 80);
        ChannelFuture attempt = bootstrap(transport)
                .resolver(new KnowsNobody())
                .handler(new ChannelHandlerAdapter() {})
                .connect(unknown);
        assertThat(attempt.await(30, SECONDS)).isTrue();

        assertKind(attempt.cause(), Kind.DNS_NO_SUCH_NAME);
    }

    @ParameterizedTest
    @EnumSource
    void unresolvedAddressWithoutAResolver(TestTransport transport) throws Exception {
        InetSocketAddress unknown = InetSocketAddress.createUnresolved("nosuch.invalid", 80);
        ChannelFuture attempt = bootstrap(transport)
                .disableResolver()
                .handler(new ChannelHandlerAdapter() {})
                .connect(unknown);
        assertThat(attempt.await(30, SECONDS)).isTrue();

        assertKind(attempt.cause(), Kind.DNS_NO_SUCH_NAME);
    }

    @ParameterizedTest
    @EnumSource
    void unixSocketWithoutAServer(TestTransport transport, @TempDir Path dir) throws Exception {
        ChannelFuture attempt = transport
                .unixBootstrap()
                .handler(new ChannelHandlerAdapter() {})
                .connect(transport.unixAddress(dir.resolve("nobody.sock")));
        assertThat(attempt.await(30, SECONDS)).isTrue();

        assertKind(attempt.cause(), Kind.CONNECT_REFUSED);
    }

    /** In a JVM of its own, which may open no more than a few descriptors. */
    @ParameterizedTest
    @EnumSource
    void outOfDescriptors(TestTransport transport) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a shell to set the limit");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process child = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "ulimit -n 100 && exec \"$0\" -cp \"$1\" -Xshare:auto -XX:TieredStopAtLevel=1 \"$2\" \"$3\"",
                        java,
                        System.getProperty("java.class.path"),
                        DescriptorEater.class.getName(),
                        transport.name())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        open.add(child::destroyForcibly);
        String answer = new String(child.getInputStream().readAllBytes(), US_ASCII);

        assertThat(answer.lines().filter(line -> line.startsWith("kind ")))
                .as(answer)
                .containsExactly("kind " + Kind.RESOURCE_EXHAUSTED);
    }

    private ServerSocket listen(int backlog) throws IOException {
        ServerSocket server = new ServerSocket(0, backlog, LOOPBACK);
        open.add(server);
        return server;
    }

    private static Bootstrap bootstrap(TestTransport transport) {
        return transport.bootstrap().option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 300);
    }

    private static Channel connect(
            TestTransport transport, ServerSocket server, ChannelHandler handler, boolean autoRead) throws Exception {
        return bootstrap(transport)
                .option(ChannelOption.AUTO_READ, autoRead)
                .handler(handler)
                .connect(server.getLocalSocketAddress())
                .sync()
                .channel();
    }

    private static Throwable connectFailure(TestTransport transport, InetSocketAddress address) throws Exception {
        ChannelFuture attempt =
                bootstrap(transport).handler(new ChannelHandlerAdapter() {}).connect(address);
        assertThat(attempt.await(30, SECONDS)).isTrue();
        return attempt.cause();
    }

    private static Throwable bindFailure(TestTransport transport, int port) throws Exception {
        ServerBootstrap server = transport.serverBootstrap().childHandler(new ChannelHandlerAdapter() {});
        ChannelFuture attempt = server.bind(LOOPBACK, port);
        assertThat(attempt.await(30, SECONDS)).isTrue();
        return attempt.cause();
    }

    private static void assertKind(Throwable failure, Kind kind) {
        assertThat(failure).isNotNull();
        assertThat(Kind.of(failure)).as("%s", failure).isEqualTo(kind);
    }

    private static final class CatchingHandler extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Throwable> caught;

        CatchingHandler(CompletableFuture<Throwable> caught) {
            this.caught = caught;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            caught.complete(cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            caught.complete(new AssertionError("closed without a failure"));
        }
    }

    private static final class KnowsNobody extends AddressResolverGroup<InetSocketAddress> {
        @Override
        protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
            return new InetNameResolver(executor) {
                @Override
                protected void doResolve(String host, Promise<InetAddress> promise) {
                    promise.setFailure(new UnknownHostException(host));
                }

                @Override
                protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
                    promise.setFailure(new UnknownHostException(host));
                }
            }.asAddressResolver();
        }
    }
}

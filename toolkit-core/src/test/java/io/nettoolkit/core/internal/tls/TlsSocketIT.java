package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TlsConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.concurrent.Future;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A TLS echo server on a real socket, met by foreign clients. */
class TlsSocketIT {

    private static final X509Bundle AUTHORITY = TestCertificates.authority("authority");
    private static final X509Bundle SERVER = TestCertificates.issuedBy(AUTHORITY, "localhost");
    private static final X509Bundle OTHER = TestCertificates.issuedBy(AUTHORITY, "other.example.com");
    private static final X509Bundle CLIENT = TestCertificates.issuedBy(AUTHORITY, "client");

    /** What is echoed: nothing that s_client prints by itself. */
    private static final String WORD = "echo of the toolkit";

    @TempDir
    Path directory;

    private final ManualFileTasks fileThread = new ManualFileTasks();
    private final BlockingQueue<NetException> serverFailures = new LinkedTransferQueue<>();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    private @Nullable LiveTls tls;
    private int port;

    @BeforeEach
    void writeFiles() {
        TestCertificates.write(directory, SERVER);
        TestCertificates.write(directory.resolve("ca.pem"), AUTHORITY.getCertificatePEM());
        TestCertificates.write(directory.resolve("client.pem"), CLIENT.getCertificatePathPEM());
        TestCertificates.write(directory.resolve("client-key.pem"), CLIENT.getPrivateKeyPEM());
    }

    @AfterEach
    void stop() {
        if (tls != null) {
            tls.close();
        }
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private TlsConfig.Builder server(TlsConfig.Provider provider) {
        return TlsConfig.server(directory.resolve("chain.pem"), directory.resolve("key.pem"))
                .provider(provider);
    }

    private LiveTls serve(TlsConfig.Builder config) throws Exception {
        LiveTls serving = LiveTls.open(config.build(), fileThread);
        tls = serving;
        Channel listening = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslHandler handler = serving.newHandler(channel.alloc(), null, -1);
                        channel.pipeline().addLast(handler, new Echo());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        port = ((InetSocketAddress) listening.localAddress()).getPort();
        return serving;
    }

    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.writeAndFlush(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            serverFailures.add(TlsFailures.describe(
                    cause, ctx.channel().localAddress(), ctx.channel().remoteAddress(), Duration.ZERO));
            ctx.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void namesPlainTextForWhatItIs(TlsConfig.Provider provider) throws Exception {
        serve(server(provider));

        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
            plain.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            plain.getInputStream().readAllBytes();
        }

        NetException failure = serverFailures.poll(30, TimeUnit.SECONDS);
        assertThat(failure.kind()).isEqualTo(Kind.NOT_TLS);
        // OpenSSL does not say what it read.
        assertThat(failure)
                .hasMessageContaining(provider == TlsConfig.Provider.JDK ? "GET / HTTP/1.1" : "does not speak TLS");
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void givesAClientOfAPlainServerTheSameName(TlsConfig.Provider provider) throws Exception {
        Channel plain = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext ctx) {
                        ctx.writeAndFlush(ByteBufUtil.writeAscii(ctx.alloc(), "SSH-2.0-OpenSSH_9.6\r\n"));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        try (LiveTls client = LiveTls.open(TlsConfig.client().provider(provider).build(), fileThread)) {
            SslHandler handler = connect(client, ((InetSocketAddress) plain.localAddress()).getPort());
            Throwable cause = handler.handshakeFuture().await().cause();

            NetException failure = TlsFailures.describe(cause, null, plain.localAddress(), Duration.ZERO);
            assertThat(failure.kind()).isEqualTo(Kind.NOT_TLS);
            assertThat(failure)
                    .hasMessageContaining(provider == TlsConfig.Provider.JDK ? "SSH-2.0" : "does not speak TLS");
        }
    }

    /** Connects; the handler is handed out by itself, because a failed handshake takes it out of its pipeline. */
    private SslHandler connect(LiveTls client, int to) throws Exception {
        AtomicReference<SslHandler> made = new AtomicReference<>();
        new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        made.set(client.newHandler(channel.alloc(), "localhost", to));
                        channel.pipeline().addLast(made.get()).addLast(new ChannelInboundHandlerAdapter() {
                            @Override
                            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                                ctx.close();
                            }
                        });
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), to)
                .sync();
        return made.get();
    }

    /** Runs s_client until it has printed {@code until}; what it said. */
    private String sClient(String until, String... arguments) throws Exception {
        String[] all = new String[arguments.length + 5];
        all[0] = "s_client";
        all[1] = "-connect";
        all[2] = "127.0.0.1:" + port;
        all[3] = "-CAfile";
        all[4] = directory.resolve("ca.pem").toString();
        System.arraycopy(arguments, 0, all, 5, arguments.length);
        Process process = OpenSslTool.start(all);
        // Ends the read below in case the words awaited never come.
        loops.schedule(process::destroy, 20, TimeUnit.SECONDS);
        try (InputStream out = process.getInputStream()) {
            process.getOutputStream().write((WORD + "\n").getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
            StringBuilder said = new StringBuilder();
            byte[] buffer = new byte[8192];
            for (int read = out.read(buffer); read >= 0; read = out.read(buffer)) {
                said.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
                if (said.indexOf(until) >= 0) {
                    break;
                }
            }
            return said.toString();
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void talksToOpenSslsClient(TlsConfig.Provider provider) throws Exception {
        OpenSslTool.assumeInstalled();
        serve(server(provider).alpn(List.of("h2")));

        assertThat(sClient(WORD, "-alpn", "h2", "-verify_return_error", "-verify_hostname", "localhost"))
                .contains("Verification: OK", "Verified peername: localhost", "ALPN protocol: h2", "TLSv1.3")
                .contains(WORD);
        assertThat(sClient(WORD, "-tls1_2")).contains("TLSv1.2");
        assertThat(sClient("alert", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")).contains("alert");
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void showsOpenSslsClientTheCertificateOfTheNameItAsksFor(TlsConfig.Provider provider) throws Exception {
        OpenSslTool.assumeInstalled();
        serve(server(provider)
                .addCertificate(
                        TestCertificates.chain(OTHER), OTHER.getKeyPair().getPrivate()));

        assertThat(sClient(WORD, "-servername", "other.example.com")).contains("subject=CN = other.example.com");
        assertThat(sClient(WORD, "-servername", "localhost")).contains("subject=CN = localhost");
        assertThat(sClient(WORD, "-noservername")).contains("subject=CN = localhost");
    }

    @ParameterizedTest
    @CsvSource({"JDK,-tls1_3", "JDK,-tls1_2", "OPENSSL,-tls1_3", "OPENSSL,-tls1_2"})
    void resumesTheSessionOfOpenSslsClient(TlsConfig.Provider provider, String version) throws Exception {
        OpenSslTool.assumeInstalled();
        serve(server(provider));
        String session = directory.resolve("session.pem").toString();

        assertThat(sClient(WORD, version, "-sess_out", session)).contains("\nNew, TLSv1");
        assertThat(sClient(WORD, version, "-sess_in", session)).contains("\nReused, TLSv1");
    }

    @ParameterizedTest
    @CsvSource({"JDK,-tls1_3", "JDK,-tls1_2", "OPENSSL,-tls1_3", "OPENSSL,-tls1_2"})
    void wantsACertificateOfOpenSslsClient(TlsConfig.Provider provider, String version) throws Exception {
        OpenSslTool.assumeInstalled();
        serve(server(provider)
                .clientCertificates(TlsConfig.ClientCertificates.REQUIRED)
                .trust(directory.resolve("ca.pem")));
        String certificate = directory.resolve("client.pem").toString();
        String key = directory.resolve("client-key.pem").toString();

        assertThat(sClient(WORD, version, "-cert", certificate, "-key", key)).contains(WORD);
        assertThat(sClient("alert", version)).contains("alert");
        NetException failure = serverFailures.poll(30, TimeUnit.SECONDS);
        assertThat(failure.kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void keepsServingWhileFilesAreExchangedAgainAndAgain(TlsConfig.Provider provider) throws Exception {
        LiveTls serving = serve(server(provider));
        AtomicBoolean stop = new AtomicBoolean();
        Thread exchanging = new Thread(() -> {
            for (int i = 0; !stop.get(); i++) {
                TestCertificates.write(directory, i % 2 == 0 ? OTHER : SERVER);
                fileThread.poll();
            }
        });
        exchanging.start();
        try (LiveTls client = LiveTls.open(
                TlsConfig.client()
                        .trust(TestCertificates.root(AUTHORITY))
                        .verifyHostname(false)
                        .build(),
                new ManualFileTasks())) {
            for (int i = 0; i < 50; i++) {
                Future<Channel> handshake =
                        connect(client, port).handshakeFuture().await();
                assertThat(handshake.cause())
                        .as("handshake %d; the server failed with %s", i, serverFailures)
                        .isNull();
                handshake.getNow().close().sync();
            }
        } finally {
            stop.set(true);
            exchanging.join();
        }
        assertThat(serving.stats().reloads()).isPositive();
        assertThat(serving.stats().failedReloads())
                .as("reads of half-exchanged files")
                .isZero();
    }
}

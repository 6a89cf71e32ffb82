package io.nettoolkit.core.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How handshakes fail with the JDK's engine and with OpenSSL. */
class TlsFailureClassifierIT {

    private static final TestTransport TRANSPORT = TestTransport.NIO;

    private final List<Channel> open = new ArrayList<>();
    private final CompletableFuture<Throwable> serverSide = new CompletableFuture<>();

    @AfterEach
    void closeAll() throws InterruptedException {
        for (Channel channel : open) {
            channel.close().sync();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void plaintextServer(SslProvider provider) throws Exception {
        Channel server = listen(() -> new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ReferenceCountUtil.release(message);
                ctx.writeAndFlush(Unpooled.copiedBuffer("HTTP/1.1 400 Bad Request\r\n\r\n", US_ASCII));
            }
        });

        assertKind(handshakeFailure(trustingClient(provider), server, "localhost", 10_000), Kind.NOT_TLS);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void plaintextClient(SslProvider provider) throws Exception {
        Channel server = listenTls(serverContext(provider, certificate("localhost"), ClientAuth.NONE));
        Channel client = connect(server, new ChannelHandlerAdapter() {});
        client.writeAndFlush(Unpooled.copiedBuffer("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", US_ASCII))
                .sync();

        assertKind(serverSide.get(30, SECONDS), Kind.NOT_TLS);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void serverThatClosesInTheMiddle(SslProvider provider) throws Exception {
        Channel server = listen(() -> new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ReferenceCountUtil.release(message);
                ctx.close();
            }
        });

        Throwable failure = handshakeFailure(trustingClient(provider), server, "localhost", 10_000);
        // Netty says no more than "closed"; that it was a handshake only the caller knows.
        assertThat(NetException.of(failure, Operation.TLS, null, null, null).kind())
                .as("%s", failure)
                .isEqualTo(Kind.TLS_HANDSHAKE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void serverThatNeverAnswers(SslProvider provider) throws Exception {
        Channel server = listen(() -> new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ReferenceCountUtil.release(message);
            }
        });

        assertKind(handshakeFailure(trustingClient(provider), server, "localhost", 200), Kind.TLS_TIMEOUT);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void certificateNobodyKnows(SslProvider provider) throws Exception {
        Channel server = listenTls(serverContext(provider, certificate("localhost"), ClientAuth.NONE));
        SslContext client = clientBuilder(provider)
                .trustManager(certificate("somebody.else").toTempRootCertPem())
                .build();

        assertKind(handshakeFailure(client, server, "localhost", 10_000), Kind.TLS_CERTIFICATE);
        // The client's alert: "internal error" is all that Netty's OpenSSL engine has to say here.
        assertKind(
                serverSide.get(30, SECONDS), provider == SslProvider.JDK ? Kind.TLS_CERTIFICATE : Kind.TLS_HANDSHAKE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void certificateOfAnotherName(SslProvider provider) throws Exception {
        X509Bundle other = certificate("other.example");
        Channel server = listenTls(serverContext(provider, other, ClientAuth.NONE));
        SslContext client =
                clientBuilder(provider).trustManager(other.toTempRootCertPem()).build();

        assertKind(handshakeFailure(client, server, "localhost", 10_000), Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void certificateThatHasExpired(SslProvider provider) throws Exception {
        Instant now = Instant.now();
        X509Bundle authority = certificate("authority.example");
        X509Bundle expired = new CertificateBuilder()
                .ecp256()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .notBefore(now.minusSeconds(86_400 * 3))
                .notAfter(now.minusSeconds(86_400 * 2))
                .buildIssuedBy(authority);
        Channel server = listenTls(serverContext(provider, expired, ClientAuth.NONE));
        SslContext client = clientBuilder(provider)
                .trustManager(authority.toTempRootCertPem())
                .build();

        assertKind(handshakeFailure(client, server, "localhost", 10_000), Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void clientWithoutTheCertificateTheServerWants(SslProvider provider) throws Exception {
        Channel server = listenTls(serverContext(provider, certificate("localhost"), ClientAuth.REQUIRE));
        connect(server, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) throws SSLException {
                channel.pipeline().addLast(trustingClient(provider).newHandler(channel.alloc(), "localhost", 1));
            }
        });

        assertKind(serverSide.get(30, SECONDS), Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void noProtocolInCommon(SslProvider provider) throws Exception {
        SslContext onlyOld = SslContextBuilder.forServer(
                        certificate("localhost").toKeyManagerFactory())
                .sslProvider(provider)
                .protocols("TLSv1.2")
                .build();
        Channel server = listenTls(onlyOld);
        SslContext onlyNew = clientBuilder(provider)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .protocols("TLSv1.3")
                .build();

        assertKind(handshakeFailure(onlyNew, server, "localhost", 10_000), Kind.TLS_HANDSHAKE);
        assertKind(serverSide.get(30, SECONDS), Kind.TLS_HANDSHAKE);
    }

    private static X509Bundle certificate(String name) throws Exception {
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=" + name)
                .addSanDnsName(name)
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private static SslContextBuilder clientBuilder(SslProvider provider) {
        assumeTrue(
                provider == SslProvider.JDK || OpenSsl.isAvailable(),
                () -> "no OpenSSL: " + OpenSsl.unavailabilityCause());
        return SslContextBuilder.forClient().sslProvider(provider);
    }

    private static SslContext trustingClient(SslProvider provider) throws SSLException {
        return clientBuilder(provider)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .build();
    }

    private static SslContext serverContext(SslProvider provider, X509Bundle bundle, ClientAuth clientAuth)
            throws Exception {
        assumeTrue(
                provider == SslProvider.JDK || OpenSsl.isAvailable(),
                () -> "no OpenSSL: " + OpenSsl.unavailabilityCause());
        return SslContextBuilder.forServer(bundle.toKeyManagerFactory())
                .sslProvider(provider)
                .clientAuth(clientAuth)
                .trustManager(certificate("client").toTempRootCertPem())
                .build();
    }

    private Channel listen(Supplier<ChannelHandlerAdapter> handlers) throws InterruptedException {
        ServerBootstrap bootstrap = TRANSPORT.serverBootstrap().childHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handlers.get());
            }
        });
        Channel server =
                bootstrap.bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
        open.add(server);
        return server;
    }

    private Channel listenTls(SslContext context) throws InterruptedException {
        ServerBootstrap bootstrap = TRANSPORT.serverBootstrap().childHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(context.newHandler(channel.alloc()), new FailureCatcher(serverSide));
            }
        });
        Channel server =
                bootstrap.bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
        open.add(server);
        return server;
    }

    private Channel connect(Channel server, ChannelHandler handler) throws InterruptedException {
        Channel client = TRANSPORT
                .bootstrap()
                .handler(handler)
                .connect(server.localAddress())
                .sync()
                .channel();
        open.add(client);
        return client;
    }

    private Throwable handshakeFailure(SslContext context, Channel server, String name, long timeoutMillis)
            throws Exception {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        connect(server, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                int port = ((InetSocketAddress) server.localAddress()).getPort();
                SslHandler tls = context.newHandler(channel.alloc(), name, port);
                tls.setHandshakeTimeoutMillis(timeoutMillis);
                channel.pipeline().addLast(tls, new FailureCatcher(failure));
            }
        });
        return failure.get(30, SECONDS);
    }

    private static void assertKind(Throwable failure, Kind kind) {
        assertThat(failure).isNotNull();
        assertThat(Kind.of(failure)).as("%s", failure).isEqualTo(kind);
    }

    /** The first failure of a handshake, as the handshake's event tells it. */
    private static final class FailureCatcher extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Throwable> failure;

        FailureCatcher(CompletableFuture<Throwable> failure) {
            this.failure = failure;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && !handshake.isSuccess()) {
                failure.complete(handshake.cause());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failure.complete(cause);
            ctx.close();
        }
    }
}

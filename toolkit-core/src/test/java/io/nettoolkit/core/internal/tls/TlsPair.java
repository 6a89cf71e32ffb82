package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** A client and a server in one thread, with every byte carried over by hand. */
final class TlsPair implements AutoCloseable {

    final SslHandler clientTls;
    final SslHandler serverTls;
    final List<Throwable> clientFailures = new ArrayList<>();
    final List<Throwable> serverFailures = new ArrayList<>();
    private final EmbeddedChannel client;
    private final EmbeddedChannel server;

    /** Connects and carries bytes until both sides are silent. */
    TlsPair(LiveTls server, LiveTls client, @Nullable String host) {
        serverTls = server.newHandler(UnpooledByteBufAllocator.DEFAULT, null, -1);
        clientTls = client.newHandler(UnpooledByteBufAllocator.DEFAULT, host, 443);
        this.server = new EmbeddedChannel(serverTls, collect(serverFailures));
        this.client = new EmbeddedChannel(clientTls, collect(clientFailures));
        carry();
    }

    private static ChannelHandler collect(List<Throwable> failures) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                failures.add(cause);
            }
        };
    }

    private void carry() {
        boolean moved = true;
        while (moved) {
            client.runPendingTasks();
            server.runPendingTasks();
            moved = carry(client, server);
            moved |= carry(server, client);
        }
    }

    private static boolean carry(EmbeddedChannel from, EmbeddedChannel to) {
        boolean moved = false;
        for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            moved = true;
            if (to.isOpen()) {
                to.writeInbound(bytes);
            } else {
                bytes.release();
            }
        }
        return moved;
    }

    boolean isUp() {
        return clientTls.handshakeFuture().isSuccess()
                && serverTls.handshakeFuture().isSuccess()
                && clientFailures.isEmpty()
                && serverFailures.isEmpty();
    }

    /** Sends a word each way and checks that it comes through. */
    TlsPair talk() {
        assertThat(clientFailures).isEmpty();
        assertThat(serverFailures).isEmpty();
        assertThat(isUp()).as("handshake").isTrue();
        exchange(client, server, "ping");
        exchange(server, client, "pong");
        return this;
    }

    private void exchange(EmbeddedChannel from, EmbeddedChannel to, String word) {
        from.writeOutbound(ByteBufUtil.writeAscii(UnpooledByteBufAllocator.DEFAULT, word));
        carry();
        StringBuilder received = new StringBuilder();
        for (ByteBuf part = to.readInbound(); part != null; part = to.readInbound()) {
            received.append(part.toString(StandardCharsets.US_ASCII));
            part.release();
        }
        assertThat(received).hasToString(word);
    }

    X509Certificate serverCertificate() throws SSLPeerUnverifiedException {
        return (X509Certificate) clientSession().getPeerCertificates()[0];
    }

    SSLSession clientSession() {
        return clientTls.engine().getSession();
    }

    SSLSession serverSession() {
        return serverTls.engine().getSession();
    }

    /** What the client's user would see: of the handshake, else of what came after it. */
    NetException clientFailure() {
        return described(clientTls, clientFailures);
    }

    NetException serverFailure() {
        return described(serverTls, serverFailures);
    }

    private static NetException described(SslHandler handler, List<Throwable> failures) {
        Throwable cause = handler.handshakeFuture().cause();
        if (cause == null) {
            assertThat(failures).as("failures").isNotEmpty();
            cause = failures.get(0);
        }
        return TlsFailures.describe(cause, null, null, Duration.ofMillis(1));
    }

    @Override
    public void close() {
        client.close();
        carry();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }
}

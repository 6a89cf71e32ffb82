package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Handlers that were written for TCP, on a stream of bytes over UDP. */
class RudpStreamIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private static final RudpConfig STREAM = Rig.config(RudpSecurity.plaintext(), options -> options.byteStream(true));

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** Checks a stream of random bytes as it comes. */
    private static final class StreamCheck extends SimpleChannelInboundHandler<ByteBuf> {
        final CompletableFuture<Integer> whole = new CompletableFuture<>();
        private final Random expected;
        private final int length;
        private int received;

        StreamCheck(long seed, int length) {
            expected = new Random(seed);
            this.length = length;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf piece) {
            while (piece.isReadable()) {
                if (piece.readByte() != (byte) expected.nextInt()) {
                    whole.completeExceptionally(new AssertionError("byte " + received + " is another"));
                }
                received++;
            }
            if (received >= length) {
                whole.complete(received);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void carriesAStreamCutInAnyWay(Transport transport) throws Exception {
        int length = 2_000_000;
        try (Rig rig = new Rig(transport, STREAM)) {
            StreamCheck check = new StreamCheck(7, length);
            Channel server = rig.serve(check);
            RudpChannel client = rig.connect(server, new Rig.Collector());
            Random content = new Random(7);
            Random cuts = new Random(8);
            for (int left = length; left > 0; ) {
                byte[] piece =
                        new byte[Math.min(left, cuts.nextInt(10) == 0 ? cuts.nextInt(100_000) : cuts.nextInt(50))];
                for (int i = 0; i < piece.length; i++) {
                    piece[i] = (byte) content.nextInt();
                }
                left -= piece.length;
                client.write(Unpooled.wrappedBuffer(piece));
            }
            Rig.await(client.writeAndFlush(Unpooled.EMPTY_BUFFER));
            assertThat(check.whole.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(length);
            Rig.await(client.close());
            Rig.await(server.close());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void runsTlsWithTheCodecsOfTcp(Transport transport) throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .ecp256()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        SslContext serverTls = SslContextBuilder.forServer(
                        bundle.getKeyPair().getPrivate(), bundle.getCertificatePath())
                .build();
        SslContext clientTls = SslContextBuilder.forClient()
                .trustManager(bundle.getCertificate())
                .endpointIdentificationAlgorithm(null)
                .build();
        try (Rig rig = new Rig(transport, STREAM)) {
            Channel server = rig.serve(pipeline(serverTls, new Rig.Echo()));
            Rig.Collector collector = new Rig.Collector();
            RudpChannel client = rig.connect(server, pipeline(clientTls, collector));
            Rig.await(client.pipeline().get(SslHandler.class).handshakeFuture());
            for (int size : new int[] {1, 100, 16_384, 70_000, 500_000}) {
                client.writeAndFlush(Rig.text("x".repeat(size)));
                assertThat(collector.text()).hasSize(size);
            }
            Rig.await(client.close());
            assertThat(collector.failures).isEmpty();
            Rig.await(server.close());
        }
    }

    private static ChannelInitializer<Channel> pipeline(SslContext tls, io.netty.channel.ChannelHandler last) {
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(
                                tls.newHandler(channel.alloc()),
                                new LengthFieldBasedFrameDecoder(1 << 20, 0, 4, 0, 4),
                                new LengthFieldPrepender(4),
                                last);
            }
        };
    }
}

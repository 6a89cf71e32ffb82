package io.nettoolkit.benchmarks.stream;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One stream over Netty's QUIC codec, tuned: segmentation by the kernel, many datagrams a read, large windows, CUBIC. */
final class QuicStreams {

    private static final String PROTOCOL = "bench";
    private static final int SEGMENTS = 40;
    private static final int READ_BYTES = 2048;
    private static final int DATAGRAMS_PER_READ = 32;
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;

    private QuicStreams() {}

    static Channel bind(Supplier<ChannelHandler> handler) throws Exception {
        EventLoops loops = EventLoops.builder().threads(1).build();
        X509Bundle identity = new CertificateBuilder()
                .ecp256()
                .subject("CN=localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        QuicSslContext tls = QuicSslContextBuilder.forServer(
                        identity.getKeyPair().getPrivate(), null, identity.getCertificatePath())
                .applicationProtocols(PROTOCOL)
                .build();
        QuicServerCodecBuilder codec = tuned(new QuicServerCodecBuilder().sslContext(tls))
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(new ChannelInboundHandlerAdapter())
                .streamHandler(StreamContestant.each(handler));
        if (loops.transport() == Transport.EPOLL) {
            codec.option(
                    QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                    EpollQuicUtils.newSegmentedAllocator(SEGMENTS));
        }
        return socket(loops, codec.build());
    }

    private static <B extends QuicCodecBuilder<B>> B tuned(B codec) {
        return codec.maxIdleTimeout(StreamContestant.IDLE_SECONDS, TimeUnit.SECONDS)
                .congestionControlAlgorithm(QuicCongestionControlAlgorithm.CUBIC)
                .maxSendUdpPayloadSize(StreamContestant.DATAGRAM_BYTES)
                .maxRecvUdpPayloadSize(StreamContestant.DATAGRAM_BYTES)
                .initialMaxData(StreamContestant.WINDOW_BYTES)
                .initialMaxStreamDataBidirectionalLocal(StreamContestant.WINDOW_BYTES)
                .initialMaxStreamDataBidirectionalRemote(StreamContestant.WINDOW_BYTES)
                .initialMaxStreamsBidirectional(16);
    }

    private static Channel socket(EventLoops loops, ChannelHandler codec) throws InterruptedException {
        Bootstrap bootstrap = new Bootstrap()
                .group(loops.group())
                .channelFactory(loops.datagramChannelFactory())
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER_BYTES)
                .handler(codec);
        if (loops.transport() == Transport.EPOLL) {
            bootstrap
                    .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, READ_BYTES)
                    .option(
                            ChannelOption.RECVBUF_ALLOCATOR,
                            new FixedRecvByteBufAllocator(DATAGRAMS_PER_READ * READ_BYTES));
        }
        return bootstrap
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    static Channel connect(int port, ChannelHandler handler) throws Exception {
        EventLoops loops = EventLoops.builder().threads(1).build();
        QuicSslContext tls = QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .applicationProtocols(PROTOCOL)
                .build();
        Channel socket = socket(
                loops, tuned(new QuicClientCodecBuilder().sslContext(tls)).build());
        var bootstrap = QuicChannel.newBootstrap(socket)
                .handler(new ChannelInboundHandlerAdapter())
                .streamHandler(new ChannelInboundHandlerAdapter())
                .remoteAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        if (loops.transport() == Transport.EPOLL) {
            bootstrap.option(
                    QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                    EpollQuicUtils.newSegmentedAllocator(SEGMENTS));
        }
        QuicChannel connection = bootstrap.connect().get();
        Channel stream = connection
                .createStream(QuicStreamType.BIDIRECTIONAL, handler)
                .sync()
                .getNow();
        stream.config().setWriteBufferWaterMark(StreamContestant.WATER_MARK);
        return stream;
    }
}

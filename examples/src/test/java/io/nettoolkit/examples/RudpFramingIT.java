package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Two siblings that know nothing of each other: framings made for TCP, on a stream of bytes over UDP. */
class RudpFramingIT {

    private static final int PATIENCE_SECONDS = 30;

    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 20).build().withChecksum();

    @Test
    void framesOfTcpRunUnchangedOverUdp() throws Exception {
        RudpConfig config = RudpConfig.lan(RudpSecurity.psk(new byte[16])).toBuilder()
                .byteStream(true)
                .build();
        BlockingQueue<String> answers = new LinkedTransferQueue<>();
        try (EventLoops loops = EventLoops.builder().threads(2).build();
                RudpServer server = RudpServer.builder(
                                config, pipeline(() -> new SimpleChannelInboundHandler<ByteBuf>() {
                                    @Override
                                    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
                                        context.writeAndFlush(frame.retain());
                                    }
                                }))
                        .eventLoops(loops)
                        .build();
                RudpClient client = RudpClient.builder(
                                config, pipeline(() -> new SimpleChannelInboundHandler<ByteBuf>() {
                                    @Override
                                    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
                                        answers.add(frame.toString(UTF_8));
                                    }
                                }))
                        .eventLoops(loops)
                        .build()) {
            int port = server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort();
            RudpChannel channel = client.connect(
                            Endpoint.of("127.0.0.1", port), Deadline.after(Duration.ofSeconds(PATIENCE_SECONDS)))
                    .join();
            for (int size : new int[] {0, 1, 1000, 16_384, 100_000, 1 << 20}) {
                channel.writeAndFlush(Unpooled.copiedBuffer("x".repeat(size), UTF_8));
                assertThat(answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).hasSize(size);
            }
            channel.close().sync();
        }
    }

    private static ChannelInitializer<Channel> pipeline(Supplier<ChannelHandler> last) {
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(FRAMING.newHandler(), last.get());
            }
        };
    }
}

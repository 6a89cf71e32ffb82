package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EchoIT {

    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 20).build();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void echoesFramesOfEverySizeInOrder(Transport transport) throws Exception {
        Random random = new Random(42);
        List<byte[]> sent = new ArrayList<>();
        for (int size : new int[] {0, 1, 63, 64, 1000, 8191, 8192, 8193, 65_536, 100_000, 1 << 20, 5}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            sent.add(bytes);
        }
        List<byte[]> received = new ArrayList<>();
        CompletableFuture<List<byte[]>> all = new CompletableFuture<>();
        CompletableFuture<CloseReason> serverSide = new CompletableFuture<>();
        FrameHandler collect = (connection, frame) -> {
            received.add(ByteBufUtil.getBytes(frame));
            if (received.size() == sent.size()) {
                all.complete(received);
            }
        };
        FrameHandler echo = new FrameHandler() {
            @Override
            public void onFrame(Connection connection, ByteBuf frame) {
                connection.send(frame.retain());
            }

            @Override
            public void onClose(Connection connection, CloseReason reason) {
                serverSide.complete(reason);
            }
        };
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server =
                        TcpServer.builder(FRAMING, echo).eventLoops(loops).build();
                TcpClient client =
                        TcpClient.builder(FRAMING, collect).eventLoops(loops).build()) {
            InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
            Connection connection = client.connect(
                            Endpoint.of("127.0.0.1", address.getPort()), Deadline.after(Duration.ofSeconds(5)))
                    .join();
            for (byte[] bytes : sent) {
                connection.send(Unpooled.wrappedBuffer(bytes)).join();
            }
            assertThat(all.get(10, TimeUnit.SECONDS)).hasSize(sent.size());
            for (int i = 0; i < sent.size(); i++) {
                assertThat(received.get(i)).as("frame %d", i).isEqualTo(sent.get(i));
            }
            assertThat(connection.close().get(10, TimeUnit.SECONDS).kind()).isEqualTo(Kind.LOCAL_CLOSED);
            assertThat(serverSide.get(10, TimeUnit.SECONDS).kind()).isEqualTo(Kind.PEER_CLOSED);
            assertThat(server.stats().framesIn()).isEqualTo(sent.size());
            assertThat(server.stats().framesOut()).isEqualTo(sent.size());
            assertThat(server.stats().bytesOut()).isEqualTo(server.stats().bytesIn());
        }
    }
}

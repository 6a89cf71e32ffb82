package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.BadNetwork;
import io.nettoolkit.testkit.BadNetworkRelay;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections over real sockets through a network that loses, repeats, reorders, corrupts and cuts off datagrams. */
class RudpBadNetworkIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private static final int MESSAGES = 80;
    private static final long SEED = 6;

    private static final BadNetwork NETWORK = BadNetwork.builder()
            .seed(SEED)
            .loss(0.05)
            .duplicate(0.05)
            .reorder(0.1, Duration.ofMillis(3))
            .corrupt(0.03)
            .truncate(0.02)
            .delay(Duration.ofMillis(1))
            .build();

    static Stream<Arguments> paths() {
        return TransportMatrix.available().stream()
                .flatMap(transport -> Stream.of(
                        Arguments.of(transport, RudpSecurity.plaintext().withChecksum()),
                        Arguments.of(transport, RudpSecurity.psk(new byte[16]))));
    }

    @ParameterizedTest
    @MethodSource("paths")
    void everyMessageArrivesOnceAndInOrder(Transport transport, RudpSecurity security) throws Exception {
        try (Rig rig = new Rig(transport, Rig.config(security, options -> options))) {
            Channel server = rig.serve(Rig.each(Rig.Echo::new));
            Rig.Collector collector = new Rig.Collector();
            try (BadNetworkRelay relay = BadNetworkRelay.to(server.localAddress(), NETWORK)) {
                ChannelFuture connected = Rig.await(rig.bootstrap(collector).connect(relay.address()));
                RudpChannel client = (RudpChannel) connected.channel();
                Random random = new Random(SEED);
                List<byte[]> sent = new ArrayList<>();
                for (int i = 0; i < MESSAGES; i++) {
                    byte[] bytes = new byte[random.nextInt(3000)];
                    random.nextBytes(bytes);
                    sent.add(bytes);
                    client.writeAndFlush(Unpooled.wrappedBuffer(bytes));
                }
                for (int i = 0; i < MESSAGES; i++) {
                    ByteBuf message = (ByteBuf) Rig.Collector.next(collector.messages);
                    assertThat(ByteBufUtil.getBytes(message))
                            .as("message %d (seed %d)", i, SEED)
                            .isEqualTo(sent.get(i));
                    message.release();
                }
                assertThat(client.stats().sent().lost())
                        .as("packets lost on the way")
                        .isPositive();
                Rig.await(client.close());
                assertThat(collector.messages).as("nothing twice").isEmpty();
                assertThat(collector.failures).isEmpty();
                // While there still is a network to say goodbye over.
                Rig.await(server.close());
                rig.awaitSockets();
            }
        }
    }
}

package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.PortUnreachableException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 9000 §10. */
class ClosingTest {

    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.psk(new byte[16]));
    private final SimNetwork network = new SimNetwork(3, config, config);
    private SimNode client;
    private SimNode server;

    @BeforeEach
    void establish() {
        client = network.dial(2);
        network.clock.runUntil(SECONDS);
        server = network.accepted.get(0);
        assertThat(server.established).isTrue();
    }

    private void assertBothClosedInOrder() {
        assertThat(client.closed.isOrderly()).as("%s", client.closed).isTrue();
        assertThat(server.closed.isOrderly()).as("%s", server.closed).isTrue();
    }

    @Test
    void deliversWhatWasWrittenBeforeTheClose() {
        network.toServer.loss = 0.2;
        SimWorkload up = new SimWorkload(network, 1);
        up.receiveAt(server);
        for (int i = 0; i < 100; i++) {
            up.write(client, DeliveryMode.RELIABLE_ORDERED, i % 3, 3000);
        }
        client.close();
        assertThat(up.receivedCount()).isZero();
        assertThat(client.write(client.connection()
                        .message(network.allocator.heapBuffer(8))
                        .token("late")))
                .isFalse();
        assertThat(client.outcomes).containsEntry("late", "CLOSED");
        network.finish(60 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(100);
        up.check(client);
        assertBothClosedInOrder();
        assertThat(client.closed.kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(server.closed.kind()).isEqualTo(Kind.PEER_CLOSED);
    }

    @Test
    void letsWhatWasReceivedBeReadAfterTheClose() {
        server.reading = false;
        SimWorkload up = new SimWorkload(network, 1);
        up.receiveAt(server);
        up.write(client, DeliveryMode.RELIABLE_UNORDERED, 0, 5000);
        client.close();
        network.clock.runUntil(20 * SECONDS);
        assertThat(server.connection().isTerminated()).isTrue();
        server.reading = true;
        server.pump();
        assertThat(up.receivedCount()).isEqualTo(1);
        network.finish(SECONDS);
    }

    @Test
    void closesFromBothSidesAtOnce() {
        client.close();
        server.close();
        network.finish(10 * SECONDS);
        assertBothClosedInOrder();
        assertThat(client.closed.kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(server.closed.kind()).isEqualTo(Kind.LOCAL_CLOSED);
    }

    @Test
    void repeatsACloseThatIsLost() {
        network.toServer.loss = 1;
        client.close();
        network.clock.in(100 * SimClock.MILLIS, () -> network.toServer.loss = 0);
        network.finish(10 * SECONDS);
        assertBothClosedInOrder();
    }

    @Test
    void staysSilentOnceThePeerKnows() {
        client.close();
        network.clock.runUntil(SECONDS + 60 * SimClock.MILLIS);
        assertThat(server.closed).isNotNull();
        long sent = network.toServer.sent + network.toClient.sent;
        network.finish(10 * SECONDS);
        assertThat(network.toServer.sent + network.toClient.sent).isEqualTo(sent);
    }

    @Test
    void isToldByAResetThatThePeerForgotIt() {
        network.toClient.loss = 1;
        server.connection().abort(network.clock.now());
        server.pump();
        network.clock.runUntil(20 * SECONDS);
        assertThat(server.connection().isTerminated()).isTrue();
        assertThat(client.closed).isNull();
        network.toClient.loss = 0;
        client.write(client.connection()
                .message(network.allocator.heapBuffer(8).writeLong(1))
                .token("lost"));
        network.clock.runUntil(22 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.RESET);
        assertThat(client.outcomes).containsEntry("lost", "CLOSED");
        network.finish(SECONDS);
    }

    @Test
    void isToldByAResetThatThePeerWasRestartedWithTheSameKey() {
        network.restartServer();
        client.write(client.connection().message(network.allocator.heapBuffer(8).writeLong(1)));
        network.clock.runUntil(3 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.RESET);
        server.connection().abort(network.clock.now());
        server.pump();
        network.finish(60 * SECONDS);
    }

    /** With a key either side can tell the other's token, so a client that lost its state is heard too. */
    @Test
    void endsAServersConnectionWhoseClientForgotIt() {
        ConnectionSetup restarted = ConnectionSetup.of(config, network.allocator, new Random(5), 0);
        network.unplug(client);
        server.write(server.connection()
                .message(network.allocator.heapBuffer(8).writeLong(1))
                .token("lost"));
        ByteBuf stray = Unpooled.buffer();
        Wire.writeHeader(stray, server.connection().peerId(), 7);
        stray.writeZero(40);
        ByteBuf answer = Unpooled.buffer();
        assertThat(new StatelessReset(restarted).answer(stray, answer)).isTrue();
        byte[] reset = new byte[answer.readableBytes()];
        answer.readBytes(reset);
        byte[] forged = reset.clone();
        ByteBuf forgery = Unpooled.wrappedBuffer(forged);
        new Handshake()
                .writeReset(forgery.clear(), server.connection().peerId(), new byte[Handshake.RESET_TOKEN_BYTES]);
        server.onDatagram(client.local(), forged);
        assertThat(server.closed).as("after a forged one").isNull();
        server.onDatagram(client.local(), reset);
        assertThat(server.closed.kind()).isEqualTo(Kind.RESET);
        assertThat(server.outcomes).containsEntry("lost", "CLOSED");
        client.connection().abort(network.clock.now());
        client.pump();
        network.finish(60 * SECONDS);
    }

    @Test
    void isNotEndedByTheNetworksWordAloneButTellsIt() {
        network.toServer.loss = 1;
        client.write(client.connection().message(network.allocator.heapBuffer(8).writeLong(1)));
        for (int i = 0; i < 10; i++) {
            client.connection().onUnreachable(network.clock.now(), new PortUnreachableException("nobody listens"));
            client.pump();
            network.clock.runUntil(network.clock.now() + SECONDS);
        }
        assertThat(client.closed).isNull();
        network.clock.runUntil(60 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.PATH_LOST);
        assertThat(client.closed.failure()).hasCauseInstanceOf(PortUnreachableException.class);
        network.finish(60 * SECONDS);
    }

    @Test
    void forgetsTheNetworksWordOnceThePeerIsHeard() {
        client.connection().onUnreachable(network.clock.now(), new PortUnreachableException("nobody listens"));
        SimWorkload down = new SimWorkload(network, 1);
        down.receiveAt(client);
        down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 100);
        network.clock.runUntil(2 * SECONDS);
        assertThat(down.receivedCount()).isEqualTo(1);
        network.toServer.loss = 1;
        network.clock.runUntil(60 * SECONDS);
        assertThat(client.closed.failure()).hasNoCause();
        network.finish(SECONDS);
    }

    @Test
    void noticesAPeerThatVanished() {
        network.toServer.loss = 1;
        client.write(client.connection()
                .message(network.allocator.heapBuffer(8).writeLong(1))
                .token("gone"));
        network.clock.runUntil(60 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.PATH_LOST);
        assertThat(client.closed.failure()).hasMessageContaining("probes were not answered");
        assertThat(server.closed.kind()).isEqualTo(Kind.IDLE_TIMEOUT);
        assertThat(client.outcomes).containsEntry("gone", "CLOSED");
        network.finish(SECONDS);
    }

    @Test
    void endsWhenNothingIsSaidForTooLong() {
        network.clock.runUntil(30 * SECONDS);
        assertThat(client.closed).isNull();
        network.clock.runUntil(32 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.IDLE_TIMEOUT);
        assertThat(server.closed.kind()).isEqualTo(Kind.IDLE_TIMEOUT);
        network.finish(SECONDS);
    }

    @Test
    void staysAliveWhereItIsToldTo() {
        RudpConfig keptAlive =
                config.toBuilder().keepAlive(Duration.ofSeconds(10)).build();
        SimNetwork other = new SimNetwork(4, keptAlive, config);
        SimNode node = other.dial(2);
        other.clock.runUntil(600 * SECONDS);
        assertThat(node.closed).isNull();
        assertThat(other.toServer.sent).as("one PING in ten seconds").isBetween(60L, 70L);
        node.close();
        other.finish(10 * SECONDS);
    }

    @Test
    void givesUpWhatDoesNotDrain() {
        server.reading = false;
        SimWorkload up = new SimWorkload(network, 1);
        up.receiveAt(server);
        for (int i = 0; i < 10; i++) {
            up.write(client, DeliveryMode.RELIABLE_ORDERED, 0, 500_000);
        }
        client.close();
        network.clock.runUntil(29 * SECONDS);
        assertThat(client.closed).isNull();
        network.clock.runUntil(32 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.LOCAL_CLOSED);
        assertThat(client.outcomes.values()).contains("CLOSED", "acknowledged").hasSize(10);
        network.finish(60 * SECONDS);
    }
}

package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 9000 §5.1 and §9.5. */
class ConnectionIdsTest {

    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.psk(new byte[16]));
    private final SimNetwork network = new SimNetwork(21, config, config);
    private final Set<Long> idsToServer = new HashSet<>();
    private final Set<Long> idsToClient = new HashSet<>();
    private SimNode client;
    private SimNode server;
    private SimWorkload up;
    private SimWorkload down;

    @BeforeEach
    void record() {
        network.tapToServer = datagram -> record(datagram, idsToServer);
        network.tapToClient = datagram -> record(datagram, idsToClient);
    }

    private static byte[] record(byte[] datagram, Set<Long> ids) {
        ByteBuf packet = Unpooled.wrappedBuffer(datagram);
        if (Wire.isData(packet)) {
            ids.add(Wire.dataConnectionId(packet));
        }
        return datagram;
    }

    private void establish() {
        client = network.dial(2);
        network.clock.runUntil(SECONDS);
        server = network.accepted.get(0);
        up = new SimWorkload(network, 1);
        up.receiveAt(server);
        down = new SimWorkload(network, 2);
        down.receiveAt(client);
    }

    private void exchange() {
        up.write(client, DeliveryMode.RELIABLE_ORDERED, 0, 5000);
        down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 5000);
        network.clock.runUntil(network.clock.now() + 3 * SECONDS);
    }

    private void end(int messages) {
        assertThat(up.receivedCount()).isEqualTo(messages);
        assertThat(down.receivedCount()).isEqualTo(messages);
        client.close();
        network.finish(60 * SECONDS);
        assertThat(server.closed.isOrderly()).isTrue();
    }

    private static Set<Long> idsOf(SimNode node) {
        Set<Long> ids = new HashSet<>();
        node.connection().forEachId(ids::add);
        return ids;
    }

    @Test
    void hasOneIdInUseAndOneToSpare() {
        establish();
        exchange();
        assertThat(idsOf(client)).hasSize(2);
        assertThat(idsOf(server)).hasSize(2).allMatch(id -> Wire.ownerLoop(id) == 3);
        assertThat(idsToServer).hasSize(1);
        assertThat(idsToClient).hasSize(1);
        end(1);
    }

    @Test
    void cannotBeFollowedByItsIdsToAnotherAddress() {
        establish();
        exchange();
        Set<Long> toServer = new HashSet<>(idsToServer);
        Set<Long> toClient = new HashSet<>(idsToClient);
        idsToServer.clear();
        idsToClient.clear();
        client.connection().rotateId();
        client.rebind(SimNetwork.address(9, 6001));
        up.write(client, DeliveryMode.RELIABLE_ORDERED, 0, 5000);
        network.clock.runUntil(network.clock.now() + SECONDS);
        down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 5000);
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(idsToServer).isNotEmpty().doesNotContainAnyElementsOf(toServer);
        assertThat(idsToClient).isNotEmpty().doesNotContainAnyElementsOf(toClient);
        assertThat(server.retiredIds).isEqualTo(1);
        assertThat(client.retiredIds).isEqualTo(1);
        assertThat(idsOf(client)).hasSize(2);
        assertThat(idsOf(server)).hasSize(2);
        end(2);
    }

    @Test
    void goesThroughManyIdsWhateverIsLost() {
        establish();
        network.toServer.loss = 0.25;
        network.toClient.loss = 0.25;
        for (int i = 0; i < 30; i++) {
            client.connection().rotateId();
            server.connection().rotateId();
            exchange();
        }
        assertThat(server.retiredIds).isGreaterThan(20);
        assertThat(client.retiredIds).isGreaterThan(20);
        assertThat(idsToServer).hasSizeGreaterThan(20);
        assertThat(idsOf(server)).hasSize(2);
        end(30);
    }

    @Test
    void staysWithItsIdWhereTheShellRoutesNoOther() {
        establish();
        client.routesIds = false;
        SimNode other = network.dial(3);
        other.routesIds = false;
        network.clock.runUntil(2 * SECONDS);
        SimNode accepted = network.accepted.get(1);
        assertThat(idsOf(other)).hasSize(1);
        long id = accepted.connection().peerId();
        accepted.connection().rotateId();
        assertThat(accepted.connection().peerId()).isEqualTo(id);
        exchange();
        other.close();
        end(1);
    }
}

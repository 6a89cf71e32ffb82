package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Attackers who own their addresses: they bring their cookies back, and then are silent. */
class HandshakeFloodTest {

    private static final long MILLIS = SimClock.MILLIS;
    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.plaintext());
    private final SimNetwork network = new SimNetwork(17, config, config);
    private SimNode served;
    private SimWorkload service;
    private int attacks;
    private int mostHalfOpen;

    @BeforeEach
    void serveSomebody() {
        served = network.dial(address(9000, 9, 1));
        network.clock.runUntil(SECONDS);
        service = new SimWorkload(network, 1);
        service.receiveAt(network.accepted.get(0));
    }

    /** Whatever the flood was: who was served before is served on, and nothing is left of it. */
    @AfterEach
    void servesOthers() {
        service.write(served, DeliveryMode.RELIABLE_ORDERED, 0, 50_000);
        network.clock.runUntil(network.clock.now() + 5 * SECONDS);
        assertThat(service.receivedCount()).isEqualTo(1);
        assertThat(mostHalfOpen).isLessThanOrEqualTo(ServerGate.MAX_HALF_OPEN);
        network.clients.forEach(SimNode::close);
        network.finish(120 * SECONDS);
        assertThat(network.gate.halfOpen()).isZero();
    }

    private static InetSocketAddress address(int net, int host, int port) {
        try {
            byte[] ip = {100, (byte) (net >> 8), (byte) net, (byte) host};
            return new InetSocketAddress(InetAddress.getByAddress(ip), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** So many attacks a second from now on, in turn from so many networks. */
    private void flood(int networks, int perSecond, long nanos) {
        long pause = SECONDS / perSecond;
        for (long at = 0; at < nanos; at += pause) {
            network.clock.in(at, () -> {
                int n = attacks++;
                attack(address(n % networks, n / networks % 250, 1024 + n / networks));
            });
        }
    }

    private void attack(InetSocketAddress from) {
        SimNode attacker = new SimNode(network, from);
        attacker.mute = true;
        network.dial(attacker);
        mostHalfOpen = Math.max(mostHalfOpen, network.gate.halfOpen());
    }

    private static boolean isServed(SimNode client) {
        return client.established && client.closed == null;
    }

    @Test
    void letsOthersInWhileOneNetworkWantsEveryPlace() {
        flood(1, 1500, 3 * SECONDS);
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(network.gate.halfOpen()).isEqualTo(ServerGate.MAX_HALF_OPEN);
        for (int i = 0; i < 15; i++) {
            SimNode honest = network.dial(address(1000 + i, 1, 1));
            network.clock.runUntil(network.clock.now() + 100 * MILLIS);
            assertThat(isServed(honest)).as("client %s", i).isTrue();
        }
        assertThat(mostHalfOpen).isEqualTo(ServerGate.MAX_HALF_OPEN);
        assertThat(network.gate.remembered()).isLessThanOrEqualTo(3 * ServerGate.MAX_HALF_OPEN);
    }

    @Test
    void letsOthersInWhileManyNetworksWantEveryPlace() {
        flood(300, 1500, 3 * SECONDS);
        network.clock.runUntil(network.clock.now() + SECONDS);
        for (int i = 0; i < 15; i++) {
            SimNode honest = network.dial(address(1000, 1, i));
            network.clock.runUntil(network.clock.now() + 100 * MILLIS);
            assertThat(isServed(honest)).as("client %s", i).isTrue();
        }
    }

    @Test
    void tellsThoseWhoLostTheirPlaceApart() {
        flood(1, 1500, SECONDS);
        network.clock.runUntil(network.clock.now() + SECONDS);
        network.dial(address(1000, 1, 1));
        network.clock.runUntil(network.clock.now() + 100 * MILLIS);
        SimNode oldest = network.accepted.get(1);
        assertThat(oldest.closed.kind()).isEqualTo(Kind.HANDSHAKE);
        assertThat(oldest.closed.failure()).hasMessageContaining("others needed the room");
    }

    /** A herd is no flood: nobody of it is thrown out for another of its like before he can have answered. */
    @Test
    void serves3000HonestClientsThatComeAtOnce() {
        network.toServer.delayNanos = 150 * MILLIS;
        network.toClient.delayNanos = 150 * MILLIS;
        for (int i = 0; i < 3000; i++) {
            network.dial(address(100 + i % 100, i / 100, 1));
        }
        network.clock.runUntil(network.clock.now() + 9 * SECONDS);
        assertThat(network.clients).filteredOn(HandshakeFloodTest::isServed).hasSize(3001);
        assertThat(network.displaced).isZero();
    }

    /** What HalfOpen says of that: places come free once within the grace, and newcomers are let in by luck. */
    @Test
    void letsSomeInWhileMoreNetworksThanPlacesWantThemAndAllAfterwards() {
        flood(5000, 5000, 2 * SECONDS);
        network.clock.runUntil(network.clock.now() + SECONDS);
        List<SimNode> honest = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            honest.add(network.dial(address(6000 + i, 1, 1)));
            network.clock.runUntil(network.clock.now() + 10 * MILLIS);
        }
        assertThat(network.gate.halfOpen()).isEqualTo(ServerGate.MAX_HALF_OPEN);
        network.clock.runUntil(network.clock.now() + 11 * SECONDS);
        assertThat(honest).filteredOn(HandshakeFloodTest::isServed).hasSizeGreaterThan(5);
        assertThat(network.accepted.size()).as("all places once a second").isLessThan(14 * ServerGate.MAX_HALF_OPEN);
        SimNode late = network.dial(address(7000, 1, 1));
        network.clock.runUntil(network.clock.now() + 2 * SECONDS);
        assertThat(isServed(late)).isTrue();
    }

    /** Half-open connections hold places among those the server takes at most, which must not keep others out either. */
    @Test
    void letsOthersInWhereTheLimitOfConnectionsIsReachedFirst() {
        network.mostAdmitted = 50;
        flood(1, 200, 3 * SECONDS);
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(network.gate.halfOpen()).isEqualTo(49);
        for (int i = 0; i < 10; i++) {
            SimNode honest = network.dial(address(1000 + i, 1, 1));
            network.clock.runUntil(network.clock.now() + 100 * MILLIS);
            assertThat(isServed(honest)).as("client %s", i).isTrue();
        }
        assertThat(network.gate.halfOpen()).isEqualTo(39);
    }
}

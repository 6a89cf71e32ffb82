package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.Crc32cProtection;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeScenariosTest {

    private static final long SECONDS = SimClock.SECONDS;
    private static final int ACCEPT = Handshake.ACCEPT;

    private final RudpConfig plain = RudpConfig.wan(RudpSecurity.plaintext());
    private final RudpConfig keyed = RudpConfig.wan(RudpSecurity.psk(new byte[16]));

    private static int type(byte[] datagram) {
        return datagram[0] == (byte) Wire.HANDSHAKE_FORM ? datagram[1] : 0;
    }

    private static SimNode established(SimNetwork network) {
        SimNode client = network.dial(2);
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(client.established).isTrue();
        return client;
    }

    private static void finish(SimNetwork network) {
        network.clients.forEach(SimNode::close);
        network.finish(120 * SECONDS);
    }

    @Test
    void takesTwoRoundTrips() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        List<Integer> types = new ArrayList<>();
        network.tapToServer = datagram -> {
            types.add(type(datagram));
            return datagram;
        };
        SimNode client = network.dial(2);
        network.clock.runUntil(39 * SimClock.MILLIS);
        assertThat(client.established).isFalse();
        network.clock.runUntil(41 * SimClock.MILLIS);
        assertThat(client.established).isTrue();
        assertThat(types).containsExactly(Handshake.HELLO, Handshake.HELLO, 0);
        assertThat(client.connection().stats().path().smoothedRtt().toMillis())
                .as("from the handshake")
                .isEqualTo(20);
        finish(network);
    }

    @Test
    void remembersNothingBeforeTheCookie() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        long answered = 0;
        ByteBuf out = Unpooled.buffer();
        for (int i = 0; i < 10_000; i++) {
            InetSocketAddress forged = SimNetwork.address(i % 250, i);
            ConnectionSetup setup = ConnectionSetup.of(plain, network.allocator, new Random(i), 0);
            SimNode nobody = new SimNode(network, forged);
            RudpConnection dialler = RudpConnection.dial(setup, nobody, SimNetwork.SERVER, 0);
            ByteBuf hello = Unpooled.buffer();
            dialler.poll(0, hello);
            out.clear();
            assertThat(network.gate.onDatagram(0, forged, hello, out)).isEqualTo(ServerGate.Outcome.ANSWERED);
            answered += out.readableBytes();
        }
        assertThat(network.accepted).isEmpty();
        assertThat(answered).as("bytes for 12 MB of flood").isLessThan(10_000 * 60L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void survivesTheLossOfAnyOfItsDatagrams(int lost) {
        SimNetwork network = new SimNetwork(lost, keyed, keyed);
        int[] count = {0};
        network.tapToServer = datagram -> ++count[0] == lost ? null : datagram;
        network.tapToClient = datagram -> ++count[0] == lost ? null : datagram;
        SimNode client = network.dial(2);
        network.clock.runUntil(9 * SECONDS);
        assertThat(client.established).isTrue();
        assertThat(network.accepted).hasSize(1);
        assertThat(network.accepted.get(0).established).isTrue();
        finish(network);
    }

    @Test
    void makesOneConnectionOfARepeatedHello() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        network.toServer.duplicate = 1;
        network.toClient.duplicate = 1;
        SimNode client = established(network);
        assertThat(network.accepted).hasSize(1);
        SimWorkload up = new SimWorkload(network, 1);
        up.receiveAt(network.accepted.get(0));
        up.write(client, DeliveryMode.UNRELIABLE, 0, 100);
        network.clock.runUntil(2 * SECONDS);
        assertThat(up.receivedCount())
                .as("an unreliable message that came twice")
                .isEqualTo(1);
        finish(network);
    }

    @Test
    void givesUpWhenNobodyAnswers() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        network.toServer.loss = 1;
        SimNode client = network.dial(2);
        network.finish(11 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.CONNECT_TIMEOUT);
        assertThat(network.toServer.sent).as("HELLOs at 0, 1, 3 and 7 s").isEqualTo(4);
    }

    private static void unreachable(SimNode client, Exception why) {
        client.connection().onUnreachable(client.network.clock.now(), why);
        client.pump();
    }

    @Test
    void endsAtOnceWhereTheNetworkSaysThatNobodyListens() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        network.toServer.loss = 1;
        SimNode client = network.dial(2);
        unreachable(client, new PortUnreachableException("nobody listens"));
        assertThat(client.closed.kind()).isEqualTo(Kind.CONNECT_REFUSED);
        assertThat(client.closed.failure()).hasRootCauseInstanceOf(PortUnreachableException.class);
        SimNode other = network.dial(3);
        unreachable(other, new NoRouteToHostException("no route to host"));
        assertThat(other.closed.kind()).isEqualTo(Kind.UNREACHABLE);
        network.finish(SECONDS);
    }

    /** Who has a key does not believe the first word: anybody on the path can say it. */
    @Test
    void believesTheNetworkTheSecondTimeWhereThereIsAKey() {
        SimNetwork network = new SimNetwork(1, keyed, keyed);
        network.toServer.loss = 1;
        SimNode client = network.dial(2);
        unreachable(client, new PortUnreachableException("nobody listens"));
        unreachable(client, new PortUnreachableException("nobody listens"));
        assertThat(client.closed).isNull();
        network.clock.runUntil(1100 * SimClock.MILLIS);
        assertThat(network.toServer.sent).isEqualTo(2);
        unreachable(client, new PortUnreachableException("nobody listens"));
        assertThat(client.closed.kind()).isEqualTo(Kind.CONNECT_REFUSED);
        network.finish(SECONDS);
    }

    @Test
    void isNotStoppedByAForgedUnreachableWhereThereIsAKey() {
        SimNetwork network = new SimNetwork(1, keyed, keyed);
        SimNode client = network.dial(2);
        unreachable(client, new PortUnreachableException("forged"));
        network.clock.runUntil(SECONDS);
        assertThat(client.established).isTrue();
        finish(network);
    }

    @Test
    void tellsAfterTheTimeoutWhatTheNetworkSaid() {
        SimNetwork network = new SimNetwork(1, keyed, keyed);
        network.toServer.loss = 1;
        SimNode client = network.dial(2);
        unreachable(client, new PortUnreachableException("nobody listens"));
        network.finish(11 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.CONNECT_REFUSED);
        assertThat(client.closed.failure()).hasRootCauseInstanceOf(PortUnreachableException.class);
    }

    /** Connections that came and went in the last ten seconds, whose HELLOs could be repeated, do not pile up. */
    @Test
    void forgetsConnectionsThatAreOver() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        for (int i = 0; i < 3000; i++) {
            SimNode client = network.dial(2, 1000 + i);
            network.clock.runUntil(network.clock.now() + 50 * SimClock.MILLIS);
            client.connection().abort(network.clock.now());
            client.pump();
            network.toServer.delayNanos = network.toClient.delayNanos = SimClock.MILLIS / 10;
            network.clock.runUntil(network.clock.now() + SimClock.MILLIS);
            assertThat(client.established).as("client %s", i).isTrue();
        }
        assertThat(network.gate.remembered()).isLessThanOrEqualTo(1024);
        network.finish(60 * SECONDS);
    }

    @Test
    void refusesAnotherKeyAndSaysSo() {
        SimNetwork network = new SimNetwork(1, keyed, RudpConfig.wan(RudpSecurity.psk(new byte[20])));
        SimNode client = network.dial(2);
        network.finish(11 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.AUTHENTICATION);
        assertThat(client.closed.failure()).hasMessageContaining("the keys differ");
        assertThat(network.accepted).isEmpty();
    }

    @Test
    void refusesAnotherSecurityAtOnceWhereNothingIsAuthenticated() {
        SimNetwork network = new SimNetwork(1, plain, keyed);
        SimNode client = network.dial(2);
        network.clock.runUntil(SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.AUTHENTICATION);
        assertThat(client.closed.failure()).hasMessageContaining("PSK_AES_128_GCM");
        network.finish(10 * SECONDS);
    }

    @Test
    void isNotStoppedByAForgedRefusalWhereThereIsAKey() {
        SimNetwork network = new SimNetwork(1, keyed, keyed);
        Handshake handshake = new Handshake();
        network.tapToServer = datagram -> {
            if (type(datagram) == Handshake.HELLO) {
                ByteBuf forged = Unpooled.buffer();
                long clientId = Unpooled.wrappedBuffer(datagram).getLong(16);
                handshake.writeRefuse(forged, clientId, new Handshake.Refuse(6, "go away"));
                network.sendToClient(SimNetwork.address(2, 5000), Arrays.copyOf(forged.array(), forged.writerIndex()));
            }
            return datagram;
        };
        assertThat(established(network).closed).isNull();
        finish(network);
    }

    @Test
    void ignoresAForgedAcceptWhereThereIsAKey() {
        SimNetwork network = new SimNetwork(1, keyed, keyed);
        Crc32cProtection checksum = new Crc32cProtection();
        network.tapToClient = datagram -> {
            if (type(datagram) == ACCEPT) {
                ByteBuf altered = Unpooled.buffer().writeBytes(datagram, 0, datagram.length - 4);
                altered.setByte(60, altered.getByte(60) ^ 1);
                checksum.seal(altered, 0, 0);
                return Arrays.copyOf(altered.array(), altered.writerIndex());
            }
            return datagram;
        };
        SimNode client = network.dial(2);
        network.finish(30 * SECONDS);
        assertThat(client.closed.kind()).isEqualTo(Kind.AUTHENTICATION);
        assertThat(network.accepted.get(0).closed.kind()).isEqualTo(Kind.HANDSHAKE);
    }

    @Test
    void tellsItsVersionToOneThatSpeaksAnother() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        Crc32cProtection checksum = new Crc32cProtection();
        network.tapToServer = datagram -> {
            ByteBuf altered = Unpooled.buffer()
                    .writeBytes(datagram, 0, datagram.length - 4)
                    .setInt(4, 9);
            checksum.seal(altered, 0, 0);
            return Arrays.copyOf(altered.array(), altered.writerIndex());
        };
        List<Integer> answers = new ArrayList<>();
        network.tapToClient = datagram -> {
            answers.add(type(datagram));
            return datagram;
        };
        SimNode client = network.dial(2);
        network.finish(11 * SECONDS);
        assertThat(answers).containsOnly(Handshake.VERSIONS);
        assertThat(client.closed.kind()).as("its own version is in the list").isEqualTo(Kind.CONNECT_TIMEOUT);
    }

    @Test
    void doesNotTakeACookieFromAnotherAddressOrTooLate() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        List<byte[]> hellos = new ArrayList<>();
        network.tapToServer = datagram -> {
            hellos.add(datagram);
            return datagram;
        };
        established(network);
        byte[] withCookie = hellos.get(1);
        ByteBuf out = Unpooled.buffer();
        long now = network.clock.now();
        assertThat(network.gate.onDatagram(now, SimNetwork.address(9, 1), Unpooled.wrappedBuffer(withCookie), out))
                .isEqualTo(ServerGate.Outcome.ANSWERED);
        assertThat((int) out.getByte(1)).isEqualTo(Handshake.RETRY);
        finish(network);
        out.clear();
        assertThat(network.gate.onDatagram(
                        now + 20 * SECONDS, SimNetwork.address(2, 5000), Unpooled.wrappedBuffer(withCookie), out))
                .as("after the connection and the cookie's life")
                .isEqualTo(ServerGate.Outcome.ANSWERED);
        assertThat((int) out.getByte(1)).isEqualTo(Handshake.RETRY);
    }

    @Test
    void answersNothingThatIsShorterThanItsAnswer() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        ByteBuf out = Unpooled.buffer();
        for (int length = 0; length < 1200; length += 7) {
            ByteBuf datagram = Unpooled.buffer()
                    .writeByte(Wire.HANDSHAKE_FORM)
                    .writeByte(Handshake.HELLO)
                    .writeZero(length);
            Crc32cProtection checksum = new Crc32cProtection();
            if (length >= 22) {
                checksum.seal(datagram, 0, 0);
            }
            if (datagram.readableBytes() < RudpConfig.MIN_DATAGRAM_BYTES) {
                assertThat(network.gate.onDatagram(0, SimNetwork.address(2, 1), datagram, out))
                        .isEqualTo(ServerGate.Outcome.IGNORED);
            }
        }
        assertThat(out.readableBytes()).isZero();
    }

    @Test
    void boundsConnectionsWhoseClientStaysSilent() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        // Everything but data packets of the clients gets through, so that nobody is confirmed.
        network.tapToServer = datagram -> type(datagram) == 0 ? null : datagram;
        for (int host = 0; host < 1100; host++) {
            SimNode client = new SimNode(network, SimNetwork.address(host % 200, 10_000 + host));
            ConnectionSetup setup = ConnectionSetup.of(plain, network.allocator, new Random(host), 0);
            client.connection = RudpConnection.dial(setup, client, SimNetwork.SERVER, network.clock.now());
            network.rebind(client, client.local(), client.local());
            client.pump();
        }
        network.clock.runUntil(SECONDS);
        assertThat(network.accepted.size()).isEqualTo(ServerGate.MAX_HALF_OPEN);
        network.clock.runUntil(60 * SECONDS);
        assertThat(network.accepted.stream().limit(ServerGate.MAX_HALF_OPEN))
                .allMatch(node -> node.closed != null && node.closed.kind() == Kind.HANDSHAKE);
    }

    @Test
    void acceptsAsManyAsComeWhereEachClientAnswers() {
        SimNetwork network = new SimNetwork(1, plain, plain);
        for (int i = 0; i < 2 * ServerGate.MAX_HALF_OPEN; i++) {
            network.dial(2, 10_000 + i);
            network.clock.runUntil(network.clock.now() + SimClock.MILLIS / 4);
        }
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(network.accepted).hasSize(2 * ServerGate.MAX_HALF_OPEN).allMatch(node -> node.established);
        finish(network);
    }
}

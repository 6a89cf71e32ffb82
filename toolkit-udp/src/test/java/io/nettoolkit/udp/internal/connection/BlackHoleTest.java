package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths that swallow datagrams above some size, from the start or from some moment on. */
class BlackHoleTest {

    private static final long SECONDS = SimClock.SECONDS;

    private final RudpConfig large = RudpConfig.wan(RudpSecurity.psk(new byte[16])).toBuilder()
            .datagramBytes(4000)
            .build();
    private final RudpConfig base = RudpConfig.wan(RudpSecurity.psk(new byte[16]));

    private SimNetwork network;
    private SimNode client;
    private SimNode server;
    private SimWorkload up;
    private int largestSent;

    private void connect(RudpConfig clientConfig, RudpConfig serverConfig) {
        network = new SimNetwork(23, clientConfig, serverConfig);
        client = network.dial(2);
        network.clock.runUntil(SECONDS);
        server = network.accepted.get(0);
        up = new SimWorkload(network, 1);
        up.receiveAt(server);
        network.tapToServer = datagram -> {
            largestSent = Math.max(largestSent, datagram.length);
            return datagram;
        };
    }

    private void write(int count, int bytes) {
        for (int i = 0; i < count; i++) {
            up.write(client, DeliveryMode.RELIABLE_UNORDERED, 0, bytes);
        }
    }

    /** The largest datagram while so many messages are written, and so long after. */
    private int largestWith(int count, int bytes, long nanos) {
        largestSent = 0;
        write(count, bytes);
        network.clock.runUntil(network.clock.now() + nanos);
        return largestSent;
    }

    private void finish() {
        client.close();
        network.finish(120 * SECONDS);
        up.check(client);
    }

    @ParameterizedTest
    @ValueSource(ints = {1200, 1300, 2000, 3999})
    void fallsBackToTheBaseWhereTheFullSizeVanishes(int mtu) {
        connect(large, large);
        network.toServer.mtu = mtu;
        write(100, 10_000);
        network.clock.runUntil(20 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(100);
        assertThat(largestWith(10, 10_000, 5 * SECONDS)).isEqualTo(1200);
        assertThat(client.connection().recovery().bytesInFlight()).isZero();
        finish();
    }

    @Test
    void fallsBackWhereTheHoleOpensInMidFlight() {
        connect(large, large);
        assertThat(largestWith(300, 10_000, 60 * SimClock.MILLIS)).isEqualTo(4000);
        assertThat(up.receivedCount()).isPositive();
        network.toServer.mtu = 1400;
        network.clock.runUntil(20 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(300);
        finish();
    }

    /** One message now and then: each arrives after a probe timeout, and soon without. */
    @Test
    void fallsBackWhereLittleIsSent() {
        connect(large, large);
        network.toServer.mtu = 1400;
        for (int i = 0; i < 5; i++) {
            write(1, 3000);
            network.clock.runUntil(network.clock.now() + 2 * SECONDS);
            assertThat(up.receivedCount()).isEqualTo(i + 1);
        }
        write(1, 3000);
        network.clock.runUntil(network.clock.now() + 50 * SimClock.MILLIS);
        assertThat(up.receivedCount()).isEqualTo(6);
        finish();
    }

    @Test
    void growsAgainWhereThePathDoes() {
        RudpConfig lasting = large.toBuilder().idleTimeout(Duration.ofHours(1)).build();
        connect(lasting, lasting);
        network.toServer.mtu = 1400;
        write(100, 10_000);
        network.clock.runUntil(20 * SECONDS);
        assertThat(largestWith(10, 10_000, 580 * SECONDS)).isEqualTo(1200);
        network.clock.runUntil(630 * SECONDS);
        long reductions = client.connection().recovery().congestionEvents();
        assertThat(largestWith(10, 10_000, 2 * SECONDS)).as("asks").isEqualTo(4000);
        assertThat(largestWith(10, 10_000, 580 * SECONDS))
                .as("it was swallowed")
                .isEqualTo(1200);
        assertThat(client.connection().recovery().congestionEvents()).isEqualTo(reductions);
        network.toServer.mtu = 4000;
        network.clock.runUntil(1250 * SECONDS);
        write(1, 100);
        network.clock.runUntil(network.clock.now() + SECONDS);
        assertThat(client.connection().recovery().datagramBytes()).isEqualTo(4000);
        assertThat(largestWith(10, 10_000, SECONDS)).isEqualTo(4000);
        assertThat(up.receivedCount()).isEqualTo(141);
        finish();
    }

    @Test
    void doesNotTakeAnOutageForAHole() {
        connect(large, large);
        write(300, 10_000);
        network.clock.runUntil(network.clock.now() + 60 * SimClock.MILLIS);
        network.toServer.loss = 1;
        network.clock.runUntil(network.clock.now() + 5 * SECONDS);
        network.toServer.loss = 0;
        network.clock.runUntil(network.clock.now() + 20 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(300);
        assertThat(client.connection().recovery().datagramBytes()).isEqualTo(4000);
        finish();
    }

    /** What nobody has to carry is no reason to hang: the peer is alive, so the idle timeout says nothing. */
    @ParameterizedTest
    @ValueSource(ints = {1000, 600})
    void endsWithAFailureWhereTheHoleIsBelowTheBase(int mtu) {
        connect(large, base);
        network.toServer.mtu = mtu;
        SimWorkload down = new SimWorkload(network, 2);
        down.receiveAt(client);
        for (int i = 0; i < 200; i++) {
            network.clock.in(i * SECONDS, () -> down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 100));
            network.clock.in(i * SECONDS, () -> up.write(client, DeliveryMode.RELIABLE_ORDERED, 1, 100));
        }
        write(1, 1170);
        network.clock.runUntil(25 * SECONDS);
        assertThat(client.closed).isNull();
        assertThat(down.receivedCount()).isPositive();
        network.clock.runUntil(60 * SECONDS);
        assertThat(client.closed).isNotNull();
        assertThat(client.closed.kind()).isEqualTo(Kind.PATH_LOST);
        assertThat(client.closed.failure()).hasMessageContaining("may not carry datagrams of 1200 bytes");
        assertThat(server.closed).isNotNull();
        assertThat(server.closed.isOrderly()).isFalse();
        assertThat(client.outcomes).containsValue("CLOSED");
        network.finish(300 * SECONDS);
    }

    /** A message that is cut for the larger size and not for the smaller one never began. */
    @ParameterizedTest
    @ValueSource(ints = {100, 1200, 2000, 2010, 2030, 2048, 3000, 3950, 4000, 8000})
    void sendsEveryLengthToAPeerThatTakesSmallerDatagrams(int bytes) {
        connect(large, base);
        assertThat(largestWith(2, bytes, 2 * SECONDS)).isLessThanOrEqualTo(2048);
        assertThat(up.receivedCount()).isEqualTo(2);
        finish();
    }
}

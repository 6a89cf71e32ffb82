package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections whose congestion control is the user's. */
class UserControlTest {

    private static final long SECONDS = SimClock.SECONDS;

    private static RudpConfig config(CongestionControl control) {
        return RudpConfig.wan(RudpSecurity.plaintext()).toBuilder()
                .congestionControl(control)
                .build();
    }

    /** A window of so many datagrams, whatever happens; throws where it is told to. */
    private static class Fixed implements CongestionControl.Controller {
        private final long windowBytes;
        private final String failing;
        private int callsLeft;

        Fixed(long datagrams, String failing, int callsLeft) {
            windowBytes = datagrams * RudpConfig.MIN_DATAGRAM_BYTES;
            this.failing = failing;
            this.callsLeft = callsLeft;
            called("newController");
        }

        private void called(String method) {
            if (method.equals(failing) && --callsLeft < 0) {
                throw new UnsupportedOperationException("the controller failed in " + method);
            }
        }

        @Override
        public void onSent(long nowNanos, long packetNumber, int bytes) {
            called("onSent");
        }

        @Override
        public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {
            called("onAcknowledged");
        }

        @Override
        public boolean onLost(long nowNanos, long bytes, long largest) {
            called("onLost");
            return true;
        }

        @Override
        public void onSpuriousLoss(long nowNanos) {}

        @Override
        public void onPersistentCongestion() {}

        @Override
        public long windowBytes() {
            called("windowBytes");
            return windowBytes;
        }

        @Override
        public long pacingBytesPerSecond() {
            called("pacingBytesPerSecond");
            return 100_000_000;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "newController, 0",
        "onSent, 0",
        "onSent, 20",
        "onAcknowledged, 0",
        "onAcknowledged, 5",
        "onLost, 0",
        "windowBytes, 0",
        "windowBytes, 30",
        "pacingBytesPerSecond, 7"
    })
    void aControllerThatThrowsEndsItsConnectionAlone(String method, int calls) {
        int[] made = {0};
        CongestionControl control = path -> new Fixed(20, made[0]++ == 0 ? method : "", calls);
        SimNetwork network = new SimNetwork(5, RudpConfig.wan(RudpSecurity.plaintext()), config(control));
        network.acceptedMayBreak = true;
        network.toClient.loss = 0.1;
        SimNode client = network.dial(2);
        network.clock.runUntil(SECONDS);
        SimNode broken = network.accepted.get(0);
        SimWorkload lost = new SimWorkload(network, 1);
        for (int i = 0; i < 100 && broken.closed == null; i++) {
            lost.write(broken, DeliveryMode.RELIABLE_UNORDERED, 0, 2000);
        }
        SimNode other = network.dial(3);
        network.clock.runUntil(5 * SECONDS);
        assertThat(broken.broken).hasMessageContaining("failed in " + method);
        assertThat(broken.closed).isNotNull();
        SimNode served = network.accepted.get(1);
        assertThat(served.broken).isNull();
        SimWorkload down = new SimWorkload(network, 2);
        down.receiveAt(other);
        down.write(served, DeliveryMode.RELIABLE_ORDERED, 0, 50_000);
        network.clock.runUntil(10 * SECONDS);
        assertThat(down.receivedCount()).isEqualTo(1);
        other.close();
        network.finish(120 * SECONDS);
    }

    /** Data packets for each one that comes back, in the middle of a long transfer. */
    private static double packetsForEachAcknowledgement(int windowDatagrams) {
        RudpConfig sender = config(path -> new Fixed(windowDatagrams, "", 0));
        SimNetwork network = new SimNetwork(6, sender, RudpConfig.bulk(RudpSecurity.plaintext()));
        SimNode client = network.dial(2);
        network.clock.runUntil(SECONDS);
        SimWorkload up = new SimWorkload(network, 1);
        up.receiveAt(network.accepted.get(0));
        for (int i = 0; i < 40; i++) {
            up.write(client, DeliveryMode.RELIABLE_UNORDERED, 0, windowDatagrams * 1000);
        }
        network.clock.runUntil(network.clock.now() + SECONDS / 5);
        long sent = network.toServer.sent;
        long back = network.toClient.sent;
        network.clock.runUntil(network.clock.now() + SECONDS / 5);
        double ratio = (network.toServer.sent - sent) / (double) (network.toClient.sent - back);
        network.clock.runUntil(network.clock.now() + 5 * SECONDS);
        assertThat(up.receivedCount()).isEqualTo(40);
        client.close();
        network.finish(60 * SECONDS);
        return ratio;
    }

    /** draft-ietf-quic-ack-frequency §4: sixteen in a window; each one where the window is a few packets; 32 at the most. */
    @Test
    void asksForFewerAcknowledgementsAsTheWindowGrows() {
        assertThat(packetsForEachAcknowledgement(4)).isBetween(0.9, 1.1);
        assertThat(packetsForEachAcknowledgement(20)).isBetween(1.8, 2.2);
        assertThat(packetsForEachAcknowledgement(160)).isBetween(8.0, 11.0);
        assertThat(packetsForEachAcknowledgement(480)).isBetween(24.0, 32.0);
        assertThat(packetsForEachAcknowledgement(1000)).isBetween(25.0, 33.0);
    }
}

package io.nettoolkit.udp.internal.congestion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.CongestionControl.Controller;
import org.junit.jupiter.api.Test;

/** RFC 9002 §7, RFC 9438, RFC 6937. */
class ControllersTest {

    private static final long MS = FakePath.MS;

    private final FakePath path = new FakePath();
    private long sent;
    private long now;

    private void send(Controller controller, int packets) {
        for (int i = 0; i < packets; i++) {
            controller.onSent(now, sent++, 1000);
            path.bytesInFlight += 1000;
        }
    }

    private void ack(Controller controller, int packets, long largest) {
        path.bytesInFlight -= 1000L * packets;
        controller.onAcknowledged(now, 1000L * packets, largest, now - path.rttNanos);
    }

    private boolean lose(Controller controller, int packets, long largest) {
        path.bytesInFlight -= 1000L * packets;
        return controller.onLost(now, 1000L * packets, largest);
    }

    /** Leaves slow start and recovery at 70 % (CUBIC) or half (NewReno) of a window of 40 packets. */
    private void pastFirstLoss(Controller controller) {
        send(controller, 10);
        ack(controller, 10, 9);
        send(controller, 20);
        ack(controller, 20, 29);
        send(controller, 40);
        assertThat(lose(controller, 1, 30)).isTrue();
        now += 100 * MS;
        ack(controller, 39, 69);
        send(controller, 1);
        now += 100 * MS;
        ack(controller, 1, 70);
    }

    @Test
    void beginsWithTenDatagramsAndDoublesInSlowStart() {
        Controller controller = CongestionControl.newReno().newController(path);
        assertThat(controller.windowBytes()).isEqualTo(10_000);
        assertThat(controller.pacingBytesPerSecond())
                .as("twice the window in a round trip")
                .isEqualTo(200_000);
        send(controller, 10);
        ack(controller, 10, 9);
        assertThat(controller.windowBytes()).isEqualTo(20_000);
    }

    @Test
    void halvesOncePerRoundTrip() {
        Controller controller = CongestionControl.newReno().newController(path);
        send(controller, 10);
        assertThat(lose(controller, 1, 0)).isTrue();
        assertThat(lose(controller, 2, 5))
                .as("the same event (RFC 9002 §7.3.2)")
                .isFalse();
        ack(controller, 7, 9);
        send(controller, 1);
        now += 100 * MS;
        ack(controller, 1, 10);
        assertThat(controller.windowBytes()).isEqualTo(5000 + 200);
        assertThat(lose(controller, 0, 11)).isTrue();
    }

    @Test
    void growsByOneDatagramARoundTripInAvoidance() {
        Controller controller = CongestionControl.newReno().newController(path);
        pastFirstLoss(controller);
        long before = controller.windowBytes();
        int packets = (int) (before / 1000);
        send(controller, packets);
        for (int i = 0; i < packets; i++) {
            ack(controller, 1, sent - packets + i);
        }
        assertThat(controller.windowBytes() - before).isBetween(900L, 1000L);
    }

    @Test
    void sendsInProportionWhileItRecovers() {
        Controller controller = CongestionControl.newReno().newController(path);
        send(controller, 10);
        ack(controller, 10, 9);
        send(controller, 20);
        lose(controller, 1, 10);
        int out = 0;
        for (int i = 11; i < 30; i++) {
            ack(controller, 1, i);
            while (path.bytesInFlight + 1000 <= controller.windowBytes()) {
                send(controller, 1);
                out++;
            }
        }
        // RFC 6937: of 20 packets that leave the path, half are replaced, evenly.
        assertThat(out).isBetween(9, 11);
        assertThat(path.bytesInFlight).isBetween(9_000L, 11_000L);
    }

    @Test
    void neverFallsBelowTwoDatagrams() {
        Controller controller = CongestionControl.newReno().newController(path);
        for (int i = 0; i < 10; i++) {
            send(controller, 2);
            lose(controller, 1, sent - 2);
            now += 100 * MS;
            ack(controller, 1, sent - 1);
        }
        assertThat(controller.windowBytes()).isEqualTo(2000);
        controller.onPersistentCongestion();
        assertThat(controller.windowBytes()).isEqualTo(2000);
    }

    @Test
    void takesAReductionBackOnce() {
        Controller controller = CongestionControl.cubic().newController(path);
        send(controller, 10);
        ack(controller, 10, 9);
        send(controller, 20);
        lose(controller, 1, 10);
        assertThat(controller.windowBytes()).isEqualTo(20_000);
        ack(controller, 10, 20);
        assertThat(controller.windowBytes()).isLessThan(20_000);
        controller.onSpuriousLoss(now);
        assertThat(controller.windowBytes()).isEqualTo(20_000);
        controller.onPersistentCongestion();
        controller.onSpuriousLoss(now);
        assertThat(controller.windowBytes()).isEqualTo(2000);
    }

    @Test
    void doesNotGrowWhileTheApplicationIsTheLimit() {
        for (CongestionControl control :
                new CongestionControl[] {CongestionControl.newReno(), CongestionControl.cubic()}) {
            Controller controller = control.newController(path);
            path.applicationLimited = true;
            send(controller, 10);
            ack(controller, 10, 9);
            assertThat(controller.windowBytes()).as("%s", control).isEqualTo(10_000);
        }
    }

    @Test
    void followsTheCubicCurve() {
        path.rttNanos = 500 * MS;
        Controller controller = CongestionControl.cubic().newController(path);
        pastFirstLoss(controller);
        double window = controller.windowBytes() / 1000.0;
        assertThat(window).as("0.7 of 40 (RFC 9438 §4.6)").isCloseTo(28, within(0.5));
        // K = cbrt((40 - 28) / 0.4) = 3.1 s: then it is back at 40, and past that it looks for more.
        long start = now;
        while (now - start < 3100 * MS - path.rttNanos) {
            grow(controller);
        }
        assertThat(controller.windowBytes() / 1000.0).isCloseTo(40, within(1.5));
        while (now - start < 6000 * MS) {
            grow(controller);
        }
        double ahead = 40 + 0.4 * Math.pow(6.0 + 0.5 - 3.107, 3);
        assertThat(controller.windowBytes() / 1000.0).isCloseTo(ahead, within(ahead * 0.1));
    }

    private void grow(Controller controller) {
        int packets = (int) (controller.windowBytes() / 1000);
        send(controller, packets);
        for (int i = 0; i < packets; i++) {
            now += path.rttNanos / packets;
            ack(controller, 1, sent - packets + i);
        }
    }

    @Test
    void isAsFastAsRenoOnAShortPath() {
        path.rttNanos = MS;
        Controller controller = CongestionControl.cubic().newController(path);
        pastFirstLoss(controller);
        long before = controller.windowBytes();
        for (int round = 0; round < 20; round++) {
            grow(controller);
        }
        // Alpha 0.53 a round trip until the old maximum (RFC 9438 §4.3).
        assertThat((controller.windowBytes() - before) / 1000.0).isCloseTo(20 * 0.53, within(1.0));
    }

    @Test
    void doesNotLeapAfterASilence() {
        path.rttNanos = 500 * MS;
        Controller controller = CongestionControl.cubic().newController(path);
        pastFirstLoss(controller);
        grow(controller);
        long before = controller.windowBytes();
        path.applicationLimited = true;
        now += 60_000 * MS;
        send(controller, 1);
        ack(controller, 1, sent - 1);
        path.applicationLimited = false;
        now += 500 * MS;
        send(controller, 1);
        ack(controller, 1, sent - 1);
        assertThat((double) controller.windowBytes()).isLessThan(1.1 * before);
    }

    @Test
    void makesRoomForNewFlows() {
        path.rttNanos = 500 * MS;
        Controller controller = CongestionControl.cubic().newController(path);
        pastFirstLoss(controller);
        send(controller, 20);
        lose(controller, 1, sent - 20);
        now += 100 * MS;
        ack(controller, 19, sent - 1);
        send(controller, 1);
        now += 100 * MS;
        ack(controller, 1, sent - 1);
        long start = now;
        while (now - start < 1500 * MS) {
            grow(controller);
        }
        // Fast convergence (RFC 9438 §4.7): the plateau is at 0.85 of the 28 where it lost again, not at 28.
        assertThat(controller.windowBytes() / 1000.0).isBetween(22.0, 25.0);
    }

    @Test
    void keepsAFixedRateAndTwoRoundTripsOfIt() {
        Controller controller = CongestionControl.fixedRate(1_000_000).newController(path);
        assertThat(controller.pacingBytesPerSecond()).isEqualTo(1_000_000);
        assertThat(controller.windowBytes()).isEqualTo(10_000 + 200_000);
        send(controller, 10);
        assertThat(lose(controller, 1, 1)).isTrue();
        assertThat(lose(controller, 1, 5)).isFalse();
        assertThat(controller.windowBytes()).isEqualTo(210_000);
        assertThatThrownBy(() -> CongestionControl.fixedRate(999))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytesPerSecond: 999 (must be 1000 or more)");
    }
}

package io.nettoolkit.udp.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9000 §4. */
class ReceiveWindowTest {

    private static final long MS = 1_000_000;

    @Test
    void letsBeginWhatWasGrantedAndNoMore() {
        ReceiveWindow window = new ReceiveWindow(1000);
        assertThat(window.limit()).isEqualTo(1000);
        assertThat(window.begin(600)).isTrue();
        assertThat(window.begin(400)).isTrue();
        assertThat(window.begin(0)).isTrue();
        assertThat(window.begin(1)).isFalse();
    }

    @Test
    void tellsOfCreditOnceAQuarterIsRead() {
        ReceiveWindow window = new ReceiveWindow(1000);
        assertThat(window.read(249, 100)).isFalse();
        assertThat(window.read(1, 100)).isTrue();
        assertThat(window.grant(10_000 * MS, MS, 4000)).isEqualTo(1250);
        assertThat(window.read(249, 100)).isFalse();
        assertThat(window.read(1, 100)).isTrue();
    }

    @Test
    void tellsEarlierWhereTheLargestThingWouldNotFit() {
        ReceiveWindow window = new ReceiveWindow(1000);
        assertThat(window.read(100, 900)).isFalse();
        assertThat(window.read(1, 900)).isTrue();
    }

    @Test
    void tellsOfEverythingWhereTheWindowIsTiny() {
        assertThat(new ReceiveWindow(1).read(1, 1)).isTrue();
        assertThat(new ReceiveWindow(3).read(0, 1)).isFalse();
        assertThat(new ReceiveWindow(3).read(1, 1)).isTrue();
    }

    @Test
    void movesOnByWhatIsRead() {
        ReceiveWindow window = new ReceiveWindow(1000);
        window.read(300, 100);
        assertThat(window.grant(10_000 * MS, 100 * MS, 4000)).isEqualTo(1300);
        assertThat(window.limit()).isEqualTo(1300);
        assertThat(window.window()).isEqualTo(1000);
        window.begin(1300);
        assertThat(window.begin(1)).isFalse();
    }

    @Test
    void doublesWhereItIsReadInLessThanTwoRoundTrips() {
        ReceiveWindow slow = new ReceiveWindow(1000);
        slow.read(250, 100);
        slow.grant(50 * MS, 100 * MS, 4000);
        assertThat(slow.window()).as("exactly two round trips").isEqualTo(1000);
        ReceiveWindow fast = new ReceiveWindow(1000);
        fast.read(250, 100);
        assertThat(fast.grant(50 * MS - 1, 100 * MS, 3000)).isEqualTo(2250);
        assertThat(fast.window()).isEqualTo(2000);
        fast.read(500, 100);
        fast.grant(100 * MS - 1, 100 * MS, 3000);
        assertThat(fast.window()).as("measured from the grant before").isEqualTo(2000);
        fast.read(500, 100);
        assertThat(fast.grant(140 * MS, 100 * MS, 3000)).as("as far as allowed").isEqualTo(1250 + 3000);
        assertThat(fast.window()).isEqualTo(3000);
    }

    @Test
    void doesNotGrowWhereNothingIsRead() {
        ReceiveWindow window = new ReceiveWindow(1000);
        assertThat(window.grant(-1, 100 * MS, 4000)).isEqualTo(1000);
        assertThat(window.window()).isEqualTo(1000);
    }
}

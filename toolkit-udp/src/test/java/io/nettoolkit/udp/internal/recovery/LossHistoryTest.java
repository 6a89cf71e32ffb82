package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LossHistoryTest {

    private final SentPackets sent = new SentPackets(0);
    private final LossHistory history = new LossHistory();

    private void send(long... nanos) {
        for (long at : nanos) {
            sent.add(at, 1000, true);
        }
    }

    @Test
    void toleratesThreePacketsAndNineEighthsAtFirst() {
        assertThat(history.packets()).isEqualTo(3);
        assertThat(history.eighths()).isEqualTo(9);
    }

    @Test
    void toleratesOnePacketMoreThanItSaw() {
        history.onSpurious(0, 3);
        assertThat(history.packets()).isEqualTo(4);
        assertThat(history.eighths()).isEqualTo(9);
        history.onSpurious(0, 19);
        assertThat(history.packets()).isEqualTo(20);
        history.onSpurious(0, 500);
        assertThat(history.packets()).isEqualTo(20);
    }

    @Test
    void toleratesMoreTimeWherePacketsWereNotTheReason() {
        for (int eighths = 10; eighths <= 16; eighths++) {
            history.onSpurious(0, 2);
            assertThat(history.eighths()).isEqualTo(eighths);
        }
        history.onSpurious(0, 2);
        assertThat(history.eighths()).isEqualTo(16);
        assertThat(history.packets()).isEqualTo(3);
    }

    @Test
    void knowsWhenEveryLossOfAnEventWasNone() {
        history.beginEvent(10, 2);
        assertThat(history.onSpurious(9, 1)).as("of an earlier event").isFalse();
        assertThat(history.onSpurious(10, 1)).isFalse();
        history.extendEvent(2);
        assertThat(history.onSpurious(12, 1)).isFalse();
        assertThat(history.onSpurious(13, 1)).isFalse();
        assertThat(history.onSpurious(11, 1)).isTrue();
        assertThat(history.onSpurious(14, 1)).as("the event is over").isFalse();
        history.extendEvent(1);
        assertThat(history.onSpurious(15, 1)).as("what is over is not extended").isFalse();
    }

    @Test
    void takesBackNothingThatEnded() {
        history.beginEvent(0, 1);
        history.endEvent();
        assertThat(history.onSpurious(0, 1)).isFalse();
    }

    @Test
    void seesPersistentCongestionInWhatWasSentOverThreeTimeouts() {
        send(0, 10, 100, 310, 311);
        assertThat(history.onLost(sent, 1, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 2, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 3, 5, 100)).as("exactly three").isFalse();
        assertThat(history.onLost(sent, 4, 5, 100)).isTrue();
    }

    @Test
    void beginsAnotherRunBehindAnAcknowledgement() {
        send(0, 10, 20, 500, 801);
        sent.setState(2, SentPackets.ACKED);
        assertThat(history.onLost(sent, 1, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 3, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 4, 5, 100))
                .as("301 after the acknowledgement")
                .isTrue();
    }

    @Test
    void goesOnAcrossWhatIsNotAcknowledged() {
        send(10, 20, 500);
        assertThat(history.onLost(sent, 0, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 2, 5, 100))
                .as("one between is in flight")
                .isTrue();
    }

    @Test
    void looksAtEachPacketBetweenTwoLosses() {
        send(0, 10, 20, 30, 500);
        sent.setState(3, SentPackets.ACKED);
        assertThat(history.onLost(sent, 1, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 4, 5, 100)).isFalse();
    }

    @Test
    void provesNothingByWhatWasSentBeforeARoundTripWasMeasured() {
        send(5, 1000);
        assertThat(history.onLost(sent, 0, 5, 100)).isFalse();
        assertThat(history.onLost(sent, 1, 5, 100)).isFalse();
    }
}

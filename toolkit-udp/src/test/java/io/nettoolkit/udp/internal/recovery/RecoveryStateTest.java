package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.WireException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What recovery keeps, tells and forgets. When it declares what lost is in {@link LossRecoveryTest}. */
class RecoveryStateTest {

    private static final long MS = 1_000_000;
    private static final int SIZE = 1000;

    private final List<String> log = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Recording> controllers = new ArrayList<>();
    private boolean newEvent = true;
    private final LossRecovery recovery = new LossRecovery(1200, 100 * MS, path -> new Recording(), new NoteVisitor() {
        @Override
        public void onNoteAcked(int kind, Object subject, long from, long to) {
            notes.add("acked " + from);
        }

        @Override
        public void onNoteLost(int kind, Object subject, long from, long to) {
            notes.add("lost " + from);
        }

        @Override
        public void onNoteForgotten(int kind, Object subject, long from, long to) {
            notes.add("forgotten " + from);
        }
    });
    private long now;

    private final class Recording implements CongestionControl.Controller {
        Recording() {
            controllers.add(this);
        }

        @Override
        public void onSent(long nowNanos, long packetNumber, int bytes) {
            log.add("sent " + packetNumber + " " + bytes);
        }

        @Override
        public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {
            log.add("acknowledged " + bytes);
        }

        @Override
        public boolean onLost(long nowNanos, long bytes, long largest) {
            return newEvent;
        }

        @Override
        public void onSpuriousLoss(long nowNanos) {
            log.add("undone");
        }

        @Override
        public void onPersistentCongestion() {
            log.add("persistent");
        }

        @Override
        public long windowBytes() {
            return 12_000;
        }

        @Override
        public long pacingBytesPerSecond() {
            return 1_000_000;
        }
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            recovery.sent().note(0, null, recovery.sent().nextPacketNumber(), 0);
            recovery.onSent(now, SIZE, true);
        }
    }

    private void ack(long... ranges) throws WireException {
        AckFrame frame = new AckFrame();
        frame.reset(0);
        for (int i = 0; i < ranges.length; i += 2) {
            frame.add(ranges[i], ranges[i + 1]);
        }
        recovery.onAck(now, frame);
    }

    @Test
    void tellsTheControllerOfWhatCounts() throws WireException {
        send(1);
        recovery.onSent(now, SIZE, false);
        assertThat(log).containsExactly("sent 0 1000");
        ack(1, 1);
        assertThat(log).as("nothing that counts was acknowledged").containsExactly("sent 0 1000");
        ack(0, 1);
        assertThat(log).containsExactly("sent 0 1000", "acknowledged 1000");
    }

    @Test
    void answersWhatIsKnownOfThePath() throws WireException {
        assertThat(recovery.controller()).isSameAs(controllers.get(0));
        assertThat(recovery.datagramBytes()).isEqualTo(1200);
        assertThat(recovery.smoothedRttNanos()).isEqualTo(100 * MS);
        assertThat(recovery.latestRttNanos()).isZero();
        assertThat(recovery.minRttNanos()).isZero();
        assertThat(recovery.isApplicationLimited()).isTrue();
        recovery.setApplicationLimited(false);
        assertThat(recovery.isApplicationLimited()).isFalse();
        send(1);
        now = 40 * MS;
        ack(0, 0);
        send(1);
        now = 90 * MS;
        ack(1, 1);
        assertThat(recovery.latestRttNanos()).isEqualTo(50 * MS);
        assertThat(recovery.minRttNanos()).isEqualTo(40 * MS);
        assertThat(recovery.smoothedRttNanos()).isEqualTo((7 * 40 + 50) * MS / 8);
        assertThat(recovery.deliveryBytesPerSecond()).isEqualTo(20_000);
    }

    @Test
    void countsEventsAndProbes() throws WireException {
        send(8);
        now = 10 * MS;
        ack(5, 7);
        newEvent = false;
        send(4);
        now = 20 * MS;
        ack(11, 11, 5, 7);
        assertThat(recovery.lostPackets()).isEqualTo(6);
        assertThat(recovery.congestionEvents()).isEqualTo(1);
        assertThat(recovery.probeTimeouts()).isZero();
        ack(8, 11, 5, 7);
        send(1);
        now = recovery.deadlineNanos();
        recovery.onDeadline(now);
        assertThat(recovery.probeTimeouts()).isEqualTo(1);
        assertThat(recovery.ptoCount()).isEqualTo(1);
    }

    @Test
    void forgetsAPathItLeft() throws WireException {
        send(4);
        now = 50 * MS;
        ack(3, 3);
        assertThat(recovery.lostPackets()).isEqualTo(1);
        recovery.restart(path -> new Recording());
        assertThat(recovery.controller()).isSameAs(controllers.get(1));
        ack(0, 3);
        assertThat(log).as("what was lost on the old path").doesNotContain("undone");
        send(1);
        now = 250 * MS;
        ack(4, 4);
        assertThat(recovery.minRttNanos()).isEqualTo(200 * MS);
        recovery.restart(path -> new Recording());
        assertThat(recovery.minRttNanos()).isEqualTo(200 * MS);
    }

    @Test
    void restartsBeforeAnythingWasLost() {
        recovery.restart(path -> new Recording());
        assertThat(recovery.controller()).isSameAs(controllers.get(1));
    }

    @Test
    void takesNoSampleFromWhatAskedForNothing() throws WireException {
        recovery.onSent(now, SIZE, false);
        now = 70 * MS;
        ack(0, 0);
        assertThat(recovery.latestRttNanos()).isZero();
        send(1);
        recovery.onSent(now, SIZE, false);
        now = 90 * MS;
        ack(0, 2);
        assertThat(recovery.latestRttNanos()).as("one of them asked").isEqualTo(20 * MS);
    }

    @Test
    void takesASampleWhereAPacketArrivesThatWasLost() throws WireException {
        send(4);
        now = 10 * MS;
        ack(1, 3);
        recovery.onSent(now, SIZE, false);
        now = 40 * MS;
        ack(0, 4);
        assertThat(recovery.spuriousPackets()).isEqualTo(1);
        assertThat(recovery.latestRttNanos()).isEqualTo(30 * MS);
    }

    @Test
    void remembersALossForFourTimeoutsAndAnAcknowledgementUntilTheNext() throws WireException {
        send(4);
        now = 10 * MS;
        ack(1, 3);
        assertThat(recovery.sent().base()).isZero();
        now = 90 * MS;
        send(1);
        now = 100 * MS;
        // Round trips of 10 ms twice: a timeout is 10 + 4 * 3.75 ms.
        ack(4, 4);
        assertThat(notes).doesNotContain("forgotten 0");
        assertThat(recovery.sent().base()).isZero();
        send(1);
        now = 110 * MS;
        ack(5, 5);
        assertThat(notes).contains("forgotten 0");
        assertThat(recovery.sent().base()).isEqualTo(5);
    }

    @Test
    void countsNoLossOfAnEarlierEvent() throws WireException {
        send(4);
        now = 10 * MS;
        ack(3, 3, 1, 2);
        send(6);
        now = 20 * MS;
        ack(8, 9, 1, 3);
        assertThat(recovery.congestionEvents()).isEqualTo(2);
        ack(0, 3);
        ack(6, 6, 0, 3);
        ack(4, 4, 0, 3);
        assertThat(log).as("5 is missing").doesNotContain("undone");
        ack(4, 6, 0, 3);
        assertThat(log).contains("undone");
    }

    @Test
    void startsAfreshAfterPersistentCongestion() throws WireException {
        send(1);
        now = 100 * MS;
        ack(0, 0);
        now = 101 * MS;
        send(1);
        now = 1100 * MS;
        send(1);
        now = 1150 * MS;
        send(1);
        now = 1300 * MS;
        ack(3, 3, 0, 0);
        assertThat(log).contains("persistent");
        assertThat(recovery.minRttNanos()).isEqualTo(150 * MS);
        ack(0, 3);
        assertThat(log).doesNotContain("undone");
        send(1);
        now = 1420 * MS;
        ack(4, 4);
        assertThat(recovery.minRttNanos()).isEqualTo(120 * MS);
    }

    @Test
    void givesEverythingBackWhenTheConnectionEnds() throws WireException {
        send(3);
        now = 10 * MS;
        ack(1, 1);
        assertThat(recovery.deadlineNanos()).isNotEqualTo(LossRecovery.NEVER);
        recovery.rest();
        assertThat(notes).containsExactlyInAnyOrder("acked 1", "forgotten 0", "forgotten 2");
        assertThat(recovery.bytesInFlight()).isZero();
        assertThat(recovery.sent().packetsInFlight()).isZero();
        assertThat(recovery.deadlineNanos()).isEqualTo(LossRecovery.NEVER);
    }

    @Test
    void keepsItsPlaceWhereNumbersAreLeftOut() throws WireException {
        for (int i = 0; i < 20; i++) {
            send(3);
            recovery.skipNumber();
        }
        now = 10 * MS;
        assertThat(recovery.bytesInFlight()).isEqualTo(60 * SIZE);
        for (long first = 0; first < 80; first += 4) {
            ack(first, first + 2);
        }
        assertThat(recovery.bytesInFlight()).isZero();
        assertThat(notes).filteredOn(note -> note.startsWith("acked")).hasSize(60);
        recovery.skipNumber();
        recovery.rest();
        recovery.skipNumber();
        send(1);
        now = 20 * MS;
        ack(82, 82);
        assertThat(recovery.bytesInFlight()).isZero();
    }

    /** Losses that come later and are of the same event: all of them have to arrive. */
    @Test
    void takesBackAnEventThatGrewWhenAllOfItArrived() throws WireException {
        send(5);
        now = 10 * MS;
        ack(3, 3);
        newEvent = false;
        ack(4, 4);
        assertThat(recovery.lostPackets()).isEqualTo(2);
        ack(0, 0);
        assertThat(log).doesNotContain("undone");
        ack(1, 1);
        assertThat(log).contains("undone");
        assertThat(recovery.undoneEvents()).isOne();
    }

    /** The second packet, so that where it is and how far it lags behind are two things. */
    @Test
    void toleratesNoMorePacketsWhereTimeAloneWasWrong() throws WireException {
        send(3);
        now = 40 * MS;
        ack(2, 2, 0, 0);
        now = 45 * MS;
        recovery.onDeadline(now);
        assertThat(recovery.lostPackets()).isOne();
        ack(1, 1);
        assertThat(recovery.spuriousPackets()).isOne();
        assertThat(recovery.packetThreshold()).isEqualTo(3);
    }

    @Test
    void noticesAPeerThatAcknowledgesNothing() throws WireException {
        for (int i = 0; i < 1 << 16; i++) {
            recovery.onSent(now, 40, false);
        }
        assertThat(recovery.isNeverAnswered()).isFalse();
        recovery.onSent(now, 40, false);
        assertThat(recovery.isNeverAnswered()).isTrue();
        ack(1 << 16, 1 << 16);
        assertThat(recovery.isNeverAnswered()).isFalse();
    }

    @Test
    void knowsAfterARestWhatItMeasuredAndCounted() throws WireException {
        send(1);
        now = 100 * MS;
        ack(0, 0);
        send(4);
        now = 200 * MS;
        ack(4, 4);
        assertThat(recovery.lostPackets()).isEqualTo(1);
        long rate = recovery.deliveryBytesPerSecond();
        assertThat(rate).isPositive();
        long timeout = recovery.basePtoNanos();
        recovery.rest();
        assertThat(recovery.packetsRemembered()).isZero();
        assertThat(recovery.lostPackets()).isEqualTo(1);
        assertThat(recovery.congestionEvents()).isEqualTo(1);
        assertThat(recovery.deliveryBytesPerSecond()).isEqualTo(rate);
        assertThat(recovery.basePtoNanos()).isEqualTo(timeout);
        assertThat(recovery.sent().nextPacketNumber()).isEqualTo(5);
    }
}

package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.WireException;
import org.junit.jupiter.api.Test;

/** What recovery tells the search for the path's MTU, which is tested in {@link MtuSearchTest}, and hears of it. */
class RecoveryMtuTest {

    private static final long MS = 1_000_000;
    private static final int LARGE = 1452;

    private long reported;
    private final CongestionControl control = path -> new CongestionControl.Controller() {
        @Override
        public void onSent(long nowNanos, long packetNumber, int bytes) {}

        @Override
        public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {}

        @Override
        public boolean onLost(long nowNanos, long bytes, long largest) {
            reported += bytes;
            return true;
        }

        @Override
        public void onSpuriousLoss(long nowNanos) {}

        @Override
        public void onPersistentCongestion() {}

        @Override
        public long windowBytes() {
            return 100_000;
        }

        @Override
        public long pacingBytesPerSecond() {
            return 1_000_000;
        }
    };

    private final LossRecovery recovery = new LossRecovery(LARGE, 100 * MS, control, new NoteVisitor() {
        @Override
        public void onNoteAcked(int kind, Object subject, long from, long to) {}

        @Override
        public void onNoteLost(int kind, Object subject, long from, long to) {}

        @Override
        public void onNoteForgotten(int kind, Object subject, long from, long to) {}
    });
    private long now;

    private long send(int count, int bytes) {
        long first = recovery.sent().nextPacketNumber();
        for (int i = 0; i < count; i++) {
            recovery.onSent(now, bytes, true);
        }
        return first;
    }

    private void ack(long from, long to) throws WireException {
        AckFrame frame = new AckFrame();
        frame.reset(0);
        frame.add(from, to);
        recovery.onAck(now, frame);
    }

    /** Four large packets are lost in each, and ten small ones arrive. */
    private void blackHole(int rounds) throws WireException {
        for (int i = 0; i < rounds; i++) {
            send(4, LARGE);
            long small = send(10, 100);
            now += 10 * MS;
            ack(small, small + 9);
        }
    }

    @Test
    void fallsToTheBaseWhereOnlyLargePacketsAreLost() throws WireException {
        blackHole(2);
        assertThat(recovery.datagramBytes()).isEqualTo(LARGE);
        blackHole(1);
        assertThat(recovery.datagramBytes()).isEqualTo(MtuSearch.BASE_BYTES);
        assertThat(recovery.mtu().mostBytes()).isEqualTo(LARGE);
        recovery.restart(control);
        assertThat(recovery.datagramBytes()).as("on another path").isEqualTo(LARGE);
    }

    @Test
    void staysWhereALargePacketArrives() throws WireException {
        for (int i = 0; i < 10; i++) {
            blackHole(1);
            long large = send(1, LARGE);
            now += 10 * MS;
            ack(large, large);
        }
        assertThat(recovery.datagramBytes()).isEqualTo(LARGE);
    }

    /** Else each question would halve the window of a connection that has no congestion. */
    @Test
    void countsNoLossWhereTheQuestionForLargerOnesIsLost() throws WireException {
        blackHole(3);
        long lost = recovery.lostPackets();
        reported = 0;
        recovery.mtu().onQuestion(send(1, LARGE));
        long small = send(10, 100);
        now += 10 * MS;
        ack(small, small + 9);
        assertThat(recovery.sent().bytesInFlight()).as("it is settled").isZero();
        assertThat(recovery.lostPackets()).isEqualTo(lost);
        assertThat(reported).isZero();
        recovery.mtu().onQuestion(send(1, LARGE));
        now += 10 * MS;
        ack(small + 10, small + 10);
        assertThat(recovery.datagramBytes()).as("answered").isEqualTo(LARGE);
    }
}

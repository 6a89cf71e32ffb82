package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.WireException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** RFC 9002 §6 and §7.6, RFC 8985 §6.2, RFC 4015. */
class LossRecoveryTest {

    private static final long MS = 1_000_000;
    private static final int SIZE = 1000;

    private final List<String> log = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
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
        @Override
        public void onSent(long nowNanos, long packetNumber, int bytes) {}

        @Override
        public void onAcknowledged(long nowNanos, long bytes, long largest, long largestSentNanos) {
            log.add("acknowledged " + bytes + " to " + largest);
        }

        @Override
        public boolean onLost(long nowNanos, long bytes, long largest) {
            log.add("lost " + bytes + " to " + largest);
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
    void countsBytesInFlight() throws WireException {
        send(3);
        recovery.onSent(now, 40, false);
        assertThat(recovery.bytesInFlight()).isEqualTo(3 * SIZE);
        now = 50 * MS;
        ack(1, 1);
        assertThat(recovery.bytesInFlight()).isEqualTo(2 * SIZE);
        assertThat(recovery.rtt().latestNanos()).isEqualTo(50 * MS);
        assertThat(log).containsExactly("acknowledged 1000 to 1");
        assertThat(notes).containsExactly("acked 1");
    }

    @Test
    void takesNoSampleFromWhatIsNotTheNewest() throws WireException {
        send(3);
        now = 50 * MS;
        ack(2, 2);
        now = 90 * MS;
        ack(0, 2);
        assertThat(recovery.rtt().latestNanos()).isEqualTo(50 * MS);
    }

    @Test
    void declaresLostWhatIsThreePacketsBehind() throws WireException {
        send(4);
        now = 10 * MS;
        ack(3, 3, 1, 1);
        assertThat(log).containsExactly("lost 1000 to 0", "acknowledged 2000 to 3");
        assertThat(notes).containsExactly("acked 3", "acked 1", "lost 0");
        assertThat(recovery.bytesInFlight()).isEqualTo(SIZE);
        assertThat(recovery.lostPackets()).isEqualTo(1);
    }

    @Test
    void declaresLostWhatIsNineEighthsOfARoundTripOld() throws WireException {
        send(2);
        now = 40 * MS;
        ack(1, 1);
        assertThat(log).containsExactly("acknowledged 1000 to 1");
        assertThat(recovery.deadlineNanos()).isEqualTo(45 * MS);
        now = 45 * MS;
        assertThat(recovery.onDeadline(now)).as("probes").isZero();
        assertThat(log).endsWith("lost 1000 to 0");
        assertThat(recovery.deadlineNanos()).isEqualTo(LossRecovery.NEVER);
    }

    @Test
    void neverWaitsLessThanTheGranularity() throws WireException {
        send(2);
        now = 1000;
        ack(1, 1);
        assertThat(recovery.deadlineNanos()).isEqualTo(MS);
    }

    @Test
    void probesAfterThePtoAndBacksOff() {
        recovery.setPeerAckDelay(25 * MS);
        now = 7;
        send(1);
        // 100 + max(4 * 50, 1) + 25 (RFC 9002 §6.2.1)
        long pto = 325 * MS;
        assertThat(recovery.basePtoNanos()).isEqualTo(pto);
        assertThat(recovery.deadlineNanos()).isEqualTo(7 + pto);
        now = 7 + pto;
        assertThat(recovery.onDeadline(now)).as("probes").isEqualTo(2);
        assertThat(log).as("a PTO is no loss (§6.2)").isEmpty();
        assertThat(recovery.deadlineNanos()).isEqualTo(7 + 2 * pto);
        send(1);
        assertThat(recovery.deadlineNanos()).isEqualTo(now + 2 * pto);
        assertThat(recovery.ptoCount()).isEqualTo(1);
    }

    @Test
    void endsTheBackoffWithAnAcknowledgement() throws WireException {
        send(2);
        recovery.onDeadline(now);
        recovery.onDeadline(now);
        now = 10 * MS;
        ack(0, 0);
        assertThat(recovery.ptoCount()).isZero();
        recovery.onDeadline(now);
        recovery.resetBackoff();
        assertThat(recovery.ptoCount()).isZero();
    }

    @Test
    void backsOffToASixthOfTheIdleTimeoutAtMost() {
        recovery.setIdleTimeout(30_000 * MS);
        send(1);
        for (int i = 0; i < 30; i++) {
            recovery.onDeadline(now);
        }
        assertThat(recovery.deadlineNanos()).isEqualTo(5_000 * MS);
        recovery.setIdleTimeout(60 * MS);
        assertThat(recovery.deadlineNanos()).as("but not below a PTO").isEqualTo(recovery.basePtoNanos());
    }

    @Test
    void hasNoDeadlineWithNothingInFlight() {
        recovery.onSent(0, 40, false);
        assertThat(recovery.deadlineNanos()).isEqualTo(LossRecovery.NEVER);
    }

    @Test
    void repeatsTheOldestInAProbe() throws WireException {
        send(4);
        ack(0, 0);
        notes.clear();
        recovery.repeatOldest(2);
        assertThat(notes).containsExactly("lost 1", "lost 2");
    }

    @Test
    void refusesAcknowledgementsOfWhatWasNotSent() {
        send(2);
        assertThatThrownBy(() -> ack(2, 2)).isInstanceOf(WireException.class).hasMessageContaining("was not sent");
    }

    @Test
    void refusesAcknowledgementsOfWhatWasLeftOut() {
        send(2);
        recovery.skipNumber();
        send(2);
        assertThatThrownBy(() -> ack(0, 4)).isInstanceOf(WireException.class).hasMessageContaining("left out");
    }

    @Test
    void believesInReorderingOnceItSawIt() throws WireException {
        send(6);
        now = 10 * MS;
        ack(5, 5, 1, 4);
        assertThat(recovery.lostPackets()).isEqualTo(1);
        ack(0, 5);
        assertThat(recovery.spuriousPackets()).isEqualTo(1);
        assertThat(recovery.packetThreshold()).as("0 came 5 behind").isEqualTo(6);
        send(6);
        now = 12 * MS;
        ack(11, 11, 0, 5);
        assertThat(recovery.lostPackets()).as("6 is 5 behind").isEqualTo(1);
    }

    @Test
    void doesNotBelieveInMoreThanTwentyPackets() throws WireException {
        send(60);
        now = 10 * MS;
        ack(1, 59);
        ack(0, 59);
        assertThat(recovery.packetThreshold()).isEqualTo(LossHistory.LAST_PACKETS);
    }

    @Test
    void waitsLongerOnceTimeAloneWasWrong() throws WireException {
        send(2);
        now = 80 * MS;
        ack(1, 1);
        long before = recovery.lossDelayNanos();
        now = before;
        recovery.onDeadline(now);
        ack(0, 1);
        assertThat(recovery.lossDelayNanos()).isEqualTo(before * 10 / 9);
    }

    @Test
    void takesAnEventBackWhenAllOfItArrived() throws WireException {
        send(8);
        now = 10 * MS;
        ack(5, 7);
        assertThat(recovery.lostPackets()).isEqualTo(5);
        ack(5, 7, 0, 3);
        assertThat(log).doesNotContain("undone");
        ack(0, 7);
        assertThat(log).contains("undone");
        assertThat(recovery.undoneEvents()).isEqualTo(1);
    }

    @Test
    void doesNotTakeAnEventBackWhenOneOfItsPacketsIsGone() throws WireException {
        send(8);
        now = 10 * MS;
        ack(6, 7, 1, 2);
        newEvent = false;
        send(4);
        now = 20 * MS;
        ack(11, 11, 6, 7, 1, 5);
        assertThat(log).as("0 is missing, 8 belongs to the event too").doesNotContain("undone");
    }

    @Test
    void seesPersistentCongestion() throws WireException {
        send(1);
        now = 100 * MS;
        ack(0, 0);
        now = 101 * MS;
        send(1);
        now = 1100 * MS;
        send(1);
        now = 1150 * MS;
        send(1);
        // Then srtt is 106 and the variation 50: persistent after 3 * (106 + 200).
        now = 1300 * MS;
        ack(3, 3, 0, 0);
        assertThat(log).contains("persistent");
        assertThat(log.indexOf("persistent")).isGreaterThan(log.indexOf("lost 2000 to 2"));
    }

    @Test
    void seesNoPersistentCongestionAcrossAnAcknowledgement() throws WireException {
        send(1);
        now = 100 * MS;
        ack(0, 0);
        now = 101 * MS;
        send(1);
        now = 600 * MS;
        send(1);
        now = 1100 * MS;
        send(1);
        now = 1150 * MS;
        send(1);
        now = 1300 * MS;
        ack(4, 4, 2, 2, 0, 0);
        assertThat(log).contains("lost 2000 to 3").doesNotContain("persistent");
    }

    @Test
    void forgetsEverythingOnceNothingIsInFlight() throws WireException {
        send(3);
        recovery.sent().note(0, null, 3, 0);
        recovery.onSent(now, SIZE, false);
        ack(0, 2);
        notes.clear();
        recovery.rest();
        assertThat(notes).containsExactly("forgotten 3");
        notes.clear();
        now += 10 * MS;
        ack(0, 3);
        assertThat(notes).isEmpty();
        send(2);
        assertThat(recovery.bytesInFlight()).isEqualTo(2 * SIZE);
        ack(0, 5);
        assertThat(notes).containsExactlyInAnyOrder("acked 4", "acked 5");
        assertThat(recovery.bytesInFlight()).isZero();
        assertThat(recovery.deadlineNanos()).isEqualTo(LossRecovery.NEVER);
        send(4);
        now += 10 * MS;
        ack(9, 9);
        assertThat(notes).contains("lost 6", "acked 9");
    }

    @Test
    void givesEachNoteBackOnceWhateverHappens() throws WireException {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int[] settled = new int[2000];
            int[] sent = {0};
            LossRecovery r = new LossRecovery(1200, 100 * MS, CongestionControl.newReno(), new NoteVisitor() {
                @Override
                public void onNoteAcked(int kind, Object subject, long from, long to) {
                    settled[(int) from]++;
                }

                @Override
                public void onNoteLost(int kind, Object subject, long from, long to) {}

                @Override
                public void onNoteForgotten(int kind, Object subject, long from, long to) {
                    settled[(int) from]++;
                }
            });
            long t = 0;
            for (int step = 0; step < 150; step++) {
                t += random.nextLong(20 * MS);
                for (int i = random.nextInt(6); i > 0; i--) {
                    r.sent().note(0, null, sent[0]++, 0);
                    r.onSent(t, SIZE, random.nextInt(5) > 0);
                }
                long next = r.sent().nextPacketNumber();
                if (next > 3 && random.nextBoolean()) {
                    AckFrame frame = new AckFrame();
                    frame.reset(0);
                    long high = next - 1 - random.nextLong(3);
                    for (int i = 0; i < 4 && high >= 0; i++) {
                        long low = Math.max(0, high - random.nextLong(5));
                        frame.add(low, high);
                        high = low - 2 - random.nextLong(4);
                    }
                    r.onAck(t, frame);
                }
                if (t >= r.deadlineNanos()) {
                    r.onDeadline(t);
                }
                assertThat(r.bytesInFlight())
                        .as("seed %s", seed)
                        .isEqualTo((long) SIZE * r.sent().packetsInFlight());
            }
            r.rest();
            for (int i = 0; i < sent[0]; i++) {
                assertThat(settled[i]).as("seed %s, note %s", seed, i).isEqualTo(1);
            }
        }
    }
}

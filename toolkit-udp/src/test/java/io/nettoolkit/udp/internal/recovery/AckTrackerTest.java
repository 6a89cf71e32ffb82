package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.internal.wire.AckFrame;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** RFC 9000 §13.2 and draft-ietf-quic-ack-frequency. */
class AckTrackerTest {

    private static final long MS = 1_000_000;
    private static final long DELAY = 25 * MS;

    private final AckTracker acks = new AckTracker(DELAY);

    private void receive(long... numbers) {
        for (long number : numbers) {
            acks.onReceived(0, number, true);
        }
    }

    private String ranges() {
        AckFrame frame = new AckFrame();
        acks.describe(frame, 0);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < frame.count(); i++) {
            text.append(frame.smallest(i)).append('-').append(frame.largest(i)).append(' ');
        }
        return text.toString().trim();
    }

    @Test
    void mergesWhatTouches() {
        receive(1, 5, 3);
        assertThat(ranges()).isEqualTo("5-5 3-3 1-1");
        receive(4);
        assertThat(ranges()).isEqualTo("3-5 1-1");
        receive(2, 7, 6, 0);
        assertThat(ranges()).isEqualTo("0-7");
        assertThat(acks.expected()).isEqualTo(8);
    }

    @Test
    void agreesWithASetWhateverTheOrder() {
        for (long seed = 1; seed <= 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            AckTracker tracker = new AckTracker(DELAY);
            TreeSet<Long> model = new TreeSet<>();
            for (int i = 0; i < 40; i++) {
                long number = random.nextLong(60);
                assertThat(tracker.isDuplicate(number))
                        .as("seed %s: %s", seed, number)
                        .isEqualTo(model.contains(number));
                if (model.add(number)) {
                    tracker.onReceived(0, number, true);
                }
            }
            AckFrame frame = new AckFrame();
            tracker.describe(frame, 0);
            TreeSet<Long> told = new TreeSet<>();
            for (int i = 0; i < frame.count(); i++) {
                for (long n = frame.smallest(i); n <= frame.largest(i); n++) {
                    told.add(n);
                }
            }
            assertThat(told).as("seed %s", seed).isEqualTo(model);
        }
    }

    @Test
    void acknowledgesEverySecondPacketAndTheFirstAfterTheDelay() {
        acks.onReceived(5 * MS, 0, true);
        assertThat(acks.dueNanos()).isEqualTo(5 * MS + DELAY);
        acks.onReceived(7 * MS, 1, true);
        assertThat(acks.dueNanos()).isEqualTo(7 * MS);
        acks.onAckSent();
        assertThat(acks.dueNanos()).isEqualTo(AckTracker.NEVER);
        assertThat(acks.hasNews()).isFalse();
    }

    @Test
    void acknowledgesAtOnceWhatComesOutOfOrder() {
        receive(0, 1);
        acks.onAckSent();
        acks.onReceived(9 * MS, 3, true);
        assertThat(acks.dueNanos()).as("a gap").isEqualTo(9 * MS);
        acks.onAckSent();
        acks.onReceived(11 * MS, 2, true);
        assertThat(acks.dueNanos()).as("the gap is filled").isEqualTo(11 * MS);
        acks.onAckSent();
        acks.onReceived(12 * MS, 4, true);
        assertThat(acks.dueNanos()).as("in order").isEqualTo(12 * MS + DELAY);
    }

    @Test
    void asksNothingOfPacketsThatAskForNothing() {
        acks.onReceived(0, 0, false);
        acks.onReceived(0, 7, false);
        assertThat(acks.hasNews()).isFalse();
        assertThat(ranges()).isEqualTo("7-7 0-0");
    }

    @Test
    void waitsForAsManyPacketsAsThePeerAskedButNotLongerThanPromised() {
        acks.onAckFrequency(4, 200 * MS);
        receive(0, 1, 2);
        assertThat(acks.dueNanos()).isEqualTo(DELAY);
        receive(3);
        assertThat(acks.dueNanos()).isZero();
        acks.onAckSent();
        acks.onAckFrequency(10, 0);
        receive(4);
        assertThat(acks.dueNanos()).as("not sooner than a timer can").isEqualTo(MS);
        acks.onImmediateAck(3);
        assertThat(acks.dueNanos()).isEqualTo(3);
    }

    @Test
    void reportsHowLongTheNewestWaited() {
        acks.onReceived(10 * MS, 4, true);
        acks.onReceived(12 * MS, 2, true);
        AckFrame frame = new AckFrame();
        acks.describe(frame, 15 * MS);
        assertThat(frame.delayNanos()).isEqualTo(5 * MS);
    }

    @Test
    void forgetsWhatThePeerKnowsWasAcknowledged() {
        receive(0, 1, 2, 5, 6, 9);
        acks.onAckOfAck(6);
        assertThat(ranges()).isEqualTo("9-9");
        assertThat(acks.isDuplicate(3)).as("too old to tell").isTrue();
        assertThat(acks.isDuplicate(7)).isFalse();
        receive(10, 11);
        acks.onAckOfAck(10);
        assertThat(ranges()).isEqualTo("10-11");
        acks.onAckOfAck(10_000);
        assertThat(ranges()).as("the newest stays").isEqualTo("11-11");
        assertThat(acks.expected()).isEqualTo(12);
    }

    @Test
    void keepsThirtyTwoRangesWhateverGapsThePeerOpens() {
        for (long n = 0; n < 100_000; n += 2) {
            assertThat(acks.isDuplicate(n)).isFalse();
            acks.onReceived(0, n, true);
        }
        AckFrame frame = new AckFrame();
        acks.describe(frame, 0);
        assertThat(frame.count()).isEqualTo(AckTracker.MAX_RANGES);
        assertThat(frame.largest(0)).isEqualTo(99_998);
        assertThat(acks.isDuplicate(5)).as("below the ranges").isTrue();
        assertThat(acks.isDuplicate(99_997)).isFalse();
    }

    @Test
    void countsAPacketBelowAFullSetAsADuplicateFromThenOn() {
        for (long n = 100; n < 100 + 2 * AckTracker.MAX_RANGES; n += 2) {
            acks.onReceived(0, n, true);
        }
        acks.onReceived(0, 50, true);
        assertThat(acks.isDuplicate(50)).isTrue();
        assertThat(acks.isDuplicate(49)).isTrue();
        assertThat(acks.isDuplicate(51)).isFalse();
    }

    @Test
    void knowsTheLargestItReceived() {
        assertThat(acks.isEmpty()).isTrue();
        assertThat(acks.largestReceived()).isEqualTo(-1);
        receive(7, 3);
        assertThat(acks.isEmpty()).isFalse();
        assertThat(acks.largestReceived()).isEqualTo(7);
    }

    @Test
    void seesNoGapBeforeTheFirstPacket() {
        acks.onReceived(0, 7, true);
        assertThat(acks.dueNanos()).isEqualTo(25 * MS);
    }

    @Test
    void measuresTheWaitFromTheNewest() {
        acks.onReceived(0, 0, true);
        acks.onReceived(5 * MS, 1, true);
        AckFrame frame = new AckFrame();
        acks.describe(frame, 7 * MS);
        assertThat(frame.delayNanos()).isEqualTo(2 * MS);
        acks.onReceived(9 * MS, 3, true);
        acks.onReceived(12 * MS, 2, true);
        acks.describe(frame, 20 * MS);
        assertThat(frame.delayNanos()).isEqualTo(11 * MS);
    }

    @Test
    void countsWhatItForgotAsADuplicateAndNothingAbove() {
        receive(1, 5);
        acks.onAckOfAck(1);
        assertThat(acks.isDuplicate(1)).isTrue();
        assertThat(acks.isDuplicate(2)).isFalse();
        acks.onAckOfAck(5);
        assertThat(acks.isDuplicate(4)).isTrue();
        assertThat(acks.isDuplicate(5)).isTrue();
        assertThat(acks.isDuplicate(6)).isFalse();
    }

    @Test
    void countsWhatItHadNoRoomForAsADuplicateAndNothingAbove() {
        for (int i = 0; i < AckTracker.MAX_RANGES; i++) {
            receive(10 + 3 * i);
        }
        receive(1000);
        assertThat(acks.isDuplicate(10)).isTrue();
        assertThat(acks.isDuplicate(11)).isFalse();
    }

    @Test
    void countsAllUpToTheNewestAsReceivedOnceAtRest() {
        acks.rest();
        assertThat(acks.expected()).isZero();
        receive(1, 3);
        acks.rest();
        assertThat(acks.isDuplicate(2)).as("while there is news").isFalse();
        acks.onAckSent();
        acks.rest();
        assertThat(acks.isEmpty()).isTrue();
        assertThat(acks.expected()).isEqualTo(4);
        assertThat(acks.isDuplicate(2)).isTrue();
        assertThat(acks.isDuplicate(4)).isFalse();
        acks.onAckOfAck(3);
        receive(5, 7);
        assertThat(ranges()).isEqualTo("7-7 5-5");
        assertThat(acks.isDuplicate(4)).isFalse();
    }

    @Test
    void hasNewsUntilTheyAreTold() {
        assertThat(acks.hasNews()).isFalse();
        acks.onReceived(0, 0, false);
        assertThat(acks.hasNews()).as("of what asked for nothing").isFalse();
        acks.onReceived(0, 1, true);
        assertThat(acks.hasNews()).isTrue();
        acks.onAckSent();
        assertThat(acks.hasNews()).isFalse();
    }
}

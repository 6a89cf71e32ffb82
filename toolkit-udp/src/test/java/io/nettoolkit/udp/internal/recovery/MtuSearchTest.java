package io.nettoolkit.udp.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 8899 §4.3: a path that swallows large datagrams and no others. */
class MtuSearchTest {

    private static final int BASE = MtuSearch.BASE_BYTES;

    private final MtuSearch mtu = MtuSearch.from(1452);
    private long number;

    /** Packets of these sizes are sent, in which round all of them are lost. */
    private void lose(int... sizes) {
        for (int bytes : sizes) {
            mtu.onLost(0, number++, bytes);
        }
        mtu.endRound(0, number);
    }

    private void arrive(int bytes) {
        mtu.onAcknowledged(number++, bytes);
    }

    private void fall() {
        for (int i = 0; i < 10; i++) {
            arrive(60);
        }
        lose(1452);
        lose(1452);
        lose(1452);
        assertThat(mtu.bytes()).isEqualTo(BASE);
    }

    @Test
    void fallsToTheBaseAfterThreeRoundsInWhichOnlyLargeOnesAreLost() {
        lose(1452, 1452, 1452, 1300);
        arrive(BASE);
        lose(1452);
        arrive(60);
        arrive(60);
        assertThat(mtu.bytes()).isEqualTo(1452);
        lose(1201);
        assertThat(mtu.bytes()).isEqualTo(BASE);
        assertThat(mtu.mostBytes()).isEqualTo(1452);
    }

    @Test
    void countsOneBurstOfLossesOnce() {
        for (int i = 0; i < 10; i++) {
            mtu.onLost(0, i, 1452);
        }
        mtu.endRound(0, 20);
        for (int round = 10; round < 20; round++) {
            mtu.onLost(0, round, 1452);
            mtu.endRound(0, 20);
        }
        assertThat(mtu.bytes())
                .as("those were under way when the first was lost")
                .isEqualTo(1452);
    }

    @Test
    void isNotMistakenWhereALargeOneArrives() {
        for (int i = 0; i < 10; i++) {
            lose(1452);
            lose(1452);
            arrive(1201);
        }
        assertThat(mtu.bytes()).isEqualTo(1452);
    }

    @Test
    void ignoresWhatWasSentBeforeALargeOneThatArrived() {
        mtu.onAcknowledged(100, 1452);
        for (int i = 0; i < 10; i++) {
            lose(1452);
        }
        assertThat(mtu.bytes()).isEqualTo(1452);
    }

    /** Of the small ones as many are lost as arrive: then some large ones in a row are lost by chance. */
    @Test
    void isNotMistakenWhereSmallOnesAreLostAsOften() {
        for (int i = 0; i < 9; i++) {
            lose(1452, BASE);
            arrive(BASE);
        }
        assertThat(mtu.bytes()).isEqualTo(1452);
        lose(1452);
        lose(1452);
        assertThat(mtu.bytes()).as("eleven in a row").isEqualTo(BASE);
    }

    @Test
    void isNotMistakenWhereNothingArrives() {
        for (int i = 0; i < 100; i++) {
            lose(1452, 1452, BASE, BASE);
        }
        assertThat(mtu.bytes()).isEqualTo(1452);
    }

    /** A hole on a path that loses every fourth packet besides. */
    @Test
    void isSeenThroughRandomLoss() {
        for (int i = 0; i < 4; i++) {
            arrive(BASE);
            arrive(60);
            arrive(60);
            lose(1452, 1452, BASE);
        }
        assertThat(mtu.bytes()).isEqualTo(BASE);
    }

    @Test
    void asksForLargerOnesAfterTenMinutes() {
        assertThat(mtu.isQuestionDue(Long.MAX_VALUE)).as("nothing to ask for").isFalse();
        fall();
        assertThat(mtu.isQuestionDue(MtuSearch.RAISE_NANOS - 1)).isFalse();
        assertThat(mtu.isQuestionDue(MtuSearch.RAISE_NANOS)).isTrue();
        mtu.onQuestion(number);
        assertThat(mtu.isQuestionDue(MtuSearch.RAISE_NANOS))
                .as("while one is under way")
                .isFalse();
        arrive(1452);
        assertThat(mtu.bytes()).isEqualTo(1452);
        fall();
    }

    @Test
    void asksAgainTenMinutesAfterAQuestionWasLost() {
        fall();
        long asked = MtuSearch.RAISE_NANOS;
        mtu.onQuestion(number);
        assertThat(mtu.onLost(asked, number++, 1452))
                .as("says nothing of congestion")
                .isTrue();
        mtu.endRound(asked, number);
        assertThat(mtu.bytes()).isEqualTo(BASE);
        assertThat(mtu.isQuestionDue(2 * MtuSearch.RAISE_NANOS - 1)).isFalse();
        assertThat(mtu.isQuestionDue(2 * MtuSearch.RAISE_NANOS)).isTrue();
        assertThat(mtu.onLost(asked, number, 1452)).as("any other packet").isFalse();
    }

    @Test
    void beginsAnewOnAnotherPath() {
        arrive(BASE);
        lose(1452, 1452, 1452, 1452);
        lose(1452, 1452, 1452, 1452);
        mtu.reset();
        lose(1452, 1452, 1452, 1452);
        assertThat(mtu.bytes()).isEqualTo(1452);
        mtu.reset();
        fall();
        mtu.onQuestion(number);
        mtu.reset();
        assertThat(mtu.bytes()).isEqualTo(1452);
        assertThat(mtu.onLost(0, number, 1452))
                .as("the question was about the other path")
                .isFalse();
    }

    @Test
    void isHeldToWhatThePeerTakesButNotBelowTheBase() {
        mtu.limit(9000);
        assertThat(mtu.bytes()).isEqualTo(1452);
        mtu.limit(1300);
        assertThat(mtu.bytes()).isEqualTo(1300);
        mtu.limit(0);
        assertThat(mtu.bytes()).isEqualTo(BASE);
        for (int i = 0; i < 10; i++) {
            lose(BASE);
        }
        assertThat(mtu.isQuestionDue(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void keepsItsDoubtsThroughARest() {
        for (int i = 0; i < 10; i++) {
            arrive(60);
        }
        lose(1452);
        mtu.rest();
        lose(1452);
        mtu.rest();
        lose(1452);
        assertThat(mtu.bytes()).isEqualTo(BASE);
        mtu.rest();
        assertThat(mtu.bytes()).as("it is known by now").isEqualTo(BASE);
        assertThat(mtu.isQuestionDue(MtuSearch.RAISE_NANOS)).isTrue();
    }

    @Test
    void hasNoDoubtsOnceALargeOneArrived() {
        lose(1452);
        lose(1452);
        arrive(1452);
        mtu.rest();
        lose(1452);
        assertThat(mtu.bytes()).isEqualTo(1452);
        lose(1452);
        for (int i = 0; i < 10; i++) {
            arrive(60);
        }
        lose(1452);
        assertThat(mtu.bytes()).as("three rounds after that").isEqualTo(BASE);
    }
}

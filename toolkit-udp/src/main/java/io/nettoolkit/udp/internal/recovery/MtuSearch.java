package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.RudpConfig;
import org.jspecify.annotations.Nullable;

/*
 * How large a datagram the path carries.
 *
 * Idea. Every path carries BASE_BYTES; a larger size is what somebody configured, and is used at once. A path that swallows
 * larger datagrams without a word (a tunnel, or one that begins in mid-flight) shows itself by a pattern: no large one
 * arrives, while of the small ones, to which those that ask after a probe timeout belong, more do than chance would allow
 * if both were lost alike. When that was so over MAX_LOSSES rounds of losses, datagrams shrink to the base. Long after
 * that, one padded datagram that carries nothing asks whether the path has changed.
 *
 * Chance. Since a large one arrived last, so many small ones were lost and so many arrived, which gives their chance to be
 * lost; that all the large ones were lost by the same chance is its power. Below DOUBT that is not believed any more. A
 * burst or an outage loses many large ones at once, which is why rounds are counted as well: what was under way when the
 * loss of the last round was noticed belongs to it.
 *
 * A false alarm is cheap: datagrams are smaller than they could be until the next question.
 *
 * Sources. RFC 8899 §4.3 (black holes), §5.1 (MAX_PROBES, PMTU_RAISE_TIMER), §3 item 8 (the loss of a question is no sign
 * of congestion); RFC 9000 §14.
 */

/**
 * The size of datagrams on one connection's path.
 *
 * <p>Threading: confined to the connection's loop; that of the base, which all share, never changes.
 */
public final class MtuSearch {

    /** What every path has to carry. */
    public static final int BASE_BYTES = RudpConfig.MIN_DATAGRAM_BYTES;

    static final int MAX_LOSSES = 3;
    static final long RAISE_NANOS = 600_000_000_000L;

    private static final double DOUBT = 0.001;
    private static final long NONE = -1;

    /** There is nothing below the base to fall back to, and so nothing to remember: one for all connections. */
    private static final MtuSearch OF_BASE = new MtuSearch(BASE_BYTES);

    private int most;
    /** Small ones since the last large one arrived. */
    private int smallArrived;

    private long largestArrived = NONE;
    /** Null before the first loss. */
    private @Nullable Doubts doubts;

    /** What losses have shown, and what came of that. */
    private static final class Doubts {
        boolean isBase;
        /** Losses of packets before this one are of the last round, or before it. */
        long roundEnd;

        boolean lostInRound;
        int rounds;
        // Since the last large one arrived:
        int largeLost;
        int smallLost;

        long question = NONE;
        long questionNanos;

        void forgetLosses() {
            rounds = 0;
            largeLost = 0;
            smallLost = 0;
        }

        boolean isBeyondChance(int smallArrived) {
            // One of each is taken as seen, so that a few packets prove little.
            double chance = (smallLost + 1.0) / (smallLost + smallArrived + 2.0);
            return Math.pow(chance, largeLost) < DOUBT;
        }
    }

    private MtuSearch(int most) {
        this.most = most;
    }

    /** A path that is thought to carry so much, which is at least the base. */
    static MtuSearch from(int most) {
        return most <= BASE_BYTES ? OF_BASE : new MtuSearch(most);
    }

    private boolean isOver() {
        return most <= BASE_BYTES;
    }

    /** The largest datagram to send now. */
    public int bytes() {
        return doubts != null && doubts.isBase ? BASE_BYTES : most;
    }

    /** The largest datagram there may be, where the path carries it. */
    public int mostBytes() {
        return most;
    }

    /** The peer takes no larger ones. */
    public void limit(long bytes) {
        if (!isOver()) {
            most = (int) Math.max(BASE_BYTES, Math.min(most, bytes));
        }
    }

    /** Another path, of which nothing is known. */
    void reset() {
        if (isOver()) {
            return;
        }
        smallArrived = 0;
        if (doubts != null) {
            doubts.isBase = false;
            doubts.question = NONE;
            doubts.forgetLosses();
        }
    }

    /** Whether to ask, in a datagram of {@link #mostBytes} that carries nothing, for larger ones again. */
    public boolean isQuestionDue(long nowNanos) {
        Doubts known = doubts;
        return known != null && known.isBase && known.question == NONE && nowNanos >= known.questionNanos;
    }

    /** The packet of this number asks. */
    public void onQuestion(long number) {
        if (doubts != null) {
            doubts.question = number;
        }
    }

    /** A packet of this number and size arrived. */
    void onAcknowledged(long number, int bytes) {
        if (isOver()) {
            return;
        }
        if (doubts != null && number == doubts.question) {
            reset();
        }
        if (bytes <= BASE_BYTES) {
            smallArrived++;
        } else if (number > largestArrived) {
            largestArrived = number;
            smallArrived = 0;
            if (doubts != null) {
                doubts.forgetLosses();
            }
        }
    }

    /** A packet of this number and size was lost; answers whether it only asked, so that its loss says nothing else. */
    boolean onLost(long nowNanos, long number, int bytes) {
        if (isOver()) {
            return false;
        }
        Doubts known = doubts;
        if (known == null) {
            known = new Doubts();
            doubts = known;
        }
        if (number == known.question) {
            known.question = NONE;
            known.questionNanos = nowNanos + RAISE_NANOS;
            return true;
        }
        if (bytes <= BASE_BYTES) {
            known.smallLost++;
        } else if (number > largestArrived) {
            known.largeLost++;
            known.lostInRound |= number >= known.roundEnd;
        }
        return false;
    }

    /** Those were all that are lost by now; packets sent from now on have this number and more. */
    void endRound(long nowNanos, long nextNumber) {
        Doubts known = doubts;
        if (known != null && known.lostInRound && !known.isBase) {
            known.lostInRound = false;
            known.roundEnd = nextNumber;
            known.rounds++;
            if (known.rounds >= MAX_LOSSES && known.isBeyondChance(smallArrived)) {
                known.isBase = true;
                known.questionNanos = nowNanos + RAISE_NANOS;
            }
        }
    }

    /** Nothing is under way: where large ones arrive, what was doubted before goes. */
    void rest() {
        if (doubts != null && !doubts.isBase && doubts.largeLost == 0 && doubts.smallLost == 0) {
            doubts = null;
        }
    }
}

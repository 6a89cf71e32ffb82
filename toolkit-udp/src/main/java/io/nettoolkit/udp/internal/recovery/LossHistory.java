package io.nettoolkit.udp.internal.recovery;

/*
 * What losses have taught: how much the network reorders, whether the last reduction of the window was for nothing, and
 * whether nothing gets through any more.
 *
 * A packet may lag behind a later one that was acknowledged by so many packets, and by so long, before it counts as lost.
 * Both grow with every loss that turns out to be none (RFC 9002 §6.1 has where they begin, RFC 8985 §6.2 that they adapt).
 * When every loss of the last congestion event turns out to be none, its reduction is taken back (RFC 4015). A run of
 * losses without an acknowledgement in between that was sent over three probe timeouts is persistent congestion (RFC 9002
 * §7.6).
 */

/**
 * The losses of one connection; made with the first of them.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class LossHistory {

    static final int FIRST_PACKETS = 3;
    static final int LAST_PACKETS = 20;
    static final int FIRST_EIGHTHS = 9;
    static final int LAST_EIGHTHS = 16;

    private static final int PERSISTENT_PTOS = 3;

    private int packets = FIRST_PACKETS;
    private int eighths = FIRST_EIGHTHS;
    private long eventFirst;
    private long eventOutstanding;
    private long runFirstNanos;
    private long runLast = -1;

    long lostPackets;
    long spuriousPackets;
    long congestionEvents;
    long undoneEvents;

    /** How many packets one may lag behind. */
    int packets() {
        return packets;
    }

    /** How long one may lag behind, in eighths of a round trip. */
    int eighths() {
        return eighths;
    }

    /** A congestion event begins with so many losses. */
    void beginEvent(long firstLost, long losses) {
        eventFirst = firstLost;
        eventOutstanding = losses;
    }

    /** More of its packets are lost. */
    void extendEvent(long losses) {
        if (eventOutstanding > 0) {
            eventOutstanding += losses;
        }
    }

    /** It is not taken back any more. */
    void endEvent() {
        eventOutstanding = 0;
    }

    /**
     * A packet arrived after all that was declared lost when it was so many numbers behind.
     *
     * @return whether it was the last one missing of the congestion event
     */
    boolean onSpurious(long number, long distance) {
        if (distance >= packets) {
            packets = (int) Math.min(LAST_PACKETS, distance + 1);
        } else {
            eighths = Math.min(LAST_EIGHTHS, eighths + 1);
        }
        if (number < eventFirst || eventOutstanding == 0) {
            return false;
        }
        eventOutstanding--;
        return eventOutstanding == 0;
    }

    /**
     * A packet is lost; they come in their order. What was sent before the first round trip was measured proves nothing.
     *
     * @return whether that shows persistent congestion
     */
    boolean onLost(SentPackets sent, long number, long firstSampleNanos, long ptoNanos) {
        long sentNanos = sent.sentNanos(number);
        boolean continues = runLast >= 0;
        for (long n = Math.max(runLast + 1, sent.base()); continues && n < number; n++) {
            continues = sent.state(n) != SentPackets.ACKED;
        }
        if (!continues) {
            runFirstNanos = sentNanos;
        }
        runLast = number;
        return runFirstNanos > firstSampleNanos && sentNanos - runFirstNanos > PERSISTENT_PTOS * ptoNanos;
    }
}

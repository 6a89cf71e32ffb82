package io.nettoolkit.dns.internal.query;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/*
 * What is known about one name server. No I/O: every event comes with the time it happened at.
 *
 *              refused, or 3 timeouts in a row
 *                 and no answer for a while
 *        UP ------------------------------------> DOWN ---+
 *         ^                                        |      | probe fails: wait twice as long, 0.5 s to 5 s
 *         +----------------------------------------+ <----+
 *                       any answer
 *
 * A server that is down is asked once per wait, with a copy of a query that goes to another one as well (or with the query
 * itself where there is no other), so that finding out costs nobody time.
 *
 * Three more things are remembered for a while and then tried again: that it cannot do EDNS, or that large datagrams do
 * not come through; that it does not keep the case of letters; that somebody forges its answers, and it is to be asked
 * over TCP.
 */

/** Health and habits of one name server. Confined to a loop; figures may be read by any thread. */
final class Server {

    /** Timeouts in a row that make a server suspect. */
    static final int TIMEOUTS_TO_DOWN = 3;

    /** Messages that match nothing, since the last right answer, that look like an attack. */
    static final int FORGERIES_TO_TCP = 32;

    /** How long habits are remembered. */
    static final long HABIT_NANOS = 900_000_000_000L;

    /** How long a server is asked over TCP once its answers seem to be forged. */
    static final long TCP_NANOS = 60_000_000_000L;

    static final long FIRST_PROBE_NANOS = 500_000_000L;
    static final long LAST_PROBE_NANOS = 5_000_000_000L;

    /** What large answers a datagram can carry: the size that fits everywhere (DNS flag day 2020). */
    static final int FULL_PAYLOAD = 1232;

    /** What every path carries, and what there is without EDNS. */
    static final int SMALL_PAYLOAD = 512;

    private static final int SMALL_STRIKES = 2;

    final InetSocketAddress address;
    final RoundTrip roundTrip = new RoundTrip();
    final Counters<Figure> counters = new Counters<>(Figure.class);

    /** Where its messages go; null before the first one. */
    Transport.@Nullable Link link;

    private boolean down;
    private boolean probing;
    private int timeoutsInARow;
    private boolean everAnswered;
    private long lastAnswerNanos;
    private long probeNanos;
    private long probeWaitNanos;

    private long forgeries;
    private boolean overTcp;
    private long overTcpUntilNanos;
    private boolean caseOff;
    private long caseOffUntilNanos;
    private int payload = FULL_PAYLOAD;
    private long payloadUntilNanos;
    private int smallStrikes;

    /** What is counted. */
    enum Figure {
        QUERIES,
        ANSWERS,
        TIMEOUTS,
        /** 1 while down. */
        DOWN,
        SMOOTHED_NANOS
    }

    Server(InetSocketAddress address) {
        this.address = address;
    }

    boolean isUp() {
        return !down;
    }

    /** Whether a server that is down may be asked now, to see. */
    boolean isProbeDue(long nowNanos) {
        return down && !probing && nowNanos - probeNanos >= 0;
    }

    /** How long it is until then; may be in the past. */
    long untilProbeNanos(long nowNanos) {
        return probeNanos - nowNanos;
    }

    /** A message goes to it. */
    void onSent() {
        counters.add(Figure.QUERIES);
        probing |= down;
    }

    /** It said something that matches a question, whatever it was. True when it had been down. */
    boolean onAnswer(long rttNanos, long nowNanos) {
        counters.add(Figure.ANSWERS);
        roundTrip.sample(rttNanos, nowNanos);
        counters.set(Figure.SMOOTHED_NANOS, roundTrip.smoothedNanos());
        timeoutsInARow = 0;
        everAnswered = true;
        lastAnswerNanos = nowNanos;
        forgeries = 0;
        boolean wasDown = down;
        down = false;
        probing = false;
        counters.set(Figure.DOWN, 0);
        return wasDown;
    }

    /** A try got no answer in time. True when that takes it down. */
    boolean onTimeout(long tryNanos, long nowNanos) {
        counters.add(Figure.TIMEOUTS);
        timeoutsInARow++;
        boolean silent = !everAnswered || nowNanos - lastAnswerNanos >= tryNanos;
        return (down || (timeoutsInARow >= TIMEOUTS_TO_DOWN && silent)) && goDown(nowNanos);
    }

    /** It cannot be reached at all. True when that takes it down. */
    boolean onUnreachable(long nowNanos) {
        return goDown(nowNanos);
    }

    private boolean goDown(long nowNanos) {
        if (down && !probing) {
            return false; // an older try that fails only now
        }
        probeWaitNanos = down ? Math.min(probeWaitNanos * 2, LAST_PROBE_NANOS) : FIRST_PROBE_NANOS;
        probeNanos = nowNanos + probeWaitNanos;
        probing = false;
        boolean news = !down;
        down = true;
        counters.set(Figure.DOWN, 1);
        return news;
    }

    /** Nobody waits for a message to it any more; a probe that ends so is none. */
    void onAbandoned(long nowNanos) {
        if (probing) {
            goDown(nowNanos);
        }
    }

    /** Something came from its address that matches nothing. True when that is once too often. */
    boolean onForgery(long nowNanos) {
        forgeries++;
        if (forgeries < FORGERIES_TO_TCP) {
            return false;
        }
        boolean news = !isOverTcp(nowNanos);
        overTcp = true;
        overTcpUntilNanos = nowNanos + TCP_NANOS;
        return news;
    }

    /** It takes no connections. */
    void onStreamUnreachable() {
        overTcp = false;
    }

    long forgeries() {
        return forgeries;
    }

    /** Whether it is to be asked over TCP for the time being. */
    boolean isOverTcp(long nowNanos) {
        overTcp = overTcp && overTcpUntilNanos - nowNanos > 0;
        return overTcp;
    }

    /** Over TCP, where nobody can have changed it, it does not keep the case of letters either. */
    void onCaseLost(long nowNanos) {
        caseOff = true;
        caseOffUntilNanos = nowNanos + HABIT_NANOS;
    }

    /** Whether letters are to have random case. */
    boolean isCaseKept(long nowNanos) {
        caseOff = caseOff && caseOffUntilNanos - nowNanos > 0;
        return !caseOff;
    }

    /** The payload size to offer; 0 for a query without EDNS. */
    int payload(long nowNanos) {
        if (payload != FULL_PAYLOAD && payloadUntilNanos - nowNanos <= 0) {
            payload = FULL_PAYLOAD;
        }
        return payload;
    }

    /** It answered without EDNS what it would not answer with it. */
    void onEdnsRefused(long nowNanos) {
        payload = 0;
        payloadUntilNanos = nowNanos + HABIT_NANOS;
    }

    /** It answered a query with this payload size, the last time with {@code bytes}. */
    void onPayload(int offered, int bytes, boolean afterTimeout, long nowNanos) {
        if (offered == FULL_PAYLOAD) {
            if (bytes > SMALL_PAYLOAD) {
                smallStrikes = 0;
            }
        } else if (offered == SMALL_PAYLOAD && afterTimeout && ++smallStrikes >= SMALL_STRIKES) {
            smallStrikes = 0;
            payload = SMALL_PAYLOAD;
            payloadUntilNanos = nowNanos + HABIT_NANOS;
        }
    }

    @Override
    public String toString() {
        return "Server[" + address + ", " + (down ? "down" : "up") + "]";
    }
}

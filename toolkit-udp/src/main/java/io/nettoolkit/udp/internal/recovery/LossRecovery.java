package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.internal.RangeSet;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.WireException;

/*
 * Which packets arrived, which are lost, and when to ask.
 *
 * Idea. A packet is lost when a later one was acknowledged and it is either `packetThreshold` numbers or 9/8 of a round
 * trip behind (RFC 9002 §6.1). When nothing is heard for a probe timeout, two packets are sent to provoke an answer; that
 * alone proves no loss (§6.2). A packet that is acknowledged after it was declared lost shows that the network reorders
 * more than we believed: both thresholds grow (RFC 8985 §6.2 has the idea), and when every loss of the last congestion
 * event turns out to be like that, the event is taken back (as RFC 4015 does).
 *
 * Cost. An acknowledgement repeats what earlier ones said. `acked` holds the numbers that are settled, so that only news
 * is looked at, and `oldestInFlight` never goes back; so the work is proportional to the packets newly settled.
 *
 * Invariants.
 *  - An acknowledgement of a number that was never sent, or left out on purpose, is a violation (optimistic acknowledgements,
 *    RFC 9000 §21.4).
 *  - Each packet is reported lost at most once, acknowledged at most once, and its notes are given back exactly once.
 *
 * Sources. RFC 9002 with its appendix A; RFC 8985; RFC 4015.
 */

/**
 * Loss detection and probe timeouts of one connection.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class LossRecovery implements CongestionControl.Path {

    /** No deadline. */
    public static final long NEVER = Long.MAX_VALUE;

    static final long GRANULARITY_NANOS = 1_000_000;
    static final int FIRST_PACKET_THRESHOLD = 3;
    static final int LAST_PACKET_THRESHOLD = 20;
    static final int FIRST_TIME_EIGHTHS = 9;
    static final int LAST_TIME_EIGHTHS = 16;

    private static final long LONGEST_PTO_NANOS = 60_000_000_000L;
    private static final int PROBES_BEFORE_IDLE = 6;
    private static final int PERSISTENT_PTOS = 3;
    private static final int REMEMBERED_PTOS = 4;

    private final SentPackets sent = new SentPackets();
    private final RangeSet acked = new RangeSet();
    private final RttEstimator rtt;
    private final int datagramBytes;
    private CongestionControl.Controller controller;
    private final NoteVisitor onAcked;
    private final NoteVisitor onLost;
    private final NoteVisitor onForgotten;

    private long peerAckDelayNanos;
    private long longestPtoNanos = LONGEST_PTO_NANOS;
    private long largestAcked = -1;
    private long oldestInFlight;
    private long lossNanos = NEVER;
    private long lastElicitingNanos;
    private int ptoCount;
    private int packetThreshold = FIRST_PACKET_THRESHOLD;
    private int timeEighths = FIRST_TIME_EIGHTHS;
    private long firstSampleNanos = NEVER;
    private long runFirstNanos;
    private long runLast = -2;
    private long eventFirst;
    private long eventOutstanding;
    private boolean applicationLimited = true;

    private long lostPackets;
    private long spuriousPackets;
    private long congestionEvents;
    private long undoneEvents;
    private long probeTimeouts;

    /** What becomes of the notes of packets. */
    public record Notes(NoteVisitor acked, NoteVisitor lost, NoteVisitor forgotten) {}

    /** Recovery with this controller. */
    public LossRecovery(int datagramBytes, long initialRttNanos, CongestionControl control, Notes notes) {
        this.datagramBytes = datagramBytes;
        rtt = new RttEstimator(initialRttNanos);
        onAcked = notes.acked();
        onLost = notes.lost();
        onForgotten = notes.forgotten();
        controller = control.newController(this);
    }

    /** The path is another one: nothing is known of its room, or its round trip (RFC 9000 §9.4). */
    public void restart(CongestionControl control) {
        controller = control.newController(this);
        rtt.forgetMinimum();
        eventOutstanding = 0;
    }

    /** Backing off until the idle timeout would be giving up: several probes have to fit in. */
    public void setIdleTimeout(long nanos) {
        longestPtoNanos = Math.min(LONGEST_PTO_NANOS, nanos / PROBES_BEFORE_IDLE);
    }

    /** The peer was heard on another way: it may hear us again too. */
    public void resetBackoff() {
        ptoCount = 0;
    }

    /** What the peer promised about its acknowledgements. */
    public void setPeerAckDelay(long nanos) {
        peerAckDelayNanos = nanos;
    }

    /** Where notes are made and numbers come from. */
    public SentPackets sent() {
        return sent;
    }

    /** The round-trip time. */
    public RttEstimator rtt() {
        return rtt;
    }

    /** The congestion controller. */
    public CongestionControl.Controller controller() {
        return controller;
    }

    /** The next packet was sent. */
    public void onSent(long nowNanos, int bytes, boolean eliciting) {
        long number = sent.nextPacketNumber();
        sent.add(nowNanos, bytes, eliciting);
        if (eliciting) {
            lastElicitingNanos = nowNanos;
            controller.onSent(nowNanos, number, bytes);
        }
    }

    /** Leaves out a number, to see through those who acknowledge what they did not receive. */
    public void skipNumber() {
        sent.skip();
    }

    /** Whether the connection has nothing (more) to send although it could. */
    public void setApplicationLimited(boolean limited) {
        applicationLimited = limited;
    }

    /** An acknowledgement arrived. */
    public void onAck(long nowNanos, AckFrame frame) throws WireException {
        long largest = frame.largest(0);
        if (largest >= sent.nextPacketNumber()) {
            throw WireException.protocol("packet " + largest + " is acknowledged and was not sent");
        }
        long before = sent.bytesInFlight();
        long newest = -1;
        boolean eliciting = false;
        for (int i = 0; i < frame.count(); i++) {
            long from = Math.max(frame.smallest(i), sent.base());
            long end = frame.largest(i) + 1;
            for (long n = acked.nextMissing(from); n < end; n = acked.nextMissing(n + 1)) {
                eliciting |= settle(n);
                newest = Math.max(newest, n);
            }
            acked.add(from, end);
        }
        if (newest < 0) {
            return;
        }
        long newestSent = sent.sentNanos(newest);
        if (newest > largestAcked) {
            largestAcked = newest;
            if (eliciting && newest == largest) {
                sample(nowNanos, nowNanos - newestSent, frame.delayNanos());
            }
        }
        long bytes = before - sent.bytesInFlight();
        ptoCount = 0;
        detectLosses(nowNanos);
        if (bytes > 0) {
            controller.onAcknowledged(nowNanos, bytes, newest, newestSent);
        }
        advance(nowNanos);
    }

    private void sample(long nowNanos, long rttNanos, long ackDelayNanos) {
        if (firstSampleNanos == NEVER) {
            firstSampleNanos = nowNanos;
        }
        rtt.sample(rttNanos, Math.min(ackDelayNanos, peerAckDelayNanos));
    }

    /** A newly acknowledged number; answers whether its packet asked for the acknowledgement. */
    private boolean settle(long number) throws WireException {
        byte state = sent.state(number);
        switch (state) {
            case SentPackets.NONE ->
                throw WireException.protocol("packet " + number + " is acknowledged, which was left out");
            case SentPackets.LOST -> onSpurious(number);
            default -> {}
        }
        sent.setState(number, SentPackets.ACKED);
        sent.forget(number, onAcked);
        return state == SentPackets.IN_FLIGHT || state == SentPackets.LOST;
    }

    private void onSpurious(long number) {
        spuriousPackets++;
        long distance = largestAcked - number;
        if (distance >= packetThreshold) {
            packetThreshold = (int) Math.min(LAST_PACKET_THRESHOLD, distance + 1);
        } else {
            timeEighths = Math.min(LAST_TIME_EIGHTHS, timeEighths + 1);
        }
        if (number >= eventFirst && eventOutstanding > 0) {
            eventOutstanding--;
            if (eventOutstanding == 0) {
                undoneEvents++;
                controller.onSpuriousLoss(lastElicitingNanos);
            }
        }
    }

    /** Declares lost what is (RFC 9002 §6.1), and finds the time at which the next one will be. */
    private void detectLosses(long nowNanos) {
        lossNanos = NEVER;
        long delay = lossDelayNanos();
        long lostBytes = 0;
        long lostCount = 0;
        long firstLost = -1;
        long lastLost = -1;
        boolean persistent = false;
        for (long n = oldestInFlight(); n < largestAcked; n++) {
            if (sent.state(n) != SentPackets.IN_FLIGHT) {
                continue;
            }
            long dueNanos = sent.sentNanos(n) + delay;
            if (nowNanos < dueNanos && largestAcked < n + packetThreshold) {
                lossNanos = dueNanos;
                break;
            }
            sent.setState(n, SentPackets.LOST);
            lostBytes += sent.size(n);
            lostCount++;
            firstLost = firstLost < 0 ? n : firstLost;
            lastLost = n;
            persistent |= extendsLostRun(n);
            sent.visit(n, onLost);
        }
        if (lostCount > 0) {
            lostPackets += lostCount;
            reportLosses(nowNanos, lostBytes, lostCount, firstLost, lastLost);
            if (persistent) {
                eventOutstanding = 0;
                rtt.forgetMinimum();
                controller.onPersistentCongestion();
            }
        }
    }

    private void reportLosses(long nowNanos, long bytes, long count, long first, long last) {
        if (controller.onLost(nowNanos, bytes, last)) {
            congestionEvents++;
            eventFirst = first;
            eventOutstanding = count;
        } else if (eventOutstanding > 0) {
            eventOutstanding += count;
        }
    }

    /**
     * Whether everything sent over three probe timeouts is lost (RFC 9002 §7.6): from the first packet of a run of
     * losses without an acknowledgement in between to this one.
     */
    private boolean extendsLostRun(long number) {
        long sentNanos = sent.sentNanos(number);
        boolean continues = runLast >= 0;
        for (long n = Math.max(runLast + 1, sent.base()); continues && n < number; n++) {
            continues = sent.state(n) != SentPackets.ACKED;
        }
        if (!continues) {
            runFirstNanos = sentNanos;
        }
        runLast = number;
        long duration = basePtoNanos() * PERSISTENT_PTOS;
        return rtt.hasSample() && runFirstNanos > firstSampleNanos && sentNanos - runFirstNanos > duration;
    }

    private long oldestInFlight() {
        oldestInFlight = Math.max(oldestInFlight, sent.base());
        while (oldestInFlight < sent.nextPacketNumber() && sent.state(oldestInFlight) != SentPackets.IN_FLIGHT) {
            oldestInFlight++;
        }
        return oldestInFlight;
    }

    /** Forgets packets that cannot matter any more, from the oldest on. */
    private void advance(long nowNanos) {
        long base = sent.base();
        long memory = basePtoNanos() * REMEMBERED_PTOS;
        while (base < sent.nextPacketNumber()) {
            boolean old = switch (sent.state(base)) {
                case SentPackets.IN_FLIGHT -> false;
                case SentPackets.LOST -> nowNanos - sent.sentNanos(base) > memory;
                default -> base < largestAcked;
            };
            if (!old) {
                break;
            }
            sent.forget(base, onForgotten);
            base++;
        }
        if (base != sent.base()) {
            sent.advanceBase(base);
            acked.remove(0, base);
        }
    }

    /** How far a packet may lag behind in time before it counts as lost. */
    long lossDelayNanos() {
        long round = Math.max(rtt.latestNanos(), rtt.smoothedNanos());
        return Math.max(GRANULARITY_NANOS, round * timeEighths / 8);
    }

    /** The probe timeout before backing off (RFC 9002 §6.2.1). */
    public long basePtoNanos() {
        return rtt.smoothedNanos() + Math.max(4 * rtt.variationNanos(), GRANULARITY_NANOS) + peerAckDelayNanos;
    }

    /** When something has to be done about packets that are not acknowledged; {@link #NEVER} where none is. */
    public long deadlineNanos() {
        if (lossNanos != NEVER) {
            return lossNanos;
        }
        if (sent.packetsInFlight() == 0) {
            return NEVER;
        }
        long pto = basePtoNanos() << Math.min(ptoCount, 20);
        return lastElicitingNanos + Math.max(basePtoNanos(), Math.min(pto, longestPtoNanos));
    }

    /**
     * The deadline has passed.
     *
     * @return how many probes to send now
     */
    public int onDeadline(long nowNanos) {
        if (lossNanos != NEVER) {
            detectLosses(nowNanos);
            return 0;
        }
        ptoCount++;
        probeTimeouts++;
        return 2;
    }

    /** Shows the notes of the oldest packets in flight, whose contents are worth repeating in a probe. */
    public void visitOldest(int packets, NoteVisitor visitor) {
        int left = packets;
        for (long n = oldestInFlight(); n < sent.nextPacketNumber() && left > 0; n++) {
            if (sent.state(n) == SentPackets.IN_FLIGHT) {
                sent.visit(n, visitor);
                left--;
            }
        }
    }

    /** Gives back every note; the connection has ended. */
    public void close() {
        for (long n = sent.base(); n < sent.nextPacketNumber(); n++) {
            sent.forget(n, onForgotten);
        }
        sent.advanceBase(sent.nextPacketNumber());
    }

    @Override
    public int datagramBytes() {
        return datagramBytes;
    }

    @Override
    public long bytesInFlight() {
        return sent.bytesInFlight();
    }

    @Override
    public long smoothedRttNanos() {
        return rtt.smoothedNanos();
    }

    @Override
    public long latestRttNanos() {
        return rtt.latestNanos();
    }

    @Override
    public long minRttNanos() {
        return rtt.minNanos();
    }

    @Override
    public boolean isApplicationLimited() {
        return applicationLimited;
    }

    /** Probe timeouts in a row. */
    public int ptoCount() {
        return ptoCount;
    }

    /** The packet threshold as adapted. */
    int packetThreshold() {
        return packetThreshold;
    }

    /** Packets declared lost. */
    public long lostPackets() {
        return lostPackets;
    }

    /** Of these, acknowledged later. */
    public long spuriousPackets() {
        return spuriousPackets;
    }

    /** Reductions of the window. */
    public long congestionEvents() {
        return congestionEvents;
    }

    /** Reductions taken back. */
    public long undoneEvents() {
        return undoneEvents;
    }

    /** Probe timeouts. */
    public long probeTimeouts() {
        return probeTimeouts;
    }
}

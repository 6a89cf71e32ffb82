package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.internal.RangeSet;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.WireException;
import org.jspecify.annotations.Nullable;

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

    private static final long LONGEST_PTO_NANOS = 60_000_000_000L;
    private static final int PROBES_BEFORE_IDLE = 6;
    private static final int REMEMBERED_PTOS = 4;
    private static final int MOST_UNANSWERED_ACKS = 1 << 16;

    private final SentPackets sent = new SentPackets();
    private final RangeSet acked = new RangeSet();
    private final RttEstimator rtt;
    private final DeliveryRate delivery = new DeliveryRate();
    private final MtuSearch mtu;
    private CongestionControl.Controller controller;
    private final NoteVisitor notes;

    private long peerAckDelayNanos;
    private long longestPtoNanos = LONGEST_PTO_NANOS;
    private long largestAcked = -1;
    private long oldestInFlight;
    private long firstSampleNanos = NEVER;
    private long lossNanos = NEVER;
    /** Null before the first loss. */
    private @Nullable LossHistory losses;

    private long lastElicitingNanos;
    private int ptoCount;
    private int unansweredAcks;
    private boolean applicationLimited = true;

    private long lostPackets;
    private long spuriousPackets;
    private long congestionEvents;
    private long undoneEvents;
    private long probeTimeouts;

    /** Recovery with this controller. */
    public LossRecovery(int datagramBytes, long initialRttNanos, CongestionControl control, NoteVisitor notes) {
        mtu = MtuSearch.from(datagramBytes);
        rtt = new RttEstimator(initialRttNanos);
        this.notes = notes;
        controller = control.newController(this);
    }

    /** Has this one say how fast to send from now on. */
    public void control(CongestionControl control) {
        controller = control.newController(this);
    }

    /** The path is another one: nothing is known of its room, or its round trip (RFC 9000 §9.4). */
    public void restart(CongestionControl control) {
        control(control);
        rtt.forgetMinimum();
        mtu.reset();
        if (losses != null) {
            losses.endEvent();
        }
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

    /** How large datagrams may be. */
    public MtuSearch mtu() {
        return mtu;
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
        } else {
            unansweredAcks++;
        }
    }

    /**
     * Whether the peer sends and sends and never acknowledges, so that the packets that acknowledge its own pile up here
     * above the first that it leaves unanswered. An honest one is asked after each twentieth of them.
     */
    public boolean isNeverAnswered() {
        return unansweredAcks > MOST_UNANSWERED_ACKS;
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
        unansweredAcks = 0;
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
            delivery.onAcknowledged(nowNanos, bytes, rtt.smoothedNanos());
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
        sent.settle(number, notes);
        boolean eliciting = state == SentPackets.IN_FLIGHT || state == SentPackets.LOST;
        if (eliciting) {
            mtu.onAcknowledged(number, sent.size(number));
        }
        return eliciting;
    }

    private void onSpurious(long number) {
        spuriousPackets++;
        if (losses != null && losses.onSpurious(number, largestAcked - number)) {
            undoneEvents++;
            controller.onSpuriousLoss(lastElicitingNanos);
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
        int packets = packetThreshold();
        for (long n = oldestInFlight(); n < largestAcked; n++) {
            if (sent.state(n) != SentPackets.IN_FLIGHT) {
                continue;
            }
            long dueNanos = sent.sentNanos(n) + delay;
            if (nowNanos < dueNanos && largestAcked < n + packets) {
                lossNanos = dueNanos;
                break;
            }
            sent.setState(n, SentPackets.LOST);
            if (mtu.onLost(nowNanos, n, sent.size(n))) {
                continue;
            }
            lostBytes += sent.size(n);
            lostCount++;
            firstLost = firstLost < 0 ? n : firstLost;
            lastLost = n;
            persistent |= losses().onLost(n, firstSampleNanos, basePtoNanos());
            sent.tellLost(n, notes);
        }
        if (lostCount > 0) {
            lostPackets += lostCount;
            mtu.endRound(nowNanos, sent.nextPacketNumber());
            reportLosses(nowNanos, lostBytes, lostCount, firstLost, lastLost);
            if (persistent) {
                losses().endEvent();
                rtt.forgetMinimum();
                controller.onPersistentCongestion();
            }
        }
    }

    private void reportLosses(long nowNanos, long bytes, long count, long first, long last) {
        if (controller.onLost(nowNanos, bytes, last)) {
            congestionEvents++;
            losses().beginEvent(first, count);
        } else {
            losses().extendEvent(count);
        }
    }

    private LossHistory losses() {
        LossHistory history = losses;
        if (history == null) {
            history = new LossHistory(sent);
            losses = history;
        }
        return history;
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
            sent.forget(base, notes);
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
        int eighths = losses == null ? LossHistory.FIRST_EIGHTHS : losses.eighths();
        return Math.max(GRANULARITY_NANOS, round * eighths / 8);
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

    /** Treats the oldest packets in flight as lost for their contents alone, which are worth repeating in a probe. */
    public void repeatOldest(int packets) {
        int left = packets;
        for (long n = oldestInFlight(); n < sent.nextPacketNumber() && left > 0; n++) {
            if (sent.state(n) == SentPackets.IN_FLIGHT) {
                sent.tellLost(n, notes);
                left--;
            }
        }
    }

    /** Forgets every packet and gives back every note: nothing is in flight, or the connection has ended. */
    public void trim() {
        for (long n = sent.base(); n < sent.nextPacketNumber(); n++) {
            sent.setState(n, SentPackets.NONE);
        }
        sent.trim(notes);
        acked.clear();
        acked.trim();
        lossNanos = NEVER;
        unansweredAcks = 0;
        if (losses != null) {
            losses.endEvent();
        }
    }

    @Override
    public int datagramBytes() {
        return mtu.bytes();
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
        return losses == null ? LossHistory.FIRST_PACKETS : losses.packets();
    }

    /** Bytes a second that arrive at the peer; 0 before that is known. */
    public long deliveryBytesPerSecond() {
        return delivery.bytesPerSecond();
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

package io.nettoolkit.udp.internal.recovery;

import io.nettoolkit.udp.CongestionControl;
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
 * is looked at, and `oldestInFlight` never goes back; so the work is proportional to the packets newly settled. What is
 * known of packets goes when nothing has been under way for a while (`rest`): most connections are idle most of the time.
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

    private static final long LONGEST_ACK_DELAY_NANOS = 1_000_000_000;
    private static final long LONGEST_PTO_NANOS = 60_000_000_000L;
    private static final int PROBES_BEFORE_IDLE = 6;
    private static final int REMEMBERED_PTOS = 4;
    private static final int MOST_UNANSWERED_ACKS = 1 << 16;

    private final RttEstimator rtt;
    private final MtuSearch mtu;
    private CongestionControl.Controller controller;
    private final NoteVisitor notes;

    /** Null at rest. */
    private @Nullable SentPackets sent;

    private long firstNumberAfterRest;
    /** Null at rest. */
    private @Nullable DeliveryRate delivery;

    private long rateBeforeRest;
    /** Null before the first loss. */
    private @Nullable LossHistory losses;

    /** At most a second. */
    private int peerAckDelayNanos;

    private long longestPtoNanos = LONGEST_PTO_NANOS;
    private long firstSampleNanos = NEVER;
    private int ptoCount;
    private int unansweredAcks;
    private boolean applicationLimited = true;

    private int probeTimeouts;

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

    /** What the peer promised about its acknowledgements; not believed beyond a second. */
    public void setPeerAckDelay(long nanos) {
        peerAckDelayNanos = (int) Math.min(nanos, LONGEST_ACK_DELAY_NANOS);
    }

    /** Where notes are made and numbers come from; to be asked for when something is sent. */
    public SentPackets sent() {
        SentPackets packets = sent;
        if (packets == null) {
            packets = new SentPackets(firstNumberAfterRest);
            sent = packets;
        }
        return packets;
    }

    /** Packets that are neither acknowledged nor lost. */
    public int packetsInFlight() {
        SentPackets packets = sent;
        return packets == null ? 0 : packets.packetsInFlight();
    }

    /** Packets that may still matter. */
    public long packetsRemembered() {
        SentPackets packets = sent;
        return packets == null ? 0 : packets.nextPacketNumber() - packets.base();
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
        SentPackets packets = sent();
        long number = packets.nextPacketNumber();
        packets.add(nowNanos, bytes, eliciting);
        if (eliciting) {
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
        sent().skip();
    }

    /** Whether the connection has nothing (more) to send although it could. */
    public void setApplicationLimited(boolean limited) {
        applicationLimited = limited;
    }

    /** An acknowledgement arrived. */
    public void onAck(long nowNanos, AckFrame frame) throws WireException {
        SentPackets packets = sent;
        long largest = frame.largest(0);
        if (largest >= (packets == null ? firstNumberAfterRest : packets.nextPacketNumber())) {
            throw WireException.protocol("packet " + largest + " is acknowledged and was not sent");
        }
        if (packets != null) {
            onAck(nowNanos, frame, packets);
        }
    }

    private void onAck(long nowNanos, AckFrame frame, SentPackets packets) throws WireException {
        long before = packets.bytesInFlight();
        long newest = -1;
        boolean eliciting = false;
        for (int i = 0; i < frame.count(); i++) {
            long from = Math.max(frame.smallest(i), packets.base());
            long end = frame.largest(i) + 1;
            for (long n = packets.acked.nextMissing(from); n < end; n = packets.acked.nextMissing(n + 1)) {
                eliciting |= settle(packets, n);
                newest = Math.max(newest, n);
            }
            packets.acked.add(from, end);
        }
        if (newest < 0) {
            return;
        }
        unansweredAcks = 0;
        long newestSent = packets.sentNanos(newest);
        if (newest > packets.largestAcked) {
            packets.largestAcked = newest;
            if (eliciting && newest == frame.largest(0)) {
                sample(nowNanos, nowNanos - newestSent, frame.delayNanos());
            }
        }
        long bytes = before - packets.bytesInFlight();
        ptoCount = 0;
        detectLosses(nowNanos, packets);
        if (bytes > 0) {
            delivery().onAcknowledged(nowNanos, bytes, rtt.smoothedNanos());
            controller.onAcknowledged(nowNanos, bytes, newest, newestSent);
        }
        advance(nowNanos, packets);
    }

    private DeliveryRate delivery() {
        DeliveryRate measured = delivery;
        if (measured == null) {
            measured = new DeliveryRate(rateBeforeRest);
            delivery = measured;
        }
        return measured;
    }

    private void sample(long nowNanos, long rttNanos, long ackDelayNanos) {
        if (firstSampleNanos == NEVER) {
            firstSampleNanos = nowNanos;
        }
        rtt.sample(rttNanos, Math.min(ackDelayNanos, peerAckDelayNanos));
    }

    /** A newly acknowledged number; answers whether its packet asked for the acknowledgement. */
    private boolean settle(SentPackets packets, long number) throws WireException {
        byte state = packets.state(number);
        switch (state) {
            case SentPackets.NONE ->
                throw WireException.protocol("packet " + number + " is acknowledged, which was left out");
            case SentPackets.LOST -> onSpurious(packets, number);
            default -> {}
        }
        packets.setState(number, SentPackets.ACKED);
        packets.settle(number, notes);
        boolean eliciting = state == SentPackets.IN_FLIGHT || state == SentPackets.LOST;
        if (eliciting) {
            mtu.onAcknowledged(number, packets.size(number));
        }
        return eliciting;
    }

    private void onSpurious(SentPackets packets, long number) {
        LossHistory history = losses();
        history.spuriousPackets++;
        if (history.onSpurious(number, packets.largestAcked - number)) {
            history.undoneEvents++;
            controller.onSpuriousLoss(packets.lastElicitingNanos);
        }
    }

    /** Declares lost what is (RFC 9002 §6.1), and finds the time at which the next one will be. */
    private void detectLosses(long nowNanos, SentPackets packets) {
        packets.lossNanos = NEVER;
        long delay = lossDelayNanos();
        long lostBytes = 0;
        long lostCount = 0;
        long firstLost = -1;
        long lastLost = -1;
        boolean persistent = false;
        int threshold = packetThreshold();
        for (long n = oldestInFlight(packets); n < packets.largestAcked; n++) {
            if (packets.state(n) != SentPackets.IN_FLIGHT) {
                continue;
            }
            long dueNanos = packets.sentNanos(n) + delay;
            if (nowNanos < dueNanos && packets.largestAcked < n + threshold) {
                packets.lossNanos = dueNanos;
                break;
            }
            packets.setState(n, SentPackets.LOST);
            if (mtu.onLost(nowNanos, n, packets.size(n))) {
                continue;
            }
            lostBytes += packets.size(n);
            lostCount++;
            firstLost = firstLost < 0 ? n : firstLost;
            lastLost = n;
            persistent |= losses().onLost(packets, n, firstSampleNanos, basePtoNanos());
            packets.tellLost(n, notes);
        }
        if (lostCount > 0) {
            losses().lostPackets += lostCount;
            mtu.endRound(nowNanos, packets.nextPacketNumber());
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
            losses().congestionEvents++;
            losses().beginEvent(first, count);
        } else {
            losses().extendEvent(count);
        }
    }

    private LossHistory losses() {
        LossHistory history = losses;
        if (history == null) {
            history = new LossHistory();
            losses = history;
        }
        return history;
    }

    private static long oldestInFlight(SentPackets packets) {
        long oldest = Math.max(packets.oldestInFlight, packets.base());
        while (oldest < packets.nextPacketNumber() && packets.state(oldest) != SentPackets.IN_FLIGHT) {
            oldest++;
        }
        packets.oldestInFlight = oldest;
        return oldest;
    }

    /** Forgets packets that cannot matter any more, from the oldest on. */
    private void advance(long nowNanos, SentPackets packets) {
        long base = packets.base();
        long memory = basePtoNanos() * REMEMBERED_PTOS;
        while (base < packets.nextPacketNumber()) {
            boolean old = switch (packets.state(base)) {
                case SentPackets.IN_FLIGHT -> false;
                case SentPackets.LOST -> nowNanos - packets.sentNanos(base) > memory;
                default -> base < packets.largestAcked;
            };
            if (!old) {
                break;
            }
            packets.forget(base, notes);
            base++;
        }
        if (base != packets.base()) {
            packets.advanceBase(base);
            packets.acked.remove(0, base);
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
        SentPackets packets = sent;
        if (packets == null) {
            return NEVER;
        }
        if (packets.lossNanos != NEVER) {
            return packets.lossNanos;
        }
        if (packets.packetsInFlight() == 0) {
            return NEVER;
        }
        long pto = basePtoNanos() << Math.min(ptoCount, 20);
        return packets.lastElicitingNanos + Math.max(basePtoNanos(), Math.min(pto, longestPtoNanos));
    }

    /**
     * The deadline has passed.
     *
     * @return how many probes to send now
     */
    public int onDeadline(long nowNanos) {
        if (sent != null && sent.lossNanos != NEVER) {
            detectLosses(nowNanos, sent);
            return 0;
        }
        ptoCount++;
        probeTimeouts++;
        return 2;
    }

    /** Treats the oldest packets in flight as lost for their contents alone, which are worth repeating in a probe. */
    public void repeatOldest(int count) {
        SentPackets packets = sent();
        int left = count;
        for (long n = oldestInFlight(packets); n < packets.nextPacketNumber() && left > 0; n++) {
            if (packets.state(n) == SentPackets.IN_FLIGHT) {
                packets.tellLost(n, notes);
                left--;
            }
        }
    }

    /** Forgets every packet and gives back every note: nothing is in flight, or the connection has ended. */
    public void rest() {
        SentPackets packets = sent;
        if (packets != null) {
            packets.forgetAll(notes);
            if (!packets.isPending()) {
                firstNumberAfterRest = packets.nextPacketNumber();
                sent = null;
            }
        }
        rateBeforeRest = deliveryBytesPerSecond();
        delivery = null;
        mtu.rest();
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
        SentPackets packets = sent;
        return packets == null ? 0 : packets.bytesInFlight();
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
        DeliveryRate measured = delivery;
        return measured == null ? rateBeforeRest : measured.bytesPerSecond();
    }

    /** Packets declared lost. */
    public long lostPackets() {
        LossHistory history = losses;
        return history == null ? 0 : history.lostPackets;
    }

    /** Of these, acknowledged later. */
    public long spuriousPackets() {
        LossHistory history = losses;
        return history == null ? 0 : history.spuriousPackets;
    }

    /** Reductions of the window. */
    public long congestionEvents() {
        LossHistory history = losses;
        return history == null ? 0 : history.congestionEvents;
    }

    /** Reductions taken back. */
    public long undoneEvents() {
        LossHistory history = losses;
        return history == null ? 0 : history.undoneEvents;
    }

    /** Probe timeouts. */
    public long probeTimeouts() {
        return probeTimeouts;
    }
}

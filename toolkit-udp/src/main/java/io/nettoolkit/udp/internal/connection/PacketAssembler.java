package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.internal.congestion.Pacer;
import io.nettoolkit.udp.internal.delivery.Inbox;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.recovery.AckTracker;
import io.nettoolkit.udp.internal.recovery.LossRecovery;
import io.nettoolkit.udp.internal.recovery.MtuSearch;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;

/**
 * Puts the next data packet together: acknowledgement, control frames, messages.
 *
 * <p>A packet that asks for an acknowledgement leaves only where window and pacer allow it, except for probes (RFC 9002
 * §7.5) and acknowledgements alone, which ask for none.
 *
 * <p>Made when there is something to send, dropped when nothing has been for a while; what has to outlive that is the
 * connection's.
 */
final class PacketAssembler {

    /** Wake-ups are not closer than this, and what may leave in that time leaves together. */
    static final long QUANTUM_NANOS = 1_000_000;

    private static final int CLOSE_PACKETS = 64;
    private static final int ACKS_WITHOUT_ANSWER = 20;
    private static final int FIRST_SKIP_PERIOD = 256;
    private static final int LAST_SKIP_PERIOD = 1 << 17;
    private static final int MAX_FREQUENCY = 32;
    private static final int SMALL_WINDOW = 8;
    private static final int CONTROL_BYTES = 20;

    private final RudpConnection connection;
    private final LossRecovery recovery;
    private final MtuSearch mtu;
    private final AckTracker acks;
    private final Outbox outbox;
    private final Inbox inbox;
    private final PathState path;
    private final ConnectionIds ids;
    private final Pacer pacer;
    private final PacketProtection protection;
    private final AckFrame ack;

    private int probes;
    private boolean pingDue;
    private boolean responseDue;
    private long response;
    private boolean frequencyDue;
    private int frequencyPackets;
    private long frequencyDelayNanos;
    private int acksWithoutAnswer;
    private long skipAt;
    private int skipPeriod = FIRST_SKIP_PERIOD;
    private boolean pacerBlocked;
    private long pacerReadyNanos;

    /** Of a connection whose peer acknowledges every so many packets. */
    PacketAssembler(RudpConnection connection, PacketProtection protection, int frequencyPackets, long nowNanos) {
        this.connection = connection;
        this.protection = protection;
        this.frequencyPackets = frequencyPackets;
        recovery = connection.recovery();
        mtu = recovery.mtu();
        acks = connection.acks();
        outbox = connection.outbox();
        inbox = connection.inbox();
        path = connection.path();
        ids = connection.ids();
        ack = connection.setup().ack();
        pacer = new Pacer(mtu.bytes(), QUANTUM_NANOS, nowNanos);
        skipAt = recovery.sent().nextPacketNumber() + FIRST_SKIP_PERIOD + randomBelow(FIRST_SKIP_PERIOD);
    }

    private long randomBelow(long bound) {
        return (connection.setup().random().nextLong() & Long.MAX_VALUE) % bound;
    }

    void requestProbes(int count) {
        probes = Math.max(probes, count);
    }

    /**
     * Packets that leave whatever the window says. Path validation is among them: while it waits for room, nothing
     * would be acknowledged that makes some.
     */
    int pendingProbes() {
        return probes + (path.isChallengeDue() || responseDue ? 1 : 0);
    }

    /** Whether nothing is to be sent that only this one knows of. */
    boolean isIdle() {
        return probes == 0 && !pingDue && !responseDue && !frequencyDue;
    }

    /** How many packets the peer is asked to acknowledge at once. */
    int frequencyPackets() {
        return frequencyPackets;
    }

    void requestPing() {
        pingDue = true;
    }

    void requestResponse(long number) {
        responseDue = true;
        response = number;
    }

    void requestFrequency() {
        frequencyDue = true;
    }

    /** Writes a packet into {@code out}; answers its bytes, 0 where there is nothing to send now. */
    int poll(long nowNanos, ByteBuf out) {
        // A probe as large as what it asks after would vanish in the same hole.
        int most = probes > 0 ? Math.min(MtuSearch.BASE_BYTES, mtu.bytes()) : mtu.bytes();
        long room = Math.min(Math.min(most, path.allowance()), out.maxWritableBytes());
        if (room < PathState.LEAST_DATAGRAM) {
            pacerBlocked = false;
            return 0;
        }
        boolean ackDue = acks.dueNanos() <= nowNanos;
        boolean hasContent = pendingProbes() > 0 || hasControl() || outbox.hasSendable();
        boolean mayElicit = hasContent && mayElicit(nowNanos);
        if (!hasContent) {
            pacerBlocked = false;
            recovery.setApplicationLimited(true);
        }
        if (!mayElicit && !ackDue) {
            return 0;
        }
        if (mayElicit && pendingProbes() == 0 && mayAskForLarger(nowNanos, out)) {
            return assembleQuestion(nowNanos, out);
        }
        return assemble(nowNanos, out, (int) room, mayElicit);
    }

    private boolean mayAskForLarger(long nowNanos, ByteBuf out) {
        return mtu.isQuestionDue(nowNanos)
                && Math.min(path.allowance(), out.maxWritableBytes()) >= mtu.mostBytes()
                && recovery.bytesInFlight() + mtu.mostBytes()
                        <= recovery.controller().windowBytes();
    }

    /** A datagram of the full size that carries nothing: whether it arrives says what the path carries. */
    private int assembleQuestion(long nowNanos, ByteBuf out) {
        int start = out.writerIndex();
        long number = nextNumber();
        mtu.onQuestion(number);
        Wire.writeHeader(out, connection.peerId(), number);
        Frames.writeImmediateAck(out);
        Frames.writePadding(out, mtu.mostBytes() - protection.overheadBytes() - (out.writerIndex() - start));
        return finish(nowNanos, out, start, true);
    }

    private boolean mayElicit(long nowNanos) {
        pacerBlocked = false;
        if (pendingProbes() > 0) {
            return true;
        }
        if (recovery.bytesInFlight() + mtu.bytes() > recovery.controller().windowBytes()) {
            recovery.setApplicationLimited(false);
            return false;
        }
        pacerReadyNanos = pacer.readyNanos(nowNanos, recovery.controller().pacingBytesPerSecond());
        if (pacerReadyNanos > nowNanos) {
            pacerBlocked = true;
            recovery.setApplicationLimited(false);
            return false;
        }
        return true;
    }

    private int assemble(long nowNanos, ByteBuf out, int room, boolean mayElicit) {
        int start = out.writerIndex();
        int end = start + room - protection.overheadBytes();
        Wire.writeHeader(out, connection.peerId(), nextNumber());
        int body = out.writerIndex();
        boolean acked = writeAck(nowNanos, out, end);
        boolean eliciting = mayElicit && writeEliciting(nowNanos, out, end);
        if (out.writerIndex() == body) {
            out.writerIndex(start);
            return 0;
        }
        if (eliciting) {
            int short0 = Wire.MIN_ELICITING_BYTES - protection.overheadBytes() - (out.writerIndex() - start);
            Frames.writePadding(out, Math.max(0, short0));
            acksWithoutAnswer = 0;
            probes = Math.max(0, probes - 1);
        } else {
            acksWithoutAnswer++;
        }
        if (acked) {
            acks.onAckSent();
        }
        return finish(nowNanos, out, start, eliciting);
    }

    private int finish(long nowNanos, ByteBuf out, int start, boolean eliciting) {
        protection.seal(out, start, recovery.sent().nextPacketNumber());
        int bytes = out.writerIndex() - start;
        recovery.onSent(nowNanos, bytes, eliciting);
        if (eliciting) {
            pacer.onSent(bytes);
        }
        connection.onDataSent(nowNanos, bytes, eliciting);
        return bytes;
    }

    /** Numbers are left out ever more rarely, at places nobody can guess. */
    private long nextNumber() {
        if (recovery.sent().nextPacketNumber() == skipAt) {
            recovery.skipNumber();
            skipPeriod = Math.min(2 * skipPeriod, LAST_SKIP_PERIOD);
            skipAt = recovery.sent().nextPacketNumber() + skipPeriod + randomBelow(skipPeriod);
        }
        return recovery.sent().nextPacketNumber();
    }

    private boolean writeAck(long nowNanos, ByteBuf out, int end) {
        if (!acks.hasNews() || acks.isEmpty()) {
            return false;
        }
        acks.describe(ack, nowNanos);
        if (!Frames.writeAck(out, ack, end - out.writerIndex())) {
            return false;
        }
        recovery.sent().note(PacketIntake.NOTE_ACK, null, acks.largestReceived(), 0);
        return true;
    }

    private boolean writeEliciting(long nowNanos, ByteBuf out, int end) {
        int before = out.writerIndex();
        if (path.isChallengeDue()) {
            Frames.writePathChallenge(out, path.challenge());
            path.onChallengeSent(nowNanos, recovery.basePtoNanos());
        }
        if (responseDue) {
            responseDue = false;
            Frames.writePathResponse(out, response);
        }
        ids.writeFrames(out, end, recovery.sent());
        inbox.writeGrants(out, end, recovery.sent(), nowNanos, recovery.smoothedRttNanos());
        if (frequencyDue && end - out.writerIndex() >= CONTROL_BYTES) {
            frequencyDue = false;
            Frames.writeAckFrequency(out, frequencyPackets, frequencyDelayNanos);
            recovery.sent().note(PacketIntake.NOTE_FREQUENCY, null, 0, 0);
        }
        if (outbox.takeBlockedReport() && end > out.writerIndex()) {
            Frames.writeBlocked(out);
        }
        outbox.setPayloadBytes(mtu.bytes() - Wire.HEADER_BYTES - protection.overheadBytes());
        outbox.fill(nowNanos, out, end, recovery.sent());
        boolean wrote = out.writerIndex() > before;
        if (probes > 0 && end > out.writerIndex()) {
            Frames.writeImmediateAck(out);
            wrote = true;
        } else if (!wrote && (pingDue || acksWithoutAnswer >= ACKS_WITHOUT_ANSWER)) {
            Frames.writePing(out);
            wrote = true;
        }
        pingDue &= !wrote;
        return wrote;
    }

    private boolean hasControl() {
        return path.isChallengeDue()
                || responseDue
                || frequencyDue
                || pingDue
                || ids.hasFrames()
                || inbox.hasGrants()
                || (acksWithoutAnswer >= ACKS_WITHOUT_ANSWER && acks.hasNews());
    }

    /**
     * Asks for fewer acknowledgements as the window grows: sixteen in a window, so that the receiver works less and slow
     * start still sees enough round trips (draft-ietf-quic-ack-frequency §4). Of a few packets in flight each one is
     * acknowledged: the odd one of a small window would wait for the delay, which is a good part of a round trip then.
     */
    void adaptFrequency(long peerAckDelayNanos) {
        long window = recovery.controller().windowBytes() / mtu.bytes();
        int wanted = (int) (window < SMALL_WINDOW ? 1 : Math.max(2, Math.min(window / 16, MAX_FREQUENCY)));
        if (wanted >= 2 * frequencyPackets || wanted <= frequencyPackets / 2) {
            frequencyPackets = wanted;
            frequencyDelayNanos = Math.min(peerAckDelayNanos, Math.max(QUANTUM_NANOS, recovery.smoothedRttNanos() / 4));
            frequencyDue = true;
        }
    }

    /** When something may leave that may not yet. */
    long deadlineNanos() {
        return pacerBlocked ? Math.min(pacerReadyNanos, acks.dueNanos()) : acks.dueNanos();
    }

    /** Writes a packet with nothing but a CLOSE. */
    int pollClose(ByteBuf out, Shutdown shutdown) {
        if (path.allowance() < CLOSE_PACKETS || out.maxWritableBytes() < mtu.bytes()) {
            return 0;
        }
        int start = out.writerIndex();
        long number = recovery.sent().nextPacketNumber();
        Wire.writeHeader(out, connection.peerId(), number);
        Frames.writeClose(out, shutdown.code, shutdown.reason);
        protection.seal(out, start, number);
        recovery.skipNumber();
        return out.writerIndex() - start;
    }
}

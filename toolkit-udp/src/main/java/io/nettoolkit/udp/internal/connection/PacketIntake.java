package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.internal.delivery.Inbox;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.recovery.AckTracker;
import io.nettoolkit.udp.internal.recovery.SentPackets.NoteVisitor;
import io.nettoolkit.udp.internal.wire.AckFrame;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.DataFrame;
import io.nettoolkit.udp.internal.wire.FrameVisitor;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Takes in data packets with their frames, and what became of those of ours. */
final class PacketIntake implements FrameVisitor, NoteVisitor {

    /** A note of an ACK; the largest number it told of is where the range begins. */
    static final int NOTE_ACK = 4;

    /** A note of an ACK_FREQUENCY. */
    static final int NOTE_FREQUENCY = 5;

    /** A note of a NEW_ID; its sequence is where the range begins. */
    static final int NOTE_NEW_ID = 6;

    /** A note of a RETIRE_ID; its sequence is where the range begins. */
    static final int NOTE_RETIRE_ID = 7;

    private final RudpConnection connection;
    private long nowNanos;

    PacketIntake(RudpConnection connection) {
        this.connection = connection;
    }

    /** A data packet came from this address; the reader index may move. */
    void onDataPacket(long now, SocketAddress from, ByteBuf datagram) {
        PacketProtection protection = connection.protection();
        AckTracker acks = connection.acks();
        Traffic traffic = connection.traffic();
        int bytes = datagram.readableBytes();
        if (protection == null || !connection.ids().isLocal(Wire.dataConnectionId(datagram))) {
            traffic.invalid++;
            return;
        }
        long number = Wire.expandPacketNumber(acks.expected(), Wire.truncatedPacketNumber(datagram));
        if (acks.isDuplicate(number)) {
            traffic.duplicates++;
            return;
        }
        ByteBuf frames = protection.open(datagram, number);
        if (frames == null) {
            traffic.invalid++;
            return;
        }
        connection.onPacket(now, from, bytes);
        boolean newest = number >= acks.expected();
        nowNanos = now;
        Shutdown ending = connection.shutdown();
        try {
            boolean eliciting = connection.setup().frames().read(frames, this);
            acks.onReceived(now, number, eliciting);
            if (ending != null && eliciting) {
                ending.onPacket();
            }
        } catch (WireException e) {
            connection.ending().fail(now, e.code(), String.valueOf(e.getMessage()));
            return;
        }
        if (connection.recovery().isNeverAnswered()) {
            connection.ending().fail(now, CloseCode.PROTOCOL, "nothing is acknowledged, however much comes");
            return;
        }
        if (newest && !from.equals(connection.path().remote())) {
            connection.onMoved(now, from, bytes);
        }
    }

    @Override
    public void onNoteAcked(int kind, @Nullable Object subject, long from, long to) {
        if (subject instanceof OutMessage message) {
            connection.outbox().onNoteAcked(kind, message, from, to);
        } else if (kind == NOTE_ACK) {
            connection.acks().onAckOfAck(from);
        }
    }

    @Override
    public void onNoteLost(int kind, @Nullable Object subject, long from, long to) {
        if (subject instanceof OutMessage message) {
            connection.outbox().onNoteLost(kind, message, from, to);
            return;
        }
        switch (kind) {
            case Inbox.NOTE_GRANT -> connection.inbox().onGrantLost();
            case Inbox.NOTE_CHANNEL_GRANT -> connection.inbox().onChannelGrantLost((int) from);
            case NOTE_FREQUENCY -> connection.assembler(nowNanos).requestFrequency();
            case NOTE_NEW_ID -> connection.ids().onNewIdLost(from);
            case NOTE_RETIRE_ID -> connection.ids().onRetireIdLost(from);
            default -> {}
        }
    }

    @Override
    public void onNoteForgotten(int kind, @Nullable Object subject, long from, long to) {
        if (subject instanceof OutMessage message && kind <= Outbox.NOTE_CANCEL) {
            connection.outbox().onNoteForgotten(message);
        }
    }

    @Override
    public void onAck(AckFrame ack) throws WireException {
        if (connection.isOpen()) {
            connection.recovery().onAck(nowNanos, ack);
            connection.onAcksTaken(nowNanos);
        }
    }

    @Override
    public void onImmediateAck() {
        connection.acks().onImmediateAck(nowNanos);
    }

    @Override
    public void onAckFrequency(long packets, long delayNanos) {
        connection.acks().onAckFrequency(packets, delayNanos);
    }

    @Override
    public void onData(DataFrame data) throws WireException {
        connection.inbox().onData(data);
    }

    @Override
    public void onCancel(int order, int channel, long sequence, int total) throws WireException {
        connection.inbox().onCancel(order, channel, sequence, total);
    }

    @Override
    public void onMaxData(long bytes, long messages) {
        connection.outbox().onMaxData(bytes, messages);
    }

    @Override
    public void onMaxChannelData(int channel, long bytes) {
        connection.outbox().onMaxChannelData(channel, bytes);
    }

    @Override
    public void onPathChallenge(long number) {
        connection.assembler(nowNanos).requestResponse(number);
    }

    @Override
    public void onPathResponse(long number) {
        connection.path().onResponse(number);
    }

    @Override
    public void onNewId(long sequence, long id, byte[] resetToken) throws WireException {
        connection.ids().onNewId(sequence, id, resetToken);
    }

    @Override
    public void onRetireId(long sequence) throws WireException {
        connection.ids().onRetireId(sequence);
    }

    @Override
    public void onClose(long code, String reason) {
        connection.ending().onPeerClose(nowNanos, code, reason);
    }
}

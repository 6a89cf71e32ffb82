package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;
import io.nettoolkit.udp.internal.recovery.SentPackets;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.nettoolkit.udp.internal.wire.Varint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.IntObjectHashMap;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/*
 * Messages on their way out.
 *
 * Idea. A message gets its number when its first part is sent; so what is superseded or expires before that never
 * existed for the peer, and what is given up afterwards is told in a CANCEL, which is as reliable as a message. Credit is
 * taken for all of a message when it is begun, so that whatever is begun can be finished: two sides can never wait for
 * each other with half of their messages sent.
 *
 * Invariants.
 *  - A message is in its queue until its last byte was sent once; it is BEGUN from its first part on.
 *  - `lost` and `acked` are disjoint.
 *  - Content is released when a message is settled or cancelled, the object used again when nothing refers to it.
 *  - Numbers of one channel and order that are begun and not settled lie within MAX_SPREAD, which bounds what the peer
 *    has to remember.
 */

/**
 * What one connection has to send.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class Outbox {

    /** A note of a part of a message; the range in units of its span. */
    public static final int NOTE_DATA = 0;

    /** A note of a CANCEL. */
    public static final int NOTE_CANCEL = 1;

    /** How far numbers of one channel and order may lie apart while the first is not settled. */
    static final int MAX_SPREAD = 1 << 16;

    private static final int MAX_POOLED = 1024;
    private static final int SMALLEST_PART = 256;

    private final Outcomes outcomes;
    private final int payloadBytes;
    private final IntObjectHashMap<SendChannel> channels = new IntObjectHashMap<>(4);
    private final SendSchedule schedule = new SendSchedule();
    private @Nullable PriorityQueue<OutMessage> expiring;
    private @Nullable OutMessage pool;
    private int pooled;
    private @Nullable OutMessage firstCancel;
    private @Nullable OutMessage lastCancel;

    private TransportParameters peer = new TransportParameters(0, 0, 0, 0, 0, 0, 0, 0);
    private long maxBytes;
    private long maxMessages;
    private long begunBytes;
    private long begunMessages;
    private boolean blocked;
    private boolean blockedReported;
    private boolean closed;

    private long queuedBytes;
    private long unsettledBytes;
    private long unsettledMessages;
    private long sentMessages;
    private long acknowledgedMessages;
    private long droppedMessages;
    private long retransmittedBytes;

    /** An outbox; {@code payloadBytes} is the room for frames in a full packet. */
    public Outbox(int payloadBytes, Outcomes outcomes) {
        this.payloadBytes = payloadBytes;
        this.outcomes = outcomes;
    }

    /** A message to fill in and {@link #write}; takes over the content. */
    public OutMessage take(ByteBuf content) {
        OutMessage message = pool;
        if (message == null) {
            message = new OutMessage();
        } else {
            pool = message.nextOther;
            message.nextOther = null;
            pooled--;
        }
        message.begin(content);
        return message;
    }

    /** Takes a message in. */
    public void write(OutMessage message) {
        unsettledBytes += message.length;
        unsettledMessages++;
        queuedBytes += message.length;
        if (closed) {
            drop(message, Drop.CLOSED);
            return;
        }
        SendQueue queue = channel(message.channel).queue(message.order);
        if (message.order == Frames.SEQUENCED || message.order == Frames.UNRELIABLE_SEQUENCED) {
            supersede(queue);
        }
        queue.append(message);
        schedule.update(queue);
        if (message.deadlineNanos != OutMessage.NO_DEADLINE) {
            if (expiring == null) {
                expiring = new PriorityQueue<>();
            }
            message.references++;
            expiring.add(message);
        }
    }

    /** Gives back a message that is not taken in any more. */
    public void refuse(OutMessage message) {
        message.content.release();
        message.content = Unpooled.EMPTY_BUFFER;
        message.state = OutMessage.SETTLED;
        if (message.token != null) {
            outcomes.onDropped(message.token, Drop.CLOSED);
        }
        recycle(message);
    }

    private SendChannel channel(int id) {
        SendChannel channel = channels.get(id);
        if (channel == null) {
            channel = new SendChannel(peer.maxChannelData());
            channels.put(id, channel);
        }
        return channel;
    }

    private void supersede(SendQueue queue) {
        while (queue.head != null) {
            cancel(queue.head, Drop.SUPERSEDED);
        }
        for (OutMessage m = queue.firstUnsettled; m != null; ) {
            OutMessage following = m.nextUnsettled;
            if (m.state == OutMessage.BEGUN) {
                cancel(m, Drop.SUPERSEDED);
            }
            m = following;
        }
    }

    /** What the peer takes; known from the handshake on. */
    public void setPeer(TransportParameters parameters) {
        peer = parameters;
        maxBytes = parameters.maxData();
        maxMessages = parameters.maxMessages();
        for (SendChannel channel : channels.values()) {
            channel.maxBytes = parameters.maxChannelData();
        }
    }

    /** The peer's credit for the connection. Credit never shrinks: an older frame may come later. */
    public void onMaxData(long bytes, long messages) {
        maxBytes = Math.max(maxBytes, bytes);
        maxMessages = Math.max(maxMessages, messages);
        blockedReported = false;
    }

    /** The peer's credit for a channel. */
    public void onMaxChannelData(int id, long bytes) {
        SendChannel channel = channels.get(id);
        if (channel != null) {
            channel.maxBytes = Math.max(channel.maxBytes, bytes);
            blockedReported = false;
        }
    }

    /** Whether something could be sent now. */
    public boolean hasSendable() {
        if (firstCancel != null) {
            return true;
        }
        for (int level = 0; level < SendSchedule.LEVELS; level++) {
            if (schedule.lost(level) != null) {
                return true;
            }
            SendQueue first = schedule.turn(level);
            for (SendQueue q = first; q != null && q.head != null; ) {
                if (q.head.state == OutMessage.BEGUN
                        || q.head.sentUpTo > 0
                        || mayBegin(q, q.head)
                        || refusal(q.head) != null) {
                    return true;
                }
                q = q.nextActive == first ? null : q.nextActive;
            }
        }
        return false;
    }

    /** Whether credit is what keeps a message back that the peer has not been told of. Telling once is enough. */
    public boolean takeBlockedReport() {
        boolean report = blocked && !blockedReported;
        blockedReported |= report;
        return report;
    }

    /**
     * Writes frames up to {@code end} into the packet and notes them.
     *
     * @return whether there was anything
     */
    public boolean fill(ByteBuf out, int end, SentPackets sent) {
        int start = out.writerIndex();
        fillCancels(out, end, sent);
        blocked = false;
        for (int level = SendSchedule.LEVELS - 1; level >= 0; level--) {
            if (!fillLost(level, out, end, sent) || !fillNew(level, out, end, sent)) {
                break;
            }
        }
        return out.writerIndex() > start;
    }

    private void fillCancels(ByteBuf out, int end, SentPackets sent) {
        // The largest CANCEL there is.
        while (firstCancel != null && end - out.writerIndex() >= 18) {
            OutMessage message = firstCancel;
            firstCancel = message.nextCancel;
            lastCancel = firstCancel == null ? null : lastCancel;
            message.nextCancel = null;
            message.inCancels = false;
            Frames.writeCancel(out, message.order, message.channel, message.sequence, message.length);
            // The list's reference becomes the note's.
            sent.note(NOTE_CANCEL, message, 0, 0);
        }
    }

    /** Answers whether there may be room for more. */
    private boolean fillLost(int level, ByteBuf out, int end, SentPackets sent) {
        for (OutMessage m = schedule.lost(level); m != null; m = schedule.lost(level)) {
            while (m.state == OutMessage.BEGUN && !m.lost.isEmpty()) {
                int from = (int) m.lost.from(0);
                int to = (int) Math.min(m.lost.to(0), m.length);
                int bytes = writePart(m, from, to, out, end);
                if (bytes < 0) {
                    return false;
                }
                retransmittedBytes += bytes;
                noteSent(m, from, bytes, sent);
                m.lost.remove(from, from + Math.max(1, bytes));
            }
            schedule.removeLost(m);
            release(m);
        }
        return true;
    }

    private boolean fillNew(int level, ByteBuf out, int end, SentPackets sent) {
        SendQueue stuck = null;
        for (SendQueue q = schedule.turn(level); q != null && q != stuck; q = schedule.turn(level)) {
            OutMessage m = q.head;
            if (m == null) {
                return true;
            }
            if (m.sequence < 0) {
                Drop refusal = refusal(m);
                if (refusal != null) {
                    cancel(m, refusal);
                    stuck = null;
                    continue;
                }
                if (!mayBegin(q, m)) {
                    blocked = true;
                    stuck = stuck == null ? q : stuck;
                    schedule.pass(level);
                    continue;
                }
                if (!hasRoomToBegin(q, m, end - out.writerIndex())) {
                    return false;
                }
                begin(q, m);
            }
            int from = m.sentUpTo;
            int bytes = writePart(m, from, m.length, out, end);
            if (bytes < 0) {
                return false;
            }
            stuck = null;
            schedule.pass(level);
            onPartSent(q, m, from, bytes, sent);
        }
        return true;
    }

    private void onPartSent(SendQueue q, OutMessage m, int from, int bytes, SentPackets sent) {
        m.sentUpTo += bytes;
        queuedBytes -= bytes;
        if (m.isReliable()) {
            noteSent(m, from, bytes, sent);
        }
        if (m.sentUpTo < m.length) {
            return;
        }
        q.remove(m);
        schedule.update(q);
        Object token = m.token;
        if (token != null) {
            outcomes.onSent(token);
        }
        if (!m.isReliable()) {
            settle(m);
        }
    }

    private static void noteSent(OutMessage m, int from, int bytes, SentPackets sent) {
        m.references++;
        sent.note(NOTE_DATA, m, from, from + Math.max(1, bytes));
    }

    private @Nullable Drop refusal(OutMessage m) {
        if (m.channel >= peer.maxChannels()) {
            return Drop.NO_SUCH_CHANNEL;
        }
        return m.length > peer.maxMessageBytes() ? Drop.TOO_LONG : null;
    }

    private boolean mayBegin(SendQueue q, OutMessage m) {
        return !m.isReliable()
                || (begunBytes + m.length <= maxBytes
                        && begunMessages < maxMessages
                        && q.channel.begunBytes + m.length <= q.channel.maxBytes
                        && q.spread() < MAX_SPREAD);
    }

    /** A message that fits in a packet of its own is not cut. */
    private boolean hasRoomToBegin(SendQueue q, OutMessage m, int room) {
        int whole = headBytes(m, q.nextSequence, room) + m.length;
        return whole <= room || (whole > payloadBytes && room >= Math.min(SMALLEST_PART, payloadBytes));
    }

    /** Bytes of a DATA frame before its bytes, at most, without offset and total. */
    private static int headBytes(OutMessage m, long sequence, int room) {
        return 1 + Varint.size(m.channel) + Varint.size(sequence) + Varint.size(Math.max(room, 0));
    }

    private void begin(SendQueue q, OutMessage m) {
        sentMessages++;
        if (m.isReliable()) {
            q.begin(m);
            begunBytes += m.length;
            begunMessages++;
            q.channel.begunBytes += m.length;
        } else {
            m.sequence = q.nextSequence++;
        }
    }

    /** Writes as much of [from, to) as fits; answers how many bytes, or -1 where not even a useful part does. */
    private int writePart(OutMessage m, int from, int to, ByteBuf out, int end) {
        int room = end - out.writerIndex();
        int head = headBytes(m, m.sequence, room);
        int bytes = to - from;
        boolean whole = bytes == m.length && head + bytes <= room;
        if (!whole) {
            head += Varint.size(from) + Varint.size(m.length);
            bytes = Math.min(bytes, room - head);
            if (bytes < to - from && bytes < Math.min(SMALLEST_PART, payloadBytes - head)) {
                return -1;
            }
        }
        out.writeByte(whole ? Frames.wholeType(m.order) : Frames.partType(m.order));
        Varint.write(out, m.channel);
        Varint.write(out, m.sequence);
        if (!whole) {
            Varint.write(out, from);
            Varint.write(out, m.length);
        }
        Varint.write(out, bytes);
        out.writeBytes(m.content, m.content.readerIndex() + from, bytes);
        return bytes;
    }

    /** A packet with this note was acknowledged. */
    public void onNoteAcked(int kind, OutMessage m, long from, long to) {
        if (kind == NOTE_CANCEL) {
            if (m.state == OutMessage.CANCELLED) {
                settle(m);
            }
        } else if (m.state == OutMessage.BEGUN) {
            m.acked.add(from, to);
            m.lost.remove(from, to);
            if (m.acked.containsAll(0, m.span())) {
                acknowledgedMessages++;
                Object token = m.token;
                settle(m);
                if (token != null) {
                    outcomes.onAcknowledged(token);
                }
            }
        }
        release(m);
    }

    /** A packet with this note was lost, or is to be repeated in a probe. The note stays. */
    public void onNoteLost(int kind, OutMessage m, long from, long to) {
        if (kind == NOTE_CANCEL) {
            if (m.state == OutMessage.CANCELLED) {
                addCancel(m);
            }
        } else if (m.state == OutMessage.BEGUN && !m.acked.containsAll(from, to)) {
            m.lost.add(from, to);
            for (int i = 0; i < m.acked.size(); i++) {
                m.lost.remove(m.acked.from(i), m.acked.to(i));
            }
            schedule.addLost(m);
        }
    }

    /** A packet with this note matters no more. */
    public void onNoteForgotten(OutMessage m) {
        release(m);
    }

    private void addCancel(OutMessage m) {
        if (m.inCancels) {
            return;
        }
        m.inCancels = true;
        m.references++;
        m.nextCancel = null;
        if (lastCancel == null) {
            firstCancel = m;
        } else {
            lastCancel.nextCancel = m;
        }
        lastCancel = m;
    }

    /** When the next message has to be given up; {@link OutMessage#NO_DEADLINE} for none. */
    public long expiryNanos() {
        OutMessage first = expiring == null ? null : expiring.peek();
        return first == null ? OutMessage.NO_DEADLINE : first.deadlineNanos;
    }

    /** Gives up the messages whose deadline has passed. */
    public void expire(long nowNanos) {
        if (expiring == null) {
            return;
        }
        for (OutMessage m = expiring.peek(); m != null; m = expiring.peek()) {
            if (m.deadlineNanos > nowNanos && m.state != OutMessage.SETTLED) {
                return;
            }
            expiring.poll();
            if (m.state == OutMessage.QUEUED || m.state == OutMessage.BEGUN) {
                cancel(m, Drop.EXPIRED);
            }
            release(m);
        }
    }

    private void cancel(OutMessage m, Drop reason) {
        SendQueue queue = m.queue;
        if (m.inQueue && queue != null) {
            queue.remove(m);
            schedule.update(queue);
        }
        drop(m, reason);
    }

    /** The message is out of its queue. */
    private void drop(OutMessage m, Drop reason) {
        droppedMessages++;
        queuedBytes -= m.length - m.sentUpTo;
        Object token = m.token;
        m.token = null;
        if (m.state == OutMessage.BEGUN && !closed) {
            m.state = OutMessage.CANCELLED;
            m.lost.clear();
            discardContent(m);
            addCancel(m);
        } else {
            settle(m);
        }
        if (token != null) {
            outcomes.onDropped(token, reason);
        }
    }

    private void settle(OutMessage m) {
        SendQueue queue = m.queue;
        if (m.isReliable() && m.sequence >= 0 && queue != null) {
            queue.settle(m);
        }
        if (m.state != OutMessage.CANCELLED) {
            discardContent(m);
        }
        m.state = OutMessage.SETTLED;
        m.token = null;
        if (m.references == 0) {
            recycle(m);
        }
    }

    private void discardContent(OutMessage m) {
        unsettledBytes -= m.length;
        unsettledMessages--;
        m.content.release();
        m.content = Unpooled.EMPTY_BUFFER;
    }

    private void release(OutMessage m) {
        m.references--;
        if (m.references == 0 && m.state == OutMessage.SETTLED) {
            recycle(m);
        }
    }

    private void recycle(OutMessage m) {
        m.queue = null;
        if (pooled < MAX_POOLED) {
            pooled++;
            m.nextOther = pool;
            pool = m;
        }
    }

    /** Drops everything; the connection has ended. Notes may still come back. */
    public void close() {
        closed = true;
        for (SendChannel channel : channels.values()) {
            for (int order = Frames.ORDERED; order <= Frames.UNRELIABLE_SEQUENCED; order++) {
                SendQueue queue = channel.existing(order);
                while (queue != null && queue.head != null) {
                    cancel(queue.head, Drop.CLOSED);
                }
                while (queue != null && queue.firstUnsettled != null) {
                    closeUnsettled(queue.firstUnsettled);
                }
            }
        }
        channels.clear();
        expiring = null;
        firstCancel = null;
        lastCancel = null;
        pool = null;
    }

    private void closeUnsettled(OutMessage m) {
        if (m.state == OutMessage.CANCELLED) {
            settle(m);
        } else {
            drop(m, Drop.CLOSED);
        }
    }

    /** Whether every message is settled, and cancellations are sent. */
    public boolean isSettled() {
        return unsettledMessages == 0 && firstCancel == null;
    }

    /** Bytes written and not sent for the first time. */
    public long queuedBytes() {
        return queuedBytes;
    }

    /** Bytes held. */
    public long unsettledBytes() {
        return unsettledBytes;
    }

    /** Messages begun. */
    public long sentMessages() {
        return sentMessages;
    }

    /** Messages the peer has. */
    public long acknowledgedMessages() {
        return acknowledgedMessages;
    }

    /** Messages given up. */
    public long droppedMessages() {
        return droppedMessages;
    }

    /** Bytes sent again. */
    public long retransmittedBytes() {
        return retransmittedBytes;
    }
}

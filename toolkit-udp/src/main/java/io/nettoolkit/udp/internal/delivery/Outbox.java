package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;
import io.nettoolkit.udp.internal.delivery.SendSchedule.Level;
import io.nettoolkit.udp.internal.recovery.SentPackets;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.netty.buffer.ByteBuf;
import java.util.Objects;
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
 *  - Numbers of one channel and order that are begun and not settled lie within SendCredit.MAX_SPREAD, which bounds what the peer
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

    /** The largest CANCEL there is. */
    private static final int CANCEL_BYTES = 18;

    /** Chance alone does not lose a part so often. */
    private static final int LEAST_REPEATS = 10;

    private final Outcomes outcomes;
    private final ChannelMap<SendChannel> channels = new ChannelMap<>();
    private final SendCredit credit = new SendCredit();
    /** Null at rest. */
    private @Nullable Backlog backlog;

    private long sentMessages;
    private long acknowledgedMessages;
    private long droppedMessages;
    private long retransmittedBytes;
    private long patienceNanos = Long.MAX_VALUE;
    private boolean stuck;
    private boolean closed;

    /** An empty outbox. */
    public Outbox(Outcomes outcomes) {
        this.outcomes = outcomes;
    }

    private Backlog backlog() {
        Backlog current = backlog;
        if (current == null) {
            current = new Backlog(this);
            backlog = current;
        }
        return current;
    }

    /** A message to fill in and {@link #write}; takes over the content. */
    public OutMessage take(ByteBuf content) {
        return backlog().stock.take(content);
    }

    /** Takes a message in. */
    public void write(OutMessage message) {
        Backlog work = backlog();
        work.stock.add(message);
        if (closed) {
            work.settlement.cancel(message, Drop.CLOSED);
            return;
        }
        SendQueue queue = channel(message.channel).queue(message.order);
        if (message.order == Frames.SEQUENCED || message.order == Frames.UNRELIABLE_SEQUENCED) {
            supersede(queue, work.settlement);
        }
        queue.append(message);
        work.schedule.update(queue);
        if (message.deadlineNanos != OutMessage.NO_DEADLINE) {
            if (work.expiring == null) {
                work.expiring = new PriorityQueue<>();
            }
            message.references++;
            work.expiring.add(message);
        }
    }

    /** Gives back a message that is not taken in any more. */
    public void refuse(OutMessage message) {
        backlog().settlement.refuse(message);
    }

    private SendChannel channel(int id) {
        SendChannel channel = channels.get(id);
        if (channel == null) {
            channel = new SendChannel(credit.maxChannelBytes());
            channels.add(id, channel);
        }
        return channel;
    }

    private static void supersede(SendQueue queue, Settlement settlement) {
        while (queue.head != null) {
            settlement.cancel(queue.head, Drop.SUPERSEDED);
        }
        for (OutMessage m = queue.firstUnsettled; m != null; ) {
            OutMessage following = m.nextUnsettled;
            if (m.state == OutMessage.BEGUN) {
                settlement.cancel(m, Drop.SUPERSEDED);
            }
            m = following;
        }
    }

    /** What the peer takes; known from the handshake on. */
    public void setPeer(TransportParameters parameters) {
        credit.setPeer(parameters);
        channels.forEach(channel -> channel.maxBytes = parameters.maxChannelData());
    }

    /** The room for frames in a full packet from now on. */
    public void setPayloadBytes(int bytes) {
        if (backlog != null) {
            backlog.parts.setPayloadBytes(bytes);
        }
    }

    /** For how long a message may be sent again and again without any of it arriving. */
    public void setPatience(long nanos) {
        patienceNanos = nanos;
    }

    /** Whether there is a message that does not arrive however often it is sent: for others there may be no sign of that. */
    public boolean isStuck() {
        return stuck;
    }

    /** The peer's credit for the connection. */
    public void onMaxData(long bytes, long messages) {
        credit.onGrant(bytes, messages);
    }

    /** The peer's credit for a channel. */
    public void onMaxChannelData(int id, long bytes) {
        SendChannel channel = channels.get(id);
        if (channel != null) {
            credit.onChannelGrant(channel, bytes);
        }
    }

    /** Whether something could be sent now. */
    public boolean hasSendable() {
        Backlog work = backlog;
        if (work == null) {
            return false;
        }
        if (!work.cancels.isEmpty()) {
            return true;
        }
        for (Level level = work.schedule.highest(); level != null; level = level.lower) {
            if (level.firstLost != null) {
                return true;
            }
            SendQueue first = level.turn;
            for (SendQueue q = first; q != null && q.head != null; ) {
                if (q.head.state == OutMessage.BEGUN
                        || q.head.sentUpTo > 0
                        || credit.mayBegin(q, q.head)
                        || credit.refusal(q.head) != null) {
                    return true;
                }
                q = q.nextActive == first ? null : q.nextActive;
            }
        }
        return false;
    }

    /** Whether credit is what keeps a message back that the peer has not been told of. Telling once is enough. */
    public boolean takeBlockedReport() {
        return credit.takeReport();
    }

    /**
     * Writes frames up to {@code end} into the packet and notes them.
     *
     * @return whether there was anything
     */
    public boolean fill(long nowNanos, ByteBuf out, int end, SentPackets sent) {
        int start = out.writerIndex();
        Backlog work = backlog;
        credit.setBlocked(false);
        if (work == null) {
            return false;
        }
        fillCancels(work.cancels, out, end, sent);
        for (Level level = work.schedule.highest(); level != null; level = level.lower) {
            if (!fillLost(level, nowNanos, out, end, sent) || !fillNew(work, level, out, end, sent)) {
                break;
            }
        }
        return out.writerIndex() > start;
    }

    private static void fillCancels(CancelQueue cancels, ByteBuf out, int end, SentPackets sent) {
        while (!cancels.isEmpty() && end - out.writerIndex() >= CANCEL_BYTES) {
            OutMessage message = Objects.requireNonNull(cancels.poll());
            Frames.writeCancel(out, message.order, message.channel, message.sequence, message.length);
            // The queue's reference becomes the note's.
            sent.note(NOTE_CANCEL, message, 0, 0);
        }
    }

    private void onRepeated(OutMessage m, long nowNanos) {
        if (m.repeats++ == 0) {
            m.repeatedSinceNanos = nowNanos;
        }
        stuck |= m.repeats > LEAST_REPEATS && nowNanos - m.repeatedSinceNanos >= patienceNanos;
    }

    /** Answers whether there may be room for more. */
    private boolean fillLost(Level level, long nowNanos, ByteBuf out, int end, SentPackets sent) {
        Backlog work = backlog();
        for (OutMessage m = level.firstLost; m != null; m = level.firstLost) {
            while (m.state == OutMessage.BEGUN && !m.lost.isEmpty()) {
                int from = (int) m.lost.from(0);
                int to = (int) Math.min(m.lost.to(0), m.length);
                int bytes = work.parts.write(m, from, to, out, end);
                if (bytes < 0) {
                    return false;
                }
                retransmittedBytes += bytes;
                onRepeated(m, nowNanos);
                noteSent(m, from, bytes, sent);
                m.lost.remove(from, from + Math.max(1, bytes));
            }
            work.schedule.removeLost(m);
            work.stock.release(m);
        }
        return true;
    }

    private boolean fillNew(Backlog work, Level level, ByteBuf out, int end, SentPackets sent) {
        SendQueue stuck = null;
        for (SendQueue q = level.turn; q != null && q != stuck; q = level.turn) {
            OutMessage m = q.head;
            if (m == null) {
                return true;
            }
            if (m.sequence < 0) {
                Drop refusal = credit.refusal(m);
                if (refusal != null) {
                    work.settlement.cancel(m, refusal);
                    stuck = null;
                    continue;
                }
                if (!credit.mayBegin(q, m)) {
                    credit.setBlocked(true);
                    stuck = stuck == null ? q : stuck;
                    level.pass();
                    continue;
                }
                if (!work.parts.hasRoomToBegin(m, q.nextSequence, end - out.writerIndex())) {
                    return false;
                }
                begin(q, m);
            }
            int from = m.sentUpTo;
            int bytes = work.parts.write(m, from, m.length, out, end);
            if (bytes < 0) {
                return false;
            }
            stuck = null;
            level.pass();
            onPartSent(work, m, from, bytes, sent);
        }
        return true;
    }

    private static void onPartSent(Backlog work, OutMessage m, int from, int bytes, SentPackets sent) {
        m.sentUpTo += bytes;
        work.stock.onUnqueued(bytes);
        if (m.isReliable()) {
            noteSent(m, from, bytes, sent);
        }
        if (m.sentUpTo < m.length) {
            return;
        }
        SendQueue queue = Objects.requireNonNull(m.queue);
        queue.remove(m);
        work.schedule.update(queue);
        work.settlement.onSent(m);
    }

    private static void noteSent(OutMessage m, int from, int bytes, SentPackets sent) {
        m.references++;
        sent.note(NOTE_DATA, m, from, from + Math.max(1, bytes));
    }

    private void begin(SendQueue q, OutMessage m) {
        sentMessages++;
        credit.begin(q, m);
        if (m.isReliable()) {
            q.begin(m);
        } else {
            m.sequence = q.nextSequence++;
        }
    }

    /** A packet with this note was acknowledged. */
    public void onNoteAcked(int kind, OutMessage m, long from, long to) {
        Backlog work = backlog();
        if (kind == NOTE_CANCEL) {
            if (m.state == OutMessage.CANCELLED) {
                work.settlement.settle(m);
            }
        } else if (m.state == OutMessage.BEGUN) {
            stuck &= m.repeats <= LEAST_REPEATS;
            m.repeats = 0;
            m.acked.add(from, to);
            m.lost.remove(from, to);
            if (m.acked.containsAll(0, m.span())) {
                work.settlement.acknowledge(m);
            }
        }
        work.stock.release(m);
    }

    /** A packet with this note was lost, or is to be repeated in a probe. The note stays. */
    public void onNoteLost(int kind, OutMessage m, long from, long to) {
        if (kind == NOTE_CANCEL) {
            if (m.state == OutMessage.CANCELLED) {
                backlog().cancels.add(m);
            }
        } else if (m.state == OutMessage.BEGUN && !m.acked.containsAll(from, to)) {
            m.lost.add(from, to);
            for (int i = 0; i < m.acked.size(); i++) {
                m.lost.remove(m.acked.from(i), m.acked.to(i));
            }
            backlog().schedule.addLost(m);
        }
    }

    /** A packet with this note matters no more. */
    public void onNoteForgotten(OutMessage m) {
        backlog().stock.release(m);
    }

    /** When the next message has to be given up; {@link OutMessage#NO_DEADLINE} for none. */
    public long expiryNanos() {
        OutMessage first = backlog == null || backlog.expiring == null ? null : backlog.expiring.peek();
        return first == null ? OutMessage.NO_DEADLINE : first.deadlineNanos;
    }

    /** Gives up the messages whose deadline has passed. */
    public void expire(long nowNanos) {
        Backlog work = backlog;
        PriorityQueue<OutMessage> expiring = work == null ? null : work.expiring;
        if (work == null || expiring == null) {
            return;
        }
        for (OutMessage m = expiring.peek(); m != null; m = expiring.peek()) {
            if (m.deadlineNanos > nowNanos && m.state != OutMessage.SETTLED) {
                return;
            }
            expiring.poll();
            if (m.state == OutMessage.QUEUED || m.state == OutMessage.BEGUN) {
                work.settlement.cancel(m, Drop.EXPIRED);
            }
            work.stock.release(m);
        }
    }

    /** Drops everything; the connection has ended. Notes may still come back. */
    public void close() {
        closed = true;
        Backlog work = backlog;
        if (work != null) {
            channels.forEach(channel -> drain(channel, work.settlement));
            work.expiring = null;
            work.cancels.clear();
            work.stock.clearPool();
        }
        channels.clear();
    }

    private static void drain(SendChannel channel, Settlement settlement) {
        for (SendQueue queue = channel.firstQueue(); queue != null; queue = queue.nextOrder) {
            settlement.drain(queue);
        }
    }

    /** Lets go of what is kept only while messages are under way. No note of one may come back after that. */
    public void rest() {
        if (backlog != null && isSettled()) {
            backlog = null;
        }
    }

    /** Whether nothing more is to be done about any message: those given up count until the peer has heard of it. */
    public boolean isSettled() {
        Backlog work = backlog;
        return work == null || work.stock.isEmpty();
    }

    Outcomes outcomes() {
        return outcomes;
    }

    boolean isClosed() {
        return closed;
    }

    void onAcknowledged() {
        acknowledgedMessages++;
    }

    void onDropped() {
        droppedMessages++;
    }

    /** Bytes written and not sent for the first time. */
    public long queuedBytes() {
        Backlog work = backlog;
        return work == null ? 0 : work.stock.queuedBytes();
    }

    /** Bytes held. */
    public long unsettledBytes() {
        Backlog work = backlog;
        return work == null ? 0 : work.stock.bytes();
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

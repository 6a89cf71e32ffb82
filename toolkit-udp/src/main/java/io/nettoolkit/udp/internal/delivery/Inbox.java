package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.recovery.SentPackets;
import io.nettoolkit.udp.internal.wire.DataFrame;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/*
 * Messages on their way in.
 *
 * Idea. Bytes are copied out of the packet into their message's own buffer, so that nothing pins the block a socket read
 * into. A reliable message is charged to the windows when its first part (or its CANCEL) comes, and credited when it is
 * read, passed over or cancelled: each exactly once, since its number is then done with. Unreliable messages have no
 * credit: they are dropped where they would exceed the caps.
 *
 * Invariants.
 *  - What is buffered of reliable messages is at most what was granted; of unreliable ones at most the first window.
 *  - An ordered message is handed over when all numbers below it are done; a sequenced one when no higher one was.
 *  - Numbers lie within SendCredit.MAX_SPREAD of the lowest that is not done, or the peer is in violation; that bounds what
 *    is remembered of them.
 */

/**
 * What one connection has received and not read.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class Inbox {

    /** A note of the connection's credit. */
    public static final int NOTE_GRANT = 2;

    /** A note of a channel's credit; its id is where the range begins. */
    public static final int NOTE_CHANNEL_GRANT = 3;

    private static final int MAX_GRANT_BYTES = 17;

    private final RudpConfig config;
    private final ByteBufAllocator allocator;
    /** Null at rest. */
    private @Nullable Reassembly reassembly;

    private @Nullable UnreliableInbox unreliable;
    private final ChannelMap<ReceiveChannel> channels = new ChannelMap<>();
    private final ReceiveWindow bytes;
    private final ReceiveWindow messages;
    private boolean grantDue;
    private @Nullable ReceiveChannel firstDue;
    private boolean closed;

    private long readMessages;
    private long readBytes;
    private long discarded;

    /** An empty inbox. */
    public Inbox(RudpConfig config, ByteBufAllocator allocator) {
        this.config = config;
        this.allocator = allocator;
        bytes = new ReceiveWindow(config.receiveWindowBytes());
        messages = new ReceiveWindow(config.maxUnreadMessages());
    }

    private Reassembly reassembly() {
        Reassembly current = reassembly;
        if (current == null) {
            current = new Reassembly(allocator);
            reassembly = current;
        }
        return current;
    }

    /** A part of a message came, or all of it. */
    public void onData(DataFrame frame) throws WireException {
        if (closed) {
            return;
        }
        ReceiveQueue queue = channel(frame.channel(), frame.total()).queue(frame.order());
        if (frame.order() > Frames.SEQUENCED) {
            unreliable().onData(reassembly(), queue, frame);
            return;
        }
        long sequence = frame.sequence();
        if (queue.isDone(sequence)) {
            return;
        }
        InMessage message = queue.waiting(sequence);
        if (message == null) {
            begin(queue, sequence, frame.total());
            if (queue.order == Frames.SEQUENCED && sequence < queue.newest) {
                passOver(queue, sequence, frame.total());
                return;
            }
            message = reassembly().begin(queue, sequence, frame.total());
            queue.addWaiting(message);
        }
        if (message.total != frame.total()) {
            throw WireException.protocol("message " + sequence + " of channel " + frame.channel() + " has "
                    + message.total + " bytes and " + frame.total());
        }
        if (reassembly().take(message, frame)) {
            onWhole(queue, message);
        }
    }

    private ReceiveChannel channel(int id, int total) throws WireException {
        if (id >= config.maxChannels()) {
            throw WireException.limit("channel " + id + " (at most " + (config.maxChannels() - 1) + ")");
        }
        if (total > config.maxMessageBytes()) {
            throw WireException.limit("a message of " + total + " bytes (at most " + config.maxMessageBytes() + ")");
        }
        ReceiveChannel channel = channels.get(id);
        if (channel == null) {
            channel = new ReceiveChannel(id, new ReceiveWindow(config.receiveWindowBytes()));
            channels.add(id, channel);
        }
        return channel;
    }

    private UnreliableInbox unreliable() {
        UnreliableInbox inbox = unreliable;
        if (inbox == null) {
            inbox = new UnreliableInbox(config);
            unreliable = inbox;
        }
        return inbox;
    }

    /** Charges a reliable message that was not seen before. */
    private void begin(ReceiveQueue queue, long sequence, int total) throws WireException {
        if (sequence - queue.firstMissing() >= SendCredit.MAX_SPREAD) {
            throw WireException.protocol("message " + sequence + " of channel " + queue.channel.id + ", "
                    + queue.firstMissing() + " is not done");
        }
        // Where one of them is exceeded the connection ends, so it does not matter that the others are not charged.
        if (!bytes.begin(total) || !messages.begin(1) || !queue.channel.window.begin(total)) {
            throw WireException.flowControl("message " + sequence + " of channel " + queue.channel.id + " with " + total
                    + " bytes goes beyond the credit");
        }
    }

    private void onWhole(ReceiveQueue queue, InMessage message) {
        if (queue.order == Frames.ORDERED) {
            deliverInOrder(queue);
            return;
        }
        queue.removeWaiting(message.sequence);
        queue.setDone(message.sequence);
        queue.newest = Math.max(queue.newest, message.sequence);
        if (queue.order == Frames.SEQUENCED) {
            InMessage older = queue.anyWaitingBelow(message.sequence);
            while (older != null) {
                discardWaiting(queue, older);
                older = queue.anyWaitingBelow(message.sequence);
            }
        }
        reassembly().ready(message);
    }

    private void deliverInOrder(ReceiveQueue queue) {
        long sequence = queue.firstMissing();
        for (InMessage m = queue.waiting(sequence); m != null && m.whole; m = queue.waiting(sequence)) {
            queue.removeWaiting(sequence);
            queue.setDone(sequence);
            reassembly().ready(m);
            sequence = queue.firstMissing();
        }
    }

    private void discardWaiting(ReceiveQueue queue, InMessage message) {
        queue.removeWaiting(message.sequence);
        long sequence = message.sequence;
        int total = message.total;
        reassembly().drop(message);
        passOver(queue, sequence, total);
    }

    /** The number is done with, and what it was charged is credited. */
    private void passOver(ReceiveQueue queue, long sequence, int total) {
        queue.setDone(sequence);
        credit(queue.channel, total);
    }

    private void credit(ReceiveChannel channel, int total) {
        grantDue |= bytes.read(total, config.maxMessageBytes());
        grantDue |= messages.read(1, 1);
        if (channel.window.read(total, config.maxMessageBytes())) {
            setDue(channel);
        }
    }

    private void setDue(ReceiveChannel channel) {
        if (!channel.grantDue) {
            channel.grantDue = true;
            channel.nextDue = firstDue;
            firstDue = channel;
        }
    }

    /** The peer gives a message up. */
    public void onCancel(int order, int channelId, long sequence, int total) throws WireException {
        if (closed) {
            return;
        }
        ReceiveQueue queue = channel(channelId, total).queue(order);
        if (queue.isDone(sequence)) {
            return;
        }
        InMessage message = queue.waiting(sequence);
        if (message == null) {
            begin(queue, sequence, total);
            passOver(queue, sequence, total);
        } else if (message.total != total) {
            throw WireException.protocol("message " + sequence + " of channel " + channelId + " has " + message.total
                    + " bytes and " + total);
        } else {
            discardWaiting(queue, message);
        }
        if (order == Frames.ORDERED) {
            deliverInOrder(queue);
        }
    }

    /** Whether there is a message to read. */
    public boolean hasReady() {
        Reassembly current = reassembly;
        return current != null && current.firstReady() != null;
    }

    /**
     * Hands the next message over.
     *
     * @return whether there was one
     */
    public boolean poll(MessageSink sink) {
        Reassembly current = reassembly;
        InMessage message = current == null ? null : current.firstReady();
        if (current == null || message == null || message.queue == null) {
            return false;
        }
        ReceiveQueue queue = message.queue;
        int total = message.total;
        ByteBuf content = current.takeFirst(message);
        readMessages++;
        readBytes += total;
        if (queue.order > Frames.SEQUENCED) {
            unreliable().onRead(total);
        } else {
            credit(queue.channel, total);
        }
        sink.onMessage(queue.channel.id, mode(queue.order), content);
        return true;
    }

    private static DeliveryMode mode(int order) {
        return switch (order) {
            case Frames.ORDERED -> DeliveryMode.RELIABLE_ORDERED;
            case Frames.UNORDERED -> DeliveryMode.RELIABLE_UNORDERED;
            case Frames.SEQUENCED -> DeliveryMode.RELIABLE_SEQUENCED;
            case Frames.UNRELIABLE -> DeliveryMode.UNRELIABLE;
            default -> DeliveryMode.UNRELIABLE_SEQUENCED;
        };
    }

    /** Whether the peer should be told of new credit. */
    public boolean hasGrants() {
        return grantDue || firstDue != null;
    }

    /** Writes the credit that is due, as far as it fits, and notes it. */
    public void writeGrants(ByteBuf out, int end, SentPackets sent, long nowNanos, long rttNanos) {
        if (grantDue && end - out.writerIndex() >= MAX_GRANT_BYTES) {
            grantDue = false;
            long byteLimit = bytes.grant(nowNanos, rttNanos, config.maxReceiveWindowBytes());
            Frames.writeMaxData(out, byteLimit, messages.grant(nowNanos, rttNanos, config.maxUnreadMessages()));
            sent.note(NOTE_GRANT, null, 0, 0);
        }
        while (firstDue != null && end - out.writerIndex() >= MAX_GRANT_BYTES) {
            ReceiveChannel channel = firstDue;
            firstDue = channel.nextDue;
            channel.nextDue = null;
            channel.grantDue = false;
            Frames.writeMaxChannelData(
                    out, channel.id, channel.window.grant(nowNanos, rttNanos, config.maxReceiveWindowBytes()));
            sent.note(NOTE_CHANNEL_GRANT, null, channel.id, 0);
        }
    }

    /** The connection's credit was lost on its way: tell again, whatever it is by then. */
    public void onGrantLost() {
        grantDue = true;
    }

    /** A channel's credit was lost on its way. */
    public void onChannelGrantLost(int id) {
        ReceiveChannel channel = channels.get(id);
        if (channel != null) {
            setDue(channel);
        }
    }

    /** Drops what is incomplete; what is ready can still be read. */
    public void close() {
        closed = true;
        channels.forEach(this::dropWaiting);
        grantDue = false;
        firstDue = null;
    }

    private void dropWaiting(ReceiveChannel channel) {
        for (ReceiveQueue queue = channel.firstQueue(); queue != null; queue = queue.nextOrder) {
            InMessage message = queue.anyWaitingBelow(Long.MAX_VALUE);
            while (message != null) {
                queue.removeWaiting(message.sequence);
                reassembly().drop(message);
                message = queue.anyWaitingBelow(Long.MAX_VALUE);
            }
        }
    }

    /** Lets go of what is kept only while messages come. */
    public void rest() {
        if (reassembly != null && reassembly.isEmpty()) {
            reassembly = null;
        }
        channels.forEach(ReceiveChannel::rest);
    }

    /** Drops what is ready too. */
    public void discard() {
        while (poll((channel, mode, content) -> content.release())) {
            discarded++;
            readMessages--;
        }
    }

    /** Bytes of messages that were not read. */
    public long bufferedBytes() {
        Reassembly current = reassembly;
        return current == null ? 0 : current.bufferedBytes();
    }

    /** Messages read. */
    public long readMessages() {
        return readMessages;
    }

    /** Their bytes. */
    public long readBytes() {
        return readBytes;
    }

    /** Unreliable messages dropped, and what {@link #discard} dropped. */
    public long dropped() {
        return discarded + (unreliable == null ? 0 : unreliable.dropped());
    }
}

package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.recovery.SentPackets;
import io.nettoolkit.udp.internal.wire.DataFrame;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.IntObjectHashMap;
import org.jspecify.annotations.Nullable;

/*
 * Messages on their way in.
 *
 * Idea. Bytes are copied out of the packet into their message's own buffer, so that nothing pins the block a socket read
 * into. A reliable message is charged to the windows when its first part (or its CANCEL) comes, and credited when it is
 * read, passed over or cancelled: each exactly once, since its number is then in `done`. Unreliable messages have no
 * credit: they are dropped where they would exceed the caps.
 *
 * Invariants.
 *  - What is buffered of reliable messages is at most what was granted; of unreliable ones at most the first window.
 *  - An ordered message is handed over when all numbers below it are done; a sequenced one when no higher one was.
 *  - Numbers lie within Outbox.MAX_SPREAD of the lowest that is not done, or the peer is in violation; that bounds `done`.
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

    private static final int MAX_UNRELIABLE_PARTIAL = 16;
    private static final int MAX_POOLED = 256;
    private static final int MAX_GRANT_BYTES = 17;

    private final RudpConfig config;
    private final ByteBufAllocator allocator;
    private final IntObjectHashMap<ReceiveChannel> channels = new IntObjectHashMap<>(4);
    private final ReceiveWindow bytes;
    private final ReceiveWindow messages;
    private @Nullable InMessage firstReady;
    private @Nullable InMessage lastReady;
    private @Nullable InMessage pool;
    private int pooled;
    private boolean grantDue;
    private @Nullable ReceiveChannel firstDue;
    private boolean closed;

    private long bufferedBytes;
    private long unreliableBytes;
    private int unreliableReady;
    private long readMessages;
    private long readBytes;
    private long dropped;

    /** An empty inbox. */
    public Inbox(RudpConfig config, ByteBufAllocator allocator) {
        this.config = config;
        this.allocator = allocator;
        bytes = newByteWindow();
        messages = new ReceiveWindow(config.maxUnreadMessages(), config.maxUnreadMessages(), 1);
    }

    private ReceiveWindow newByteWindow() {
        return new ReceiveWindow(config.receiveWindowBytes(), config.maxReceiveWindowBytes(), config.maxMessageBytes());
    }

    /** A part of a message came, or all of it. */
    public void onData(DataFrame frame) throws WireException {
        if (closed) {
            return;
        }
        ReceiveQueue queue = channel(frame.channel(), frame.total()).queue(frame.order());
        if (frame.order() > Frames.SEQUENCED) {
            onUnreliable(queue, frame);
            return;
        }
        long sequence = frame.sequence();
        if (queue.done.contains(sequence)) {
            return;
        }
        InMessage message = queue.waiting(sequence);
        if (message == null) {
            begin(queue, sequence, frame.total());
            if (queue.order == Frames.SEQUENCED && sequence < queue.newest) {
                passOver(queue, sequence, frame.total());
                return;
            }
            message = newMessage(queue, sequence, frame.total());
            queue.addWaiting(message);
        }
        if (message.total != frame.total()) {
            throw WireException.protocol("message " + sequence + " of channel " + frame.channel() + " has "
                    + message.total + " bytes and " + frame.total());
        }
        if (take(message, frame)) {
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
            channel = new ReceiveChannel(id, newByteWindow());
            channels.put(id, channel);
        }
        return channel;
    }

    /** Charges a reliable message that was not seen before. */
    private void begin(ReceiveQueue queue, long sequence, int total) throws WireException {
        if (sequence - queue.done.nextMissing(0) >= Outbox.MAX_SPREAD) {
            throw WireException.protocol("message " + sequence + " of channel " + queue.channel.id + ", "
                    + queue.done.nextMissing(0) + " is not done");
        }
        // Where one of them is exceeded the connection ends, so it does not matter that the others are not charged.
        if (!bytes.begin(total) || !messages.begin(1) || !queue.channel.window.begin(total)) {
            throw WireException.flowControl("message " + sequence + " of channel " + queue.channel.id + " with " + total
                    + " bytes goes beyond the credit");
        }
    }

    private InMessage newMessage(ReceiveQueue queue, long sequence, int total) {
        InMessage message = pool;
        if (message == null) {
            message = new InMessage();
        } else {
            pool = message.next;
            message.next = null;
            pooled--;
        }
        message.begin(queue, sequence, total == 0 ? Unpooled.EMPTY_BUFFER : allocator.buffer(total, total), total);
        return message;
    }

    /** Copies what is new; answers whether the message is whole now. */
    private boolean take(InMessage message, DataFrame frame) {
        if (message.whole) {
            return false;
        }
        int length = frame.length();
        if (length > 0) {
            message.content.setBytes(frame.offset(), frame.packet(), frame.index(), length);
        }
        if (!frame.isWhole()) {
            bufferedBytes += message.received.add(frame.offset(), (long) frame.offset() + length);
            if (!message.received.containsAll(0, message.total)) {
                return false;
            }
        } else {
            bufferedBytes += length;
        }
        message.content.setIndex(0, message.total);
        message.whole = true;
        return true;
    }

    private void onWhole(ReceiveQueue queue, InMessage message) {
        if (queue.order == Frames.ORDERED) {
            deliverInOrder(queue);
            return;
        }
        queue.removeWaiting(message.sequence);
        queue.done.add(message.sequence, message.sequence + 1);
        queue.newest = Math.max(queue.newest, message.sequence);
        if (queue.order == Frames.SEQUENCED) {
            InMessage older = queue.anyWaitingBelow(message.sequence);
            while (older != null) {
                discardWaiting(queue, older);
                older = queue.anyWaitingBelow(message.sequence);
            }
        }
        ready(message);
    }

    private void deliverInOrder(ReceiveQueue queue) {
        long sequence = queue.done.nextMissing(0);
        for (InMessage m = queue.waiting(sequence); m != null && m.whole; m = queue.waiting(sequence)) {
            queue.removeWaiting(sequence);
            queue.done.add(sequence, sequence + 1);
            ready(m);
            sequence = queue.done.nextMissing(sequence);
        }
    }

    private void ready(InMessage message) {
        message.next = null;
        if (lastReady == null) {
            firstReady = message;
        } else {
            lastReady.next = message;
        }
        lastReady = message;
    }

    private void discardWaiting(ReceiveQueue queue, InMessage message) {
        queue.removeWaiting(message.sequence);
        bufferedBytes -= held(message);
        message.content.release();
        long sequence = message.sequence;
        int total = message.total;
        recycle(message);
        passOver(queue, sequence, total);
    }

    private static long held(InMessage message) {
        if (message.whole) {
            return message.total;
        }
        long held = 0;
        for (int i = 0; i < message.received.size(); i++) {
            held += message.received.to(i) - message.received.from(i);
        }
        return held;
    }

    /** The number is done with, and what it was charged is credited. */
    private void passOver(ReceiveQueue queue, long sequence, int total) {
        queue.done.add(sequence, sequence + 1);
        credit(queue.channel, total);
    }

    private void credit(ReceiveChannel channel, int total) {
        grantDue |= bytes.read(total);
        grantDue |= messages.read(1);
        if (channel.window.read(total)) {
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
        if (queue.done.contains(sequence)) {
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

    private void onUnreliable(ReceiveQueue queue, DataFrame frame) {
        long sequence = frame.sequence();
        if (queue.order == Frames.UNRELIABLE_SEQUENCED && sequence <= queue.newest) {
            dropped++;
            return;
        }
        InMessage message = frame.isWhole() ? null : queue.waiting(sequence);
        if (message == null) {
            if (unreliableBytes + frame.total() > config.receiveWindowBytes()
                    || unreliableReady >= config.maxUnreadMessages()) {
                dropped++;
                return;
            }
            unreliableBytes += frame.total();
            message = newMessage(queue, sequence, frame.total());
            if (!frame.isWhole()) {
                makeRoom(queue, sequence);
                queue.addWaiting(message);
            }
        } else if (message.total != frame.total()) {
            dropped++;
            return;
        }
        if (take(message, frame)) {
            queue.removeWaiting(sequence);
            queue.newest = Math.max(queue.newest, sequence);
            unreliableReady++;
            ready(message);
        }
    }

    /** Drops unreliable messages that will hardly be completed any more. */
    private void makeRoom(ReceiveQueue queue, long sequence) {
        InMessage old = queue.waitingCount() < MAX_UNRELIABLE_PARTIAL ? null : queue.anyWaitingBelow(Long.MAX_VALUE);
        if (queue.order == Frames.UNRELIABLE_SEQUENCED) {
            InMessage older = queue.anyWaitingBelow(queue.newest);
            old = older == null ? old : older;
        } else {
            InMessage older = queue.anyWaitingBelow(sequence - MAX_UNRELIABLE_PARTIAL);
            old = older == null ? old : older;
        }
        if (old != null) {
            queue.removeWaiting(old.sequence);
            dropped++;
            discardUnreliable(old);
        }
    }

    private void discardUnreliable(InMessage message) {
        bufferedBytes -= held(message);
        unreliableBytes -= message.total;
        message.content.release();
        recycle(message);
    }

    private void recycle(InMessage message) {
        message.queue = null;
        message.content = Unpooled.EMPTY_BUFFER;
        if (pooled < MAX_POOLED) {
            pooled++;
            message.next = pool;
            pool = message;
        }
    }

    /** Whether there is a message to read. */
    public boolean hasReady() {
        return firstReady != null;
    }

    /**
     * Hands the next message over.
     *
     * @return whether there was one
     */
    public boolean poll(MessageSink sink) {
        InMessage message = firstReady;
        if (message == null || message.queue == null) {
            return false;
        }
        firstReady = message.next;
        lastReady = firstReady == null ? null : lastReady;
        ReceiveQueue queue = message.queue;
        ByteBuf content = message.content;
        int total = message.total;
        bufferedBytes -= total;
        readMessages++;
        readBytes += total;
        recycle(message);
        if (queue.order > Frames.SEQUENCED) {
            unreliableReady--;
            unreliableBytes -= total;
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
            long byteLimit = bytes.grant(nowNanos, rttNanos);
            Frames.writeMaxData(out, byteLimit, messages.grant(nowNanos, rttNanos));
            sent.note(NOTE_GRANT, null, 0, 0);
        }
        while (firstDue != null && end - out.writerIndex() >= MAX_GRANT_BYTES) {
            ReceiveChannel channel = firstDue;
            firstDue = channel.nextDue;
            channel.nextDue = null;
            channel.grantDue = false;
            Frames.writeMaxChannelData(out, channel.id, channel.window.grant(nowNanos, rttNanos));
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
        for (ReceiveChannel channel : channels.values()) {
            for (ReceiveQueue queue : channel.queues) {
                while (queue != null) {
                    InMessage message = queue.anyWaitingBelow(Long.MAX_VALUE);
                    if (message == null) {
                        break;
                    }
                    queue.removeWaiting(message.sequence);
                    bufferedBytes -= held(message);
                    message.content.release();
                }
            }
        }
        grantDue = false;
        firstDue = null;
    }

    /** Drops what is ready too. */
    public void discard() {
        while (poll((channel, mode, content) -> content.release())) {
            dropped++;
            readMessages--;
        }
    }

    /** Bytes of messages that were not read. */
    public long bufferedBytes() {
        return bufferedBytes;
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
        return dropped;
    }
}

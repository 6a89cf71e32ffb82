package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.internal.RangeSet;
import io.nettoolkit.udp.internal.wire.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way out. Taken from its {@link Outbox}, filled in, and written to it; used again once it is settled and
 * nothing refers to it any more.
 *
 * <p>Threading: confined to the connection's loop.
 */
public final class OutMessage implements Comparable<OutMessage> {

    /** Never given up. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    static final byte QUEUED = 0;
    static final byte BEGUN = 1;
    static final byte CANCELLED = 2;
    static final byte SETTLED = 3;

    ByteBuf content = Unpooled.EMPTY_BUFFER;
    int length;
    int channel;
    int order;
    int priority;
    long deadlineNanos;

    @Nullable
    Object token;

    byte state;
    long sequence;
    int sentUpTo;
    /** Parts sent that have to be sent again; in units of {@link #span}. */
    final RangeSet lost = new RangeSet();
    /** Parts the peer has. */
    final RangeSet acked = new RangeSet();
    /** How often parts were sent again since one of them was acknowledged, and when that began. */
    int repeats;

    long repeatedSinceNanos;
    /** Notes, lists and heaps that refer to it. */
    int references;

    boolean inQueue;
    boolean inRetransmit;
    boolean inCancels;

    @Nullable
    SendQueue queue;

    @Nullable
    OutMessage next;

    @Nullable
    OutMessage previous;

    @Nullable
    OutMessage nextOther;

    @Nullable
    OutMessage nextCancel;

    @Nullable
    OutMessage nextUnsettled;

    @Nullable
    OutMessage previousUnsettled;

    OutMessage() {}

    void begin(ByteBuf content) {
        this.content = content;
        length = content.readableBytes();
        channel = 0;
        order = Frames.ORDERED;
        priority = RudpMessage.DEFAULT_PRIORITY;
        deadlineNanos = NO_DEADLINE;
        repeats = 0;
        token = null;
        state = QUEUED;
        sequence = -1;
        sentUpTo = 0;
        lost.clear();
        acked.clear();
    }

    /** On this channel; default 0. */
    public OutMessage channel(int channel) {
        this.channel = channel;
        return this;
    }

    /** In this mode; default ordered. */
    public OutMessage mode(DeliveryMode mode) {
        order = switch (mode) {
            case RELIABLE_ORDERED, PARTIAL -> Frames.ORDERED;
            case RELIABLE_UNORDERED -> Frames.UNORDERED;
            case RELIABLE_SEQUENCED -> Frames.SEQUENCED;
            case UNRELIABLE -> Frames.UNRELIABLE;
            case UNRELIABLE_SEQUENCED -> Frames.UNRELIABLE_SEQUENCED;
        };
        return this;
    }

    /** With this priority, 0 to 7; default 4. */
    public OutMessage priority(int priority) {
        this.priority = priority;
        return this;
    }

    /** Given up at this moment, on the connection's clock. */
    public OutMessage deadlineNanos(long nanos) {
        deadlineNanos = nanos;
        return this;
    }

    /** What {@link Outcomes} will be told; null for nothing. */
    public OutMessage token(@Nullable Object token) {
        this.token = token;
        return this;
    }

    /** Moves the deadline to a clock that reads 0 at {@code originNanos}. */
    public void relativeTo(long originNanos) {
        if (deadlineNanos != NO_DEADLINE) {
            deadlineNanos -= originNanos;
        }
    }

    boolean isReliable() {
        return order <= Frames.SEQUENCED;
    }

    /** The length, but 1 for an empty message, so that even that has a part to be sent, lost and acknowledged. */
    int span() {
        return Math.max(1, length);
    }

    @Override
    public int compareTo(OutMessage other) {
        return Long.compare(deadlineNanos, other.deadlineNanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}

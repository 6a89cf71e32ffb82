package io.nettoolkit.udp;

import io.nettoolkit.core.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bytes with the way they travel: channel, {@link DeliveryMode}, priority and, where it may be given up, a deadline.
 *
 * <pre>{@code
 * channel.write(RudpMessage.of(position).withMode(DeliveryMode.UNRELIABLE_SEQUENCED).withChannel(3));
 * }</pre>
 *
 * <p>What is received carries channel and mode; its priority is the default and it has no deadline.
 *
 * <p><b>Threading.</b> Immutable, but its content is a buffer: one thread at a time.
 *
 * <p><b>Ownership.</b> Releasing the message releases the content. A copy made by {@code withX} shares the content and
 * its reference count: release one of them, once.
 */
public final class RudpMessage extends DefaultByteBufHolder {

    /** The priority of a message that was given none. */
    public static final int DEFAULT_PRIORITY = 4;

    /** The highest priority; 0 is the lowest. */
    public static final int HIGHEST_PRIORITY = 7;

    private final int channel;
    private final DeliveryMode mode;
    private final int priority;
    private final @Nullable Deadline deadline;

    private RudpMessage(ByteBuf content, int channel, DeliveryMode mode, int priority, @Nullable Deadline deadline) {
        super(content);
        this.channel = channel;
        this.mode = mode;
        this.priority = priority;
        this.deadline = deadline;
    }

    /** The content on channel 0, {@link DeliveryMode#RELIABLE_ORDERED}. Takes over the content. */
    public static RudpMessage of(ByteBuf content) {
        return new RudpMessage(content, 0, DeliveryMode.RELIABLE_ORDERED, DEFAULT_PRIORITY, null);
    }

    /**
     * On another channel. Messages of different channels do not wait for each other.
     *
     * @param channel 0 or more, less than {@link RudpConfig#maxChannels()} of the receiver
     */
    public RudpMessage withChannel(int channel) {
        if (channel < 0) {
            throw new IllegalArgumentException("channel: " + channel + " (must be 0 or more)");
        }
        return new RudpMessage(content(), channel, mode, priority, deadline);
    }

    /** Delivered in another way. */
    public RudpMessage withMode(DeliveryMode mode) {
        Objects.requireNonNull(mode, "mode: must not be null");
        return new RudpMessage(content(), channel, mode, priority, deadline);
    }

    /**
     * With another priority: while a message of a higher one can be sent, none of a lower one is. Within a channel and
     * mode messages keep the order they were written in, so the first of them speaks for those behind it.
     *
     * @param priority 0, the lowest, to 7, the highest; default 4
     */
    public RudpMessage withPriority(int priority) {
        if (priority < 0 || priority > HIGHEST_PRIORITY) {
            throw new IllegalArgumentException("priority: " + priority + " (must be 0 to 7)");
        }
        return new RudpMessage(content(), channel, mode, priority, deadline);
    }

    /**
     * Given up at the deadline unless it was acknowledged by then; makes the mode {@link DeliveryMode#PARTIAL}.
     *
     * @param deadline measured on the clock of the connection
     */
    public RudpMessage withDeadline(Deadline deadline) {
        Objects.requireNonNull(deadline, "deadline: must not be null");
        return new RudpMessage(content(), channel, DeliveryMode.PARTIAL, priority, deadline);
    }

    /** The channel within the connection. */
    public int channel() {
        return channel;
    }

    /** What is promised about the message. */
    public DeliveryMode mode() {
        return mode;
    }

    /** The priority, 0 to 7. */
    public int priority() {
        return priority;
    }

    /** When it is given up; null for never. */
    public @Nullable Deadline deadline() {
        return deadline;
    }

    @Override
    public RudpMessage replace(ByteBuf content) {
        return new RudpMessage(content, channel, mode, priority, deadline);
    }

    @Override
    public RudpMessage copy() {
        return (RudpMessage) super.copy();
    }

    @Override
    public RudpMessage duplicate() {
        return (RudpMessage) super.duplicate();
    }

    @Override
    public RudpMessage retainedDuplicate() {
        return (RudpMessage) super.retainedDuplicate();
    }

    @Override
    public RudpMessage retain() {
        super.retain();
        return this;
    }

    @Override
    public RudpMessage retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public RudpMessage touch() {
        super.touch();
        return this;
    }

    @Override
    public RudpMessage touch(@Nullable Object hint) {
        super.touch(hint);
        return this;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RudpMessage that
                && that.channel == channel
                && that.mode == mode
                && that.priority == priority
                && Objects.equals(that.deadline, deadline)
                && super.equals(other);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + channel;
    }

    @Override
    public String toString() {
        return "RudpMessage[channel=" + channel + ", mode=" + mode + ", priority=" + priority
                + (deadline == null ? "" : ", " + deadline) + ", content=" + contentToString() + "]";
    }
}

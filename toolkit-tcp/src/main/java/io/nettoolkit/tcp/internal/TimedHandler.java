package io.nettoolkit.tcp.internal;

import io.netty.channel.ChannelDuplexHandler;
import org.jspecify.annotations.Nullable;

/**
 * A channel handler that stands in the {@link DeadlineWheel} of its loop. The links are part of the handler, because a
 * node of its own would cost every idle connection another object.
 */
abstract class TimedHandler extends ChannelDuplexHandler {

    @Nullable
    TimedHandler previous;

    @Nullable
    TimedHandler next;

    int slot = DeadlineWheel.NOWHERE;
    long dueNanos;

    /**
     * The exact clock has reached the time asked for.
     *
     * @return when to be called again, or {@link DeadlineWheel#NEVER}
     */
    abstract long onDue(long nowNanos);
}

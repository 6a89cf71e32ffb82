package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** A channel's queues, one for each order, and its credit. */
final class SendChannel {

    private static final int ORDERS = 5;

    private final @Nullable SendQueue[] queues = new SendQueue[ORDERS];
    long maxBytes;
    long begunBytes;

    SendChannel(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    SendQueue queue(int order) {
        SendQueue queue = queues[order];
        if (queue == null) {
            queue = new SendQueue(this);
            queues[order] = queue;
        }
        return queue;
    }

    @Nullable
    SendQueue existing(int order) {
        return queues[order];
    }
}

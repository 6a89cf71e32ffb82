package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** A channel's queues, one for each order that was used, and its credit. */
final class SendChannel {

    private @Nullable SendQueue firstQueue;
    long maxBytes;
    long begunBytes;

    SendChannel(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    SendQueue queue(int order) {
        for (SendQueue queue = firstQueue; queue != null; queue = queue.nextOrder) {
            if (queue.order == order) {
                return queue;
            }
        }
        SendQueue queue = new SendQueue(this, order);
        queue.nextOrder = firstQueue;
        firstQueue = queue;
        return queue;
    }

    /** The others follow by {@link SendQueue#nextOrder}. */
    @Nullable
    SendQueue firstQueue() {
        return firstQueue;
    }
}

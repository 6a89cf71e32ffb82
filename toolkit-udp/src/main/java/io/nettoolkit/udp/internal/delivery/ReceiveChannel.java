package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** A channel's queues, one for each order that was used, and what it granted. */
final class ReceiveChannel {

    final int id;
    final ReceiveWindow window;
    private @Nullable ReceiveQueue firstQueue;
    boolean grantDue;

    @Nullable
    ReceiveChannel nextDue;

    ReceiveChannel(int id, ReceiveWindow window) {
        this.id = id;
        this.window = window;
    }

    ReceiveQueue queue(int order) {
        for (ReceiveQueue queue = firstQueue; queue != null; queue = queue.nextOrder) {
            if (queue.order == order) {
                return queue;
            }
        }
        ReceiveQueue queue = new ReceiveQueue(this, order);
        queue.nextOrder = firstQueue;
        firstQueue = queue;
        return queue;
    }

    /** The others follow by {@link ReceiveQueue#nextOrder}. */
    @Nullable
    ReceiveQueue firstQueue() {
        return firstQueue;
    }

    void rest() {
        for (ReceiveQueue queue = firstQueue; queue != null; queue = queue.nextOrder) {
            queue.rest();
        }
    }
}

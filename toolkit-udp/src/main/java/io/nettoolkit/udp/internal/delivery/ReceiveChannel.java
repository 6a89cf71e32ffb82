package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** A channel's queues, one for each order, and what it granted. */
final class ReceiveChannel {

    private static final int ORDERS = 5;

    final int id;
    final ReceiveWindow window;
    final @Nullable ReceiveQueue[] queues = new ReceiveQueue[ORDERS];
    boolean grantDue;

    @Nullable
    ReceiveChannel nextDue;

    ReceiveChannel(int id, ReceiveWindow window) {
        this.id = id;
        this.window = window;
    }

    ReceiveQueue queue(int order) {
        ReceiveQueue queue = queues[order];
        if (queue == null) {
            queue = new ReceiveQueue(this, order);
            queues[order] = queue;
        }
        return queue;
    }
}

package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;

/**
 * How messages on their way out end: the peer has them, they are given up, or the connection ends. Each token is told
 * once.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class Settlement {

    private final Outbox outbox;
    private final SendSchedule schedule;
    private final MessageStock stock;
    private final CancelQueue cancels;

    Settlement(Outbox outbox, SendSchedule schedule, MessageStock stock, CancelQueue cancels) {
        this.outbox = outbox;
        this.schedule = schedule;
        this.stock = stock;
        this.cancels = cancels;
    }

    /** The last byte left for the first time; of an unreliable message that is the end. */
    void onSent(OutMessage m) {
        Object token = m.token;
        if (token != null) {
            outbox.outcomes().onSent(token);
        }
        if (!m.isReliable()) {
            settle(m);
        }
    }

    /** The peer has all of it. */
    void acknowledge(OutMessage m) {
        outbox.onAcknowledged();
        Object token = m.token;
        settle(m);
        if (token != null) {
            outbox.outcomes().onAcknowledged(token);
        }
    }

    /** Gives it up, wherever it is; one that is begun remains until the peer was told. */
    void cancel(OutMessage m, Drop reason) {
        SendQueue queue = m.queue;
        if (m.inQueue && queue != null) {
            queue.remove(m);
            schedule.update(queue);
        }
        outbox.onDropped();
        stock.onUnqueued(m.length - m.sentUpTo);
        Object token = m.token;
        m.token = null;
        if (m.state == OutMessage.BEGUN && !outbox.isClosed()) {
            m.state = OutMessage.CANCELLED;
            m.lost.clear();
            stock.discardContent(m);
            cancels.add(m);
        } else {
            settle(m);
        }
        if (token != null) {
            outbox.outcomes().onDropped(token, reason);
        }
    }

    /** It was never taken in. */
    void refuse(OutMessage m) {
        stock.releaseContent(m);
        m.state = OutMessage.SETTLED;
        if (m.token != null) {
            outbox.outcomes().onDropped(m.token, Drop.CLOSED);
        }
        stock.recycle(m);
    }

    /** Nothing more is to be done about it. */
    void settle(OutMessage m) {
        SendQueue queue = m.queue;
        if (m.isReliable() && m.sequence >= 0 && queue != null) {
            queue.settle(m);
        }
        if (m.state != OutMessage.CANCELLED) {
            stock.discardContent(m);
        }
        stock.onSettled();
        m.state = OutMessage.SETTLED;
        m.token = null;
        stock.recycle(m);
    }

    /** Ends every message of the queue. */
    void drain(SendQueue queue) {
        while (queue.head != null) {
            cancel(queue.head, Drop.CLOSED);
        }
        for (OutMessage m = queue.firstUnsettled; m != null; m = queue.firstUnsettled) {
            if (m.state == OutMessage.CANCELLED) {
                settle(m);
            } else {
                cancel(m, Drop.CLOSED);
            }
        }
    }
}

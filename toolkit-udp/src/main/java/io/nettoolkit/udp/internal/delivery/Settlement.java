package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.delivery.Outcomes.Drop;

/**
 * How messages on their way out end: the peer has them, they are given up, or the connection ends. Each token is told
 * once.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class Settlement {

    private final Outcomes outcomes;
    private final SendSchedule schedule;
    private final MessageStock stock;
    private final CancelQueue cancels;
    private boolean closed;
    private long acknowledged;
    private long dropped;

    Settlement(Outcomes outcomes, SendSchedule schedule, MessageStock stock, CancelQueue cancels) {
        this.outcomes = outcomes;
        this.schedule = schedule;
        this.stock = stock;
        this.cancels = cancels;
    }

    /** The last byte left for the first time; of an unreliable message that is the end. */
    void onSent(OutMessage m) {
        Object token = m.token;
        if (token != null) {
            outcomes.onSent(token);
        }
        if (!m.isReliable()) {
            settle(m);
        }
    }

    /** The peer has all of it. */
    void acknowledge(OutMessage m) {
        acknowledged++;
        Object token = m.token;
        settle(m);
        if (token != null) {
            outcomes.onAcknowledged(token);
        }
    }

    /** Gives it up, wherever it is; one that is begun remains until the peer was told. */
    void cancel(OutMessage m, Drop reason) {
        SendQueue queue = m.queue;
        if (m.inQueue && queue != null) {
            queue.remove(m);
            schedule.update(queue);
        }
        dropped++;
        stock.onUnqueued(m.length - m.sentUpTo);
        Object token = m.token;
        m.token = null;
        if (m.state == OutMessage.BEGUN && !closed) {
            m.state = OutMessage.CANCELLED;
            m.lost.clear();
            stock.discardContent(m);
            cancels.add(m);
        } else {
            settle(m);
        }
        if (token != null) {
            outcomes.onDropped(token, reason);
        }
    }

    /** It was never taken in. */
    void refuse(OutMessage m) {
        stock.releaseContent(m);
        m.state = OutMessage.SETTLED;
        if (m.token != null) {
            outcomes.onDropped(m.token, Drop.CLOSED);
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

    /** The connection has ended: the peer is told nothing more. */
    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
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

    long acknowledged() {
        return acknowledged;
    }

    long dropped() {
        return dropped;
    }
}

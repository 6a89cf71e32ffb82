package io.nettoolkit.udp.internal.delivery;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * What an outbox has while messages are under way: made with the first of them, dropped when nothing has been for a while.
 * Numbers and credit are not in it; they outlive every message.
 */
final class Backlog {

    final PartWriter parts = new PartWriter();
    final SendSchedule schedule = new SendSchedule();
    final MessageStock stock = new MessageStock();
    final CancelQueue cancels = new CancelQueue();
    final Settlement settlement;

    /** Messages with a deadline, the soonest first; null before the first of them. */
    @Nullable
    PriorityQueue<OutMessage> expiring;

    Backlog(Outbox outbox) {
        settlement = new Settlement(outbox, schedule, stock, cancels);
    }
}

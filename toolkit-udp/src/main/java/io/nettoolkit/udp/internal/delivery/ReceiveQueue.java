package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.RangeSet;
import io.netty.util.collection.LongObjectHashMap;
import org.jspecify.annotations.Nullable;

/** What came of one channel and order: which numbers are done with, which messages are incomplete or wait their turn. */
final class ReceiveQueue {

    final ReceiveChannel channel;
    final int order;
    /** Numbers that were handed over, cancelled or passed over; unused where nothing is repeated. */
    final RangeSet done = new RangeSet();

    @Nullable
    ReceiveQueue nextOrder;

    private @Nullable LongObjectHashMap<InMessage> waiting;
    /** The newest number handed over; -1 before the first. */
    long newest = -1;

    ReceiveQueue(ReceiveChannel channel, int order) {
        this.channel = channel;
        this.order = order;
    }

    @Nullable
    InMessage waiting(long sequence) {
        return waiting == null ? null : waiting.get(sequence);
    }

    void addWaiting(InMessage message) {
        if (waiting == null) {
            waiting = new LongObjectHashMap<>(8);
        }
        waiting.put(message.sequence, message);
    }

    void removeWaiting(long sequence) {
        if (waiting != null) {
            waiting.remove(sequence);
        }
    }

    void trim() {
        done.trim();
        if (waitingCount() == 0) {
            waiting = null;
        }
    }

    int waitingCount() {
        return waiting == null ? 0 : waiting.size();
    }

    /** Any message that waits with a number below this one; null for none. */
    @Nullable
    InMessage anyWaitingBelow(long sequence) {
        if (waiting != null && !waiting.isEmpty()) {
            for (InMessage message : waiting.values()) {
                if (message.sequence < sequence) {
                    return message;
                }
            }
        }
        return null;
    }
}

package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.RangeSet;
import io.netty.util.collection.LongObjectHashMap;
import org.jspecify.annotations.Nullable;

/** What came of one channel and order: which numbers are done with, which messages are incomplete or wait their turn. */
final class ReceiveQueue {

    final ReceiveChannel channel;
    final int order;

    @Nullable
    ReceiveQueue nextOrder;

    // Numbers that were handed over, cancelled or passed over: all below this one, and those behind a gap. Unused where
    // nothing is repeated.
    private long firstMissing;
    private @Nullable RangeSet doneBehind;

    private @Nullable LongObjectHashMap<InMessage> waiting;
    /** The newest number handed over; -1 before the first. */
    long newest = -1;

    ReceiveQueue(ReceiveChannel channel, int order) {
        this.channel = channel;
        this.order = order;
    }

    boolean isDone(long sequence) {
        return sequence < firstMissing || (doneBehind != null && doneBehind.contains(sequence));
    }

    /** The lowest number that is not done with. */
    long firstMissing() {
        return firstMissing;
    }

    /** The number is done with, which it was not. */
    void setDone(long sequence) {
        RangeSet behind = doneBehind;
        if (sequence != firstMissing) {
            if (behind == null) {
                behind = new RangeSet();
                doneBehind = behind;
            }
            behind.add(sequence, sequence + 1);
        } else if (behind == null || behind.isEmpty()) {
            firstMissing++;
        } else {
            firstMissing = behind.nextMissing(sequence + 1);
            behind.remove(0, firstMissing);
        }
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

    /** Lets go of what is needed only where there is a gap. */
    void rest() {
        if (doneBehind != null && doneBehind.isEmpty()) {
            doneBehind = null;
        }
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

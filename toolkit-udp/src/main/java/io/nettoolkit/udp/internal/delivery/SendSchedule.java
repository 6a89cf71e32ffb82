package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.RudpMessage;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is: for each priority the messages with lost parts, first come first served, then the queues with new
 * ones, in turn.
 */
final class SendSchedule {

    static final int LEVELS = RudpMessage.HIGHEST_PRIORITY + 1;

    private final @Nullable OutMessage[] firstLost = new OutMessage[LEVELS];
    private final @Nullable OutMessage[] lastLost = new OutMessage[LEVELS];
    private final @Nullable SendQueue[] turns = new SendQueue[LEVELS];

    /** The message whose lost parts go next; null for none. */
    @Nullable
    OutMessage lost(int level) {
        return firstLost[level];
    }

    void addLost(OutMessage message) {
        if (message.inRetransmit) {
            return;
        }
        message.inRetransmit = true;
        message.references++;
        message.nextOther = null;
        OutMessage last = lastLost[message.priority];
        if (last == null) {
            firstLost[message.priority] = message;
        } else {
            last.nextOther = message;
        }
        lastLost[message.priority] = message;
    }

    /** Takes out what {@link #lost} gave. The caller gives the reference back. */
    void removeLost(OutMessage message) {
        OutMessage following = message.nextOther;
        firstLost[message.priority] = following;
        if (following == null) {
            lastLost[message.priority] = null;
        }
        message.nextOther = null;
        message.inRetransmit = false;
    }

    /** The queue whose turn it is; null for none. */
    @Nullable
    SendQueue turn(int level) {
        return turns[level];
    }

    /** Passes the turn on. */
    void pass(int level) {
        SendQueue turn = turns[level];
        if (turn != null) {
            turns[level] = turn.nextActive;
        }
    }

    /** Takes the queue in, out, or to another level, as its head demands. */
    void update(SendQueue queue) {
        OutMessage head = queue.head;
        if (queue.nextActive != null && (head == null || head.priority != queue.level)) {
            leave(queue);
        }
        if (queue.nextActive == null && head != null) {
            join(queue, head.priority);
        }
    }

    private void join(SendQueue queue, int level) {
        queue.level = level;
        SendQueue turn = turns[level];
        if (turn == null) {
            queue.nextActive = queue;
            queue.previousActive = queue;
            turns[level] = queue;
            return;
        }
        // Behind everybody else: just before the one whose turn it is.
        SendQueue last = turn.previousActive == null ? turn : turn.previousActive;
        queue.nextActive = turn;
        queue.previousActive = last;
        last.nextActive = queue;
        turn.previousActive = queue;
    }

    private void leave(SendQueue queue) {
        SendQueue after = queue.nextActive;
        SendQueue before = queue.previousActive;
        if (after == null || before == null || after == queue) {
            turns[queue.level] = null;
        } else {
            before.nextActive = after;
            after.previousActive = before;
            if (turns[queue.level] == queue) {
                turns[queue.level] = after;
            }
        }
        queue.nextActive = null;
        queue.previousActive = null;
    }
}

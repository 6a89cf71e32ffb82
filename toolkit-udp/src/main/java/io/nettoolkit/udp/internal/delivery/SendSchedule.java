package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is: for each priority the messages with lost parts, first come first served, then the queues with new
 * ones, in turn.
 */
final class SendSchedule {

    /** The levels that were used, highest first. */
    private @Nullable Level highest;

    /** What is to be sent with one priority. */
    static final class Level {
        private final int priority;

        @Nullable
        Level lower;

        /** The message whose lost parts go next. */
        @Nullable
        OutMessage firstLost;

        @Nullable
        private OutMessage lastLost;

        /** The queue whose turn it is. */
        @Nullable
        SendQueue turn;

        Level(int priority, @Nullable Level lower) {
            this.priority = priority;
            this.lower = lower;
        }

        /** Passes the turn on. */
        void pass() {
            if (turn != null) {
                turn = turn.nextActive;
            }
        }
    }

    /** The highest level; the others follow by {@link Level#lower}. Null for none. */
    @Nullable
    Level highest() {
        return highest;
    }

    private Level level(int priority) {
        Level above = null;
        Level level = highest;
        while (level != null && level.priority > priority) {
            above = level;
            level = level.lower;
        }
        if (level != null && level.priority == priority) {
            return level;
        }
        Level added = new Level(priority, level);
        if (above == null) {
            highest = added;
        } else {
            above.lower = added;
        }
        return added;
    }

    void addLost(OutMessage message) {
        if (message.inRetransmit) {
            return;
        }
        message.inRetransmit = true;
        message.references++;
        message.nextOther = null;
        Level level = level(message.priority);
        if (level.lastLost == null) {
            level.firstLost = message;
        } else {
            level.lastLost.nextOther = message;
        }
        level.lastLost = message;
    }

    /** Takes out the first of its level's. The caller gives the reference back. */
    void removeLost(OutMessage message) {
        OutMessage following = message.nextOther;
        Level level = level(message.priority);
        level.firstLost = following;
        if (following == null) {
            level.lastLost = null;
        }
        message.nextOther = null;
        message.inRetransmit = false;
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

    private void join(SendQueue queue, int priority) {
        queue.level = priority;
        Level level = level(priority);
        SendQueue turn = level.turn;
        if (turn == null) {
            queue.nextActive = queue;
            queue.previousActive = queue;
            level.turn = queue;
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
            level(queue.level).turn = null;
        } else {
            before.nextActive = after;
            after.previousActive = before;
            Level level = level(queue.level);
            if (level.turn == queue) {
                level.turn = after;
            }
        }
        queue.nextActive = null;
        queue.previousActive = null;
    }
}

package io.nettoolkit.udp.internal.delivery;

import org.jspecify.annotations.Nullable;

/** The messages of one channel and order that wait to be sent, and those begun that are not settled. */
final class SendQueue {

    final SendChannel channel;
    final int order;

    @Nullable
    SendQueue nextOrder;

    @Nullable
    OutMessage head;

    @Nullable
    OutMessage tail;

    @Nullable
    OutMessage firstUnsettled;

    @Nullable
    OutMessage lastUnsettled;

    long nextSequence;

    /** The ring of queues with the same priority; null while the queue is empty. */
    @Nullable
    SendQueue nextActive;

    @Nullable
    SendQueue previousActive;

    int level;

    SendQueue(SendChannel channel, int order) {
        this.channel = channel;
        this.order = order;
    }

    void append(OutMessage message) {
        message.inQueue = true;
        message.queue = this;
        message.next = null;
        message.previous = tail;
        if (tail == null) {
            head = message;
        } else {
            tail.next = message;
        }
        tail = message;
    }

    void remove(OutMessage message) {
        OutMessage before = message.previous;
        OutMessage after = message.next;
        if (before == null) {
            head = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            tail = before;
        } else {
            after.previous = before;
        }
        message.inQueue = false;
        message.next = null;
        message.previous = null;
    }

    /** The message is begun: it gets its number. */
    void begin(OutMessage message) {
        message.sequence = nextSequence++;
        message.state = OutMessage.BEGUN;
        message.previousUnsettled = lastUnsettled;
        message.nextUnsettled = null;
        if (lastUnsettled == null) {
            firstUnsettled = message;
        } else {
            lastUnsettled.nextUnsettled = message;
        }
        lastUnsettled = message;
    }

    void settle(OutMessage message) {
        OutMessage before = message.previousUnsettled;
        OutMessage after = message.nextUnsettled;
        if (before == null) {
            firstUnsettled = after;
        } else {
            before.nextUnsettled = after;
        }
        if (after == null) {
            lastUnsettled = before;
        } else {
            after.previousUnsettled = before;
        }
        message.nextUnsettled = null;
        message.previousUnsettled = null;
    }

    /** How many numbers lie between the oldest begun message that is not settled and the next one. */
    long spread() {
        return firstUnsettled == null ? 0 : nextSequence - firstUnsettled.sequence;
    }
}

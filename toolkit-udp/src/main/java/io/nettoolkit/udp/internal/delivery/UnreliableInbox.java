package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.internal.wire.DataFrame;
import io.nettoolkit.udp.internal.wire.Frames;

/**
 * Messages that are sent once, on their way in. Nobody grants credit for them, so they are dropped where they would
 * exceed the caps: the first receive window in bytes, and in number what may go unread.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class UnreliableInbox {

    private static final int MAX_PARTIAL = 16;

    private final long maxBytes;
    private final int maxReady;
    private long bytes;
    private int ready;
    private long dropped;

    UnreliableInbox(RudpConfig config) {
        maxBytes = config.receiveWindowBytes();
        maxReady = config.maxUnreadMessages();
    }

    void onData(Reassembly reassembly, ReceiveQueue queue, DataFrame frame) {
        long sequence = frame.sequence();
        if (queue.order == Frames.UNRELIABLE_SEQUENCED && sequence <= queue.newest) {
            dropped++;
            return;
        }
        InMessage message = queue.waiting(sequence);
        if (message == null) {
            if (bytes + frame.total() > maxBytes || ready >= maxReady) {
                dropped++;
                return;
            }
            bytes += frame.total();
            message = reassembly.begin(queue, sequence, frame.total());
            if (!frame.isWhole()) {
                makeRoom(reassembly, queue, sequence);
                queue.addWaiting(message);
            }
        } else if (message.total != frame.total()) {
            dropped++;
            return;
        }
        if (reassembly.take(message, frame)) {
            queue.removeWaiting(sequence);
            queue.newest = Math.max(queue.newest, sequence);
            ready++;
            reassembly.ready(message);
        }
    }

    /** Drops a message that will hardly be completed any more. */
    private void makeRoom(Reassembly reassembly, ReceiveQueue queue, long sequence) {
        InMessage old = queue.waitingCount() < MAX_PARTIAL ? null : queue.anyWaitingBelow(Long.MAX_VALUE);
        long late = queue.order == Frames.UNRELIABLE_SEQUENCED ? queue.newest : sequence - MAX_PARTIAL;
        InMessage older = queue.anyWaitingBelow(late);
        old = older == null ? old : older;
        if (old != null) {
            queue.removeWaiting(old.sequence);
            dropped++;
            bytes -= old.total;
            reassembly.drop(old);
        }
    }

    /** One is read. */
    void onRead(int total) {
        ready--;
        bytes -= total;
    }

    long dropped() {
        return dropped;
    }
}

package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.TimeSource;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of one server or client on one loop share: buffers, the wheel of their deadlines, counters, and
 * the list of themselves.
 *
 * <p>Threading: confined to the loop, but for the counters, which have this loop as their only writer and may be read
 * from anywhere.
 */
final class LoopShard {

    final EventLoop loop;
    final LoopBuffers buffers;
    final DeadlineWheel wheel;
    final LoopReceive receive;

    private final AtomicLong opened = new AtomicLong();
    private final AtomicLong closed = new AtomicLong();
    private final AtomicLong framesIn = new AtomicLong();
    private final AtomicLong framesOut = new AtomicLong();
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();
    private final Runnable onLeft;
    private @Nullable FramedConnection first;

    LoopShard(EventLoop loop, ByteBufAllocator allocator, TimeSource time, Runnable onLeft) {
        this.loop = loop;
        this.onLeft = onLeft;
        buffers = new LoopBuffers(allocator);
        wheel = new DeadlineWheel(loop, time);
        receive = new LoopReceive(buffers);
    }

    void add(FramedConnection connection) {
        buffers.use();
        connection.nextSibling = first;
        if (first != null) {
            first.previousSibling = connection;
        }
        first = connection;
    }

    void remove(FramedConnection connection) {
        FramedConnection next = connection.nextSibling;
        FramedConnection previous = connection.previousSibling;
        if (next != null) {
            next.previousSibling = previous;
        }
        if (previous != null) {
            previous.nextSibling = next;
        } else {
            first = next;
        }
        connection.nextSibling = null;
        connection.previousSibling = null;
        wheel.disarm(connection);
        buffers.leave();
    }

    /** The last word about a connection that was removed before. */
    void left() {
        onLeft.run();
    }

    /** Calls the action for each connection; the action may end the connection it is given. */
    void forEach(Consumer<FramedConnection> action) {
        for (FramedConnection connection = first; connection != null; ) {
            FramedConnection next = connection.nextSibling;
            action.accept(connection);
            connection = next;
        }
    }

    void countOpened() {
        add(opened, 1);
    }

    void countClosed() {
        add(closed, 1);
    }

    void countIn(long frames, long bytes) {
        add(framesIn, frames);
        add(bytesIn, bytes);
    }

    void countOut(long frames, long bytes) {
        add(framesOut, frames);
        add(bytesOut, bytes);
    }

    /** The loop is the only writer, so an opaque write of the sum is enough. */
    private static void add(AtomicLong counter, long count) {
        counter.setOpaque(counter.getPlain() + count);
    }

    /** The counters at one moment; closed is read before opened, so that their difference is never negative. */
    Counts counts() {
        long gone = closed.getOpaque();
        return new Counts(
                opened.getOpaque(),
                gone,
                framesIn.getOpaque(),
                framesOut.getOpaque(),
                bytesIn.getOpaque(),
                bytesOut.getOpaque());
    }

    /** What one loop, or all loops together, have counted. */
    public record Counts(long opened, long closed, long framesIn, long framesOut, long bytesIn, long bytesOut) {

        static final Counts ZERO = new Counts(0, 0, 0, 0, 0, 0);

        Counts plus(Counts other) {
            return new Counts(
                    opened + other.opened,
                    closed + other.closed,
                    framesIn + other.framesIn,
                    framesOut + other.framesOut,
                    bytesIn + other.bytesIn,
                    bytesOut + other.bytesOut);
        }
    }
}

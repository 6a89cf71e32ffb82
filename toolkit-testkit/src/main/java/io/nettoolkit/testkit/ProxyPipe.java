package io.nettoolkit.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a proxied connection: a queue between two sockets, with faults. Confined to the event loop that both
 * share.
 *
 * <p>Everything that may let the next bytes through (bytes came in, a write ended, a timer fired, the faults changed)
 * ends in {@link #pump()}, which looks at the state and does the one next thing. At most one write is under way.
 */
final class ProxyPipe {

    /** What is taken in while it cannot go out yet; beyond it the sender is pushed back by its own window. */
    private static final int MAX_QUEUED_BYTES = 4 * 1024 * 1024;

    /** Bytes and when they came in; without bytes it is the end of the stream. */
    private record Chunk(ByteBuf bytes, long arrivedNanos) {}

    private final ProxyLink link;
    private final SocketChannel source;
    private final SocketChannel sink;
    private final FaultProxy.Faults faults;
    private final Deque<Chunk> queue = new ArrayDeque<>();

    private int queuedBytes;
    private long forwardedBytes;
    private long nextDripNanos;
    private boolean reading;
    private boolean writing;
    private boolean sourceEnded;
    private boolean sinkEnded;
    private @Nullable Future<?> timer;

    ProxyPipe(ProxyLink link, SocketChannel source, SocketChannel sink, FaultProxy.Faults faults) {
        this.link = link;
        this.source = source;
        this.sink = sink;
        this.faults = faults;
    }

    void onBytes(ByteBuf bytes) {
        faults.onReceived(bytes.readableBytes());
        if (sinkEnded) {
            bytes.release();
            return;
        }
        queuedBytes += bytes.readableBytes();
        queue.add(new Chunk(bytes, now()));
    }

    void onReadComplete() {
        reading = false;
        pump();
    }

    void onEndOfStream() {
        sourceEnded = true;
        if (!sinkEnded) {
            queue.add(new Chunk(Unpooled.EMPTY_BUFFER, now()));
        }
        pump();
    }

    /** Both ends have been told that the stream is over, so that nothing is left to do here. */
    boolean isFinished() {
        return sourceEnded && sinkEnded;
    }

    void pump() {
        FaultPlan plan = faults.plan();
        if (!link.isConnected() || (plan.stalled() && !sinkEnded)) {
            return;
        }
        if (!sinkEnded && plan.isCutAt(forwardedBytes) && (plan.cut() == FaultPlan.Cut.RESET || !writing)) {
            link.cut(this, plan.cut());
            return;
        }
        Chunk head = queue.peek();
        if (head != null && !writing) {
            long wait = dueNanos(head, plan) - now();
            if (wait > 0) {
                pumpAfter(wait);
            } else {
                forward(head, plan);
            }
        }
        if (isFinished()) {
            link.onPipeFinished();
        } else if (!reading && !sourceEnded && queuedBytes < MAX_QUEUED_BYTES) {
            reading = true;
            source.read();
        }
    }

    /** Gives the receiver its end of stream now; what comes in from here on is thrown away. */
    void endSink() {
        if (!sinkEnded) {
            drop();
            sink.shutdownOutput();
            pump();
        }
    }

    /** Throws away what is queued and forwards nothing any more. */
    void drop() {
        sinkEnded = true;
        queuedBytes = 0;
        for (Chunk chunk = queue.poll(); chunk != null; chunk = queue.poll()) {
            chunk.bytes().release();
        }
        cancelTimer();
    }

    private long dueNanos(Chunk chunk, FaultPlan plan) {
        long due = chunk.arrivedNanos() + plan.delayNanos();
        return plan.dripBytes() > 0 ? Math.max(due, nextDripNanos) : due;
    }

    private void forward(Chunk head, FaultPlan plan) {
        ByteBuf bytes = head.bytes();
        if (!bytes.isReadable()) {
            endSink();
            return;
        }
        int length = plan.limit(bytes.readableBytes(), forwardedBytes);
        ByteBuf part = corrupted(bytes.readRetainedSlice(length), plan.corruptAt() - forwardedBytes);
        queuedBytes -= length;
        if (!bytes.isReadable()) {
            queue.remove();
            bytes.release();
        }
        nextDripNanos = now() + plan.dripNanos();
        writing = true;
        sink.writeAndFlush(part).addListener((ChannelFuture written) -> onWritten(written, length));
    }

    private static ByteBuf corrupted(ByteBuf part, long offset) {
        if (offset < 0 || offset >= part.readableBytes()) {
            return part;
        }
        ByteBuf copy = part.copy();
        part.release();
        int index = copy.readerIndex() + (int) offset;
        return copy.setByte(index, ~copy.getByte(index));
    }

    private void onWritten(ChannelFuture written, int length) {
        writing = false;
        if (written.isSuccess()) {
            forwardedBytes += length;
            faults.onForwarded(length);
            pump();
        } else if (!sinkEnded) {
            link.reset();
        }
    }

    private void pumpAfter(long nanos) {
        cancelTimer();
        timer = source.eventLoop().schedule(this::pump, nanos, TimeUnit.NANOSECONDS);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private long now() {
        return source.eventLoop().ticker().nanoTime();
    }
}

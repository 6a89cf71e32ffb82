package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/*
 * The inbound half of a connection: from bytes to calls of the user's handler, and when not to.
 *
 * Pausing. Two may stop the intake, each for itself: the user, and on servers the outbound queue when it is more than
 * half full. A pause takes effect between two frames: what was read already stays in the reader, what was not stays in
 * the kernel. When both agree again, the kept frames come first.
 *
 * Invariants.
 *  - Frames are delivered in the order they came, one at a time, and only while the connection is open.
 *  - A frame is lent to the handler; whoever retained it owns it, everybody else has lost it after the call.
 */

/**
 * Decodes, delivers, pauses.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class FrameIntake implements FrameSink {

    private final FramedConnection connection;
    private final ConnectionDeadlines deadlines;
    private final FrameReader reader;
    private int frames;
    private boolean pausedByUser;
    private boolean pausedByQueue;
    private boolean resumeAfterBurst;

    FrameIntake(FramedConnection connection, ConnectionDeadlines deadlines, FrameFormat format) {
        this.connection = connection;
        this.deadlines = deadlines;
        reader = new FrameReader(format);
    }

    /** Takes bytes of the peer's and delivers the frames they complete. Releases them. */
    void read(ByteBuf in) {
        int bytes = in.readableBytes();
        frames = 0;
        try {
            resumeBeforeRead(in);
            reader.read(in, connection.shard().buffers.allocator(), this);
        } catch (Throwable unreadable) {
            connection.unreadable(unreadable);
        }
        decoded(bytes);
    }

    /** io_uring runs tasks between the reads of a burst, so a resume may have come since the last one. */
    private void resumeBeforeRead(ByteBuf in) throws Exception {
        if (!resumeAfterBurst) {
            return;
        }
        resumeAfterBurst = false;
        try {
            reader.resume(connection.shard().buffers.allocator(), this);
        } catch (Throwable unreadable) {
            in.release();
            throw unreadable;
        }
    }

    /** Delivers what was kept while the intake paused. */
    private void readKept() {
        frames = 0;
        connection.sends().beginBurst();
        try {
            reader.resume(connection.shard().buffers.allocator(), this);
        } catch (Throwable unreadable) {
            connection.unreadable(unreadable);
        }
        decoded(0);
        connection.endBurst();
    }

    private void decoded(int bytes) {
        connection.shard().countIn(frames, bytes);
        if (deadlines.decoded(
                frames > 0, reader.hasPartial(), connection.settings().time.coarseNanos())) {
            connection.armDeadlines();
        }
    }

    @Override
    public boolean wantsFrames() {
        checkQueue();
        return !pausedByUser && !pausedByQueue && connection.isOpen();
    }

    @Override
    public void onFrame(ByteBuf in, int index, int length) {
        frames++;
        LoopBuffers buffers = connection.shard().buffers;
        FrameView view = buffers.takeView();
        Throwable thrown = null;
        try {
            connection.settings().handler.onFrame(connection, view.lend(in, index, length));
        } catch (Throwable failure) {
            thrown = failure;
        }
        if (view.refCnt() == 0) {
            thrown = releasedTooOften(thrown);
        } else if (view.takeBack()) {
            buffers.giveBack(view);
        }
        if (thrown != null) {
            connection.handlerThrew("onFrame", thrown);
        }
    }

    private static IllegalStateException releasedTooOften(@Nullable Throwable thrown) {
        return new IllegalStateException(
                "the handler released a frame it does not own: a frame is valid during the call; retain() it where it"
                        + " is handed on to something that releases it",
                thrown);
    }

    void pauseByUser() {
        pausedByUser = true;
        apply();
    }

    void resumeByUser() {
        pausedByUser = false;
        apply();
    }

    /** Pauses where the outbound queue is more than half full, which only servers do. */
    void checkQueue() {
        if (connection.settings().pausesWhenQueueFills
                && !pausedByQueue
                && !connection.sends().isWritable()) {
            pausedByQueue = true;
            apply();
        }
    }

    /** The outbound queue has drained to a quarter. */
    void resumeByQueue() {
        if (pausedByQueue) {
            pausedByQueue = false;
            apply();
        }
    }

    boolean isPausedByQueue() {
        return pausedByQueue;
    }

    boolean isPaused() {
        return pausedByUser || pausedByQueue;
    }

    private void apply() {
        boolean paused = isPaused();
        deadlines.readsPaused(paused, connection.settings().time.coarseNanos());
        connection.channel().config().setAutoRead(!paused);
        if (paused || !connection.isOpen()) {
            return;
        }
        connection.armDeadlines();
        if (connection.sends().inBurst()) {
            // The reader may be at work further up this very stack.
            resumeAfterBurst = true;
        } else {
            readKept();
        }
    }

    /** The burst is over: now what a resume in the middle of it asked for. */
    void burstEnded() {
        if (resumeAfterBurst) {
            resumeAfterBurst = false;
            readKept();
        }
    }

    /** Before a graceful stop: frames that were read and wait only for the queue are delivered all the same. */
    void deliverForDrain() {
        if (pausedByQueue && !pausedByUser) {
            pausedByQueue = false;
            readKept();
        }
    }

    /** Whether the stream, ending now, would end inside a frame; a paused intake cannot tell. */
    boolean endsInsideFrame() {
        return reader.hasPartial() && !isPaused();
    }

    /** Bytes that were read and not delivered. */
    int keptBytes() {
        return reader.partialBytes();
    }

    /** What those bytes look like, for a message about them; empty where there are none. */
    String describeKept() {
        return reader.describePartial();
    }

    void close() {
        reader.close();
    }
}

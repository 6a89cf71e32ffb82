package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetFailure.Kind;
import org.jspecify.annotations.Nullable;

/**
 * When one connection has taken too long: a pure function of what happened to it and of the time.
 *
 * <p>Starts are stamped with the coarse clock, which costs nothing; what that may lag is added to the deadline, so that
 * nothing expires early. While the connection does not read, nothing the peer does or does not do can be held against
 * it: the read deadlines stand still.
 *
 * <p>Threading: confined to the loop.
 */
final class ConnectionDeadlines {

    /** A write stall is looked for this many times within its timeout, so it is noticed that much late at worst. */
    private static final int STALL_CHECKS = 4;

    /** A peer that goes on sending is waited for this many linger timeouts in all. */
    private static final int LINGER_LIMIT = 10;

    private final ConnectionSettings settings;

    private boolean awaitsFirstFrame;
    private boolean inFrame;
    private boolean readsPaused;
    private boolean lingering;
    private long openedNanos;
    private long lastReadNanos;
    private long frameSinceNanos;
    private long lingerSinceNanos;

    /** Only while something is queued, which an idle connection should not pay for. */
    private @Nullable WriteWatch writing;

    ConnectionDeadlines(ConnectionSettings settings) {
        this.settings = settings;
    }

    /** The connection is ready for frames. */
    void opened(long coarseNanos) {
        openedNanos = coarseNanos;
        lastReadNanos = coarseNanos;
        awaitsFirstFrame = true;
    }

    /** Bytes came. */
    void read(long coarseNanos) {
        lastReadNanos = coarseNanos;
    }

    /**
     * What the bytes amounted to.
     *
     * @param frames whether a frame became whole
     * @param partial whether a part of another is left
     * @return whether a deadline began that was not running before
     */
    boolean decoded(boolean frames, boolean partial, long coarseNanos) {
        awaitsFirstFrame &= !frames;
        boolean begins = partial && (!inFrame || frames);
        inFrame = partial;
        if (begins) {
            frameSinceNanos = coarseNanos;
        }
        return begins;
    }

    /** The connection stops reading, or reads again; deadlines of the peer's input begin anew then. */
    void readsPaused(boolean paused, long coarseNanos) {
        if (readsPaused && !paused) {
            openedNanos = coarseNanos;
            lastReadNanos = coarseNanos;
            frameSinceNanos = coarseNanos;
        }
        readsPaused = paused;
    }

    /**
     * Something is queued that the socket did not take, or no longer.
     *
     * @param mark any number that changes when the peer takes a byte
     * @return whether a deadline began that was not running before
     */
    boolean queued(boolean pending, long mark, long coarseNanos) {
        if (!pending) {
            writing = null;
            return false;
        }
        if (writing != null) {
            return false;
        }
        writing = new WriteWatch(mark, coarseNanos);
        return true;
    }

    /** FIN is sent; from now on only the wait for the peer's counts. */
    void lingering(long coarseNanos) {
        lingering = true;
        lingerSinceNanos = coarseNanos;
        lastReadNanos = coarseNanos;
    }

    /** When to look again, {@link DeadlineWheel#NEVER} when nothing runs. */
    long next() {
        if (lingering) {
            return lingerEnd();
        }
        long next = DeadlineWheel.NEVER;
        if (writing != null && settings.writeStallNanos != 0) {
            next = earlier(
                    at(writing.progressNanos, settings.writeStallNanos),
                    at(writing.checkedNanos, settings.writeStallNanos / STALL_CHECKS));
        }
        if (readsPaused) {
            return next;
        }
        if (awaitsFirstFrame && settings.firstFrameNanos != 0) {
            next = earlier(next, at(openedNanos, settings.firstFrameNanos));
        }
        if (inFrame && settings.wholeFrameNanos != 0) {
            next = earlier(next, at(frameSinceNanos, settings.wholeFrameNanos));
        }
        if (settings.readIdleNanos != 0) {
            next = earlier(next, at(lastReadNanos, settings.readIdleNanos));
        }
        return next;
    }

    /**
     * What has expired at this moment.
     *
     * @param mark as in {@link #queued}
     * @return null when nothing has; LOCAL_CLOSED when the linger is over
     */
    @Nullable
    Kind expired(long nowNanos, long mark) {
        if (lingering) {
            return lingerEnd() - nowNanos <= 0 ? Kind.LOCAL_CLOSED : null;
        }
        if (writing != null && passed(writing.lastProgress(nowNanos, mark), settings.writeStallNanos, nowNanos)) {
            return Kind.WRITE_TIMEOUT;
        }
        if (readsPaused) {
            return null;
        }
        boolean frameLate = (awaitsFirstFrame && passed(openedNanos, settings.firstFrameNanos, nowNanos))
                || (inFrame && passed(frameSinceNanos, settings.wholeFrameNanos, nowNanos));
        if (frameLate) {
            return Kind.FRAME_TIMEOUT;
        }
        return passed(lastReadNanos, settings.readIdleNanos, nowNanos) ? Kind.IDLE_TIMEOUT : null;
    }

    /** What the deadline that {@link #expired} was about. */
    String describe(Kind kind) {
        return switch (kind) {
            case WRITE_TIMEOUT ->
                "the peer took no byte for " + seconds(settings.writeStallNanos) + " (Timeouts.writeStall)";
            case IDLE_TIMEOUT -> "no byte came for " + seconds(settings.readIdleNanos) + " (Timeouts.readIdle)";
            default ->
                inFrame && !awaitsFirstFrame
                        ? "a frame was not whole within " + seconds(settings.wholeFrameNanos) + " (Timeouts.wholeFrame)"
                        : "no frame was whole in time after the connection opened (Timeouts.firstFrame, wholeFrame)";
        };
    }

    private static String seconds(long nanos) {
        return nanos / 1e9 + " s";
    }

    /** A peer that still sends has not seen our FIN yet: closing now would reset what it has still to read. */
    private long lingerEnd() {
        return earlier(
                at(lastReadNanos, settings.lingerNanos), at(lingerSinceNanos, settings.lingerNanos * LINGER_LIMIT));
    }

    private boolean passed(long sinceNanos, long timeoutNanos, long nowNanos) {
        return timeoutNanos != 0 && at(sinceNanos, timeoutNanos) - nowNanos <= 0;
    }

    private long at(long sinceNanos, long timeoutNanos) {
        return sinceNanos + timeoutNanos + settings.time.tickNanos();
    }

    private static long earlier(long a, long b) {
        if (a == DeadlineWheel.NEVER || b == DeadlineWheel.NEVER) {
            return a == DeadlineWheel.NEVER ? b : a;
        }
        return a - b < 0 ? a : b;
    }

    /** Since when the peer has taken nothing, as far as the checks could see. */
    private static final class WriteWatch {
        private long mark;
        private long progressNanos;
        private long checkedNanos;

        WriteWatch(long mark, long coarseNanos) {
            this.mark = mark;
            progressNanos = coarseNanos;
            checkedNanos = coarseNanos;
        }

        long lastProgress(long nowNanos, long seenMark) {
            checkedNanos = nowNanos;
            if (seenMark != mark) {
                mark = seenMark;
                progressNanos = nowNanos;
            }
            return progressNanos;
        }
    }
}

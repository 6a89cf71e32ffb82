package io.nettoolkit.pool.internal;

import io.nettoolkit.core.TimeSource;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one timer of a pool, on one of its event loops; on another one when that is shut down. Within the section alone, but for
 * the alarm itself.
 */
final class Wake {

    private final EventLoopGroup loops;
    private final TimeSource timeSource;
    private final Alarm alarm;

    private EventExecutor home;
    private @Nullable Future<?> timer;
    private long armedNanos;

    /** Whom it tells, on an event loop. */
    interface Alarm {
        /** It went off, or its loop is gone: {@link Wake#disarm}, then look what is due. */
        void goOff(Future<?> timer);

        /** There is no event loop left. */
        void lost();
    }

    /**
     * One that has not gone off.
     *
     * @param home where it begins; each pool's is another, or one loop would have them all
     */
    Wake(EventExecutor home, EventLoopGroup loops, TimeSource timeSource, Alarm alarm) {
        this.home = home;
        this.loops = loops;
        this.timeSource = timeSource;
        this.alarm = alarm;
    }

    /** Goes off at that time or sooner. */
    void at(long nanos) {
        if (timer != null && !timer.isDone() && nanos - armedNanos >= 0) {
            return;
        }
        stop();
        if (schedule(home, nanos)) {
            return;
        }
        for (EventExecutor loop : loops) {
            if (schedule(loop, nanos)) {
                home = loop;
                return;
            }
        }
        alarm.lost();
    }

    private boolean schedule(EventExecutor loop, long nanos) {
        if (loop.isShuttingDown()) {
            return false;
        }
        try {
            long delayNanos = Math.max(0, nanos - timeSource.nanoTime());
            Future<?> made = loop.schedule(() -> {}, delayNanos, TimeUnit.NANOSECONDS);
            if (made.isCancelled()) {
                // The loop ended meanwhile, and has nobody left to tell a listener.
                return false;
            }
            timer = made;
            armedNanos = nanos;
            made.addListener(alarm::goOff);
            return true;
        } catch (RejectedExecutionException shutDown) {
            return false;
        }
    }

    /** Notes that a timer is over; one that was replaced is none. */
    void disarm(Future<?> over) {
        if (timer == over) {
            timer = null;
        }
    }

    /** Goes off no more. */
    void stop() {
        Future<?> before = timer;
        timer = null;
        if (before == null || home.isShuttingDown()) {
            return;
        }
        try {
            before.cancel(false);
        } catch (RejectedExecutionException shutDown) {
            // Its loop is gone, and it with it.
        }
    }
}

package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CoarseClock;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything of an engine that waits for a time, and one task of the loop for all of it: it wakes at the first of them, or
 * earlier, where that one is gone by then, and is set again. So to begin and to end a lookup mostly does not touch the loop's
 * schedule.
 *
 * <p>Confined to a loop.
 */
final class EngineTimers {

    private static final long NEVER = Long.MAX_VALUE;

    private final EventLoop loop;
    private final TimeSource time;
    private final TimerHeap timers = new TimerHeap();
    private final Runnable onWake = this::onWake;
    private @Nullable ScheduledFuture<?> wake;
    private long wakeNanos = NEVER;

    EngineTimers(EventLoop loop, TimeSource time) {
        this.loop = loop;
        this.time = time;
    }

    /** Calls the node at this time, instead of the one before. */
    void wakeAt(TimerHeap.Node node, long dueNanos) {
        timers.set(node, dueNanos);
        arm();
    }

    /** Forgets about it. */
    void sleep(TimerHeap.Node node) {
        timers.remove(node);
    }

    /** Takes out the earliest, due or not; null when there is none. */
    TimerHeap.@Nullable Node takeFirst() {
        if (timers.isEmpty()) {
            return null;
        }
        TimerHeap.Node first = timers.first();
        timers.remove(first);
        return first;
    }

    /** Wakes no more. */
    void stop() {
        if (wake != null) {
            wake.cancel(false);
        }
    }

    private void arm() {
        long due = timers.first().dueNanos;
        if (wakeNanos != NEVER && wakeNanos - due <= 0) {
            return; // it comes early, looks, and is set again
        }
        if (wake != null) {
            wake.cancel(false);
        }
        wakeNanos = due;
        wake = loop.schedule(onWake, Math.max(due - time.nanoTime(), 0), TimeUnit.NANOSECONDS);
    }

    private void onWake() {
        wake = null;
        wakeNanos = NEVER;
        long now = time.nanoTime();
        if (time == TimeSource.system()) {
            CoarseClock.publish(now);
        }
        while (!timers.isEmpty() && timers.first().dueNanos - now <= 0) {
            TimerHeap.Node due = timers.first();
            timers.remove(due);
            due.onDue(now);
        }
        if (!timers.isEmpty()) {
            arm();
        }
    }
}

package io.nettoolkit.core.internal;

import io.nettoolkit.core.internal.transport.LoopGroup;
import io.nettoolkit.core.internal.transport.LoopThread;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices event loops that somebody blocks. Once a second it hands each running loop a heartbeat, one object per loop
 * that is reused and never queued twice; a heartbeat that is not run within the threshold is a stall, reported once with
 * the stack the loop's thread has at that moment.
 *
 * <p>Runs on the ticker thread and does nothing there that can block: whatever logs or calls users gets an executor.
 */
public final class LoopWatchdog implements TickerThread.TickTask {

    static final long INTERVAL_NANOS = 1_000_000_000;

    private final List<Watched> watched = new ArrayList<>();
    private final StallReporter reporter;
    private final AtomicLong stalls = new AtomicLong();
    private volatile boolean stopped;

    LoopWatchdog(StallReporter reporter) {
        this.reporter = reporter;
    }

    /** Watches all loops of the group until they shut down or {@link #stop} is called. */
    public static LoopWatchdog start(LoopGroup group, long thresholdNanos, StallReporter reporter) {
        LoopWatchdog watchdog = new LoopWatchdog(reporter);
        for (LoopGroup.Loop loop : group.loops()) {
            watchdog.watch(loop.executor(), loop.executor()::isShuttingDown, loop.thread(), thresholdNanos);
        }
        TickerThread.add(watchdog);
        return watchdog;
    }

    /** To be called before the first tick. */
    void watch(Executor loop, BooleanSupplier isGone, LoopThread thread, long thresholdNanos) {
        long pauseNanos = Math.max(2 * CoarseClock.TICK_NANOS, thresholdNanos / 5);
        watched.add(new Watched(loop, isGone, thread, new StallDetector(INTERVAL_NANOS, thresholdNanos, pauseNanos)));
    }

    /** Stalls so far, of all loops together. */
    public long stalls() {
        return stalls.get();
    }

    /** Ends the watching; one more tick may still run. */
    public void stop() {
        stopped = true;
        TickerThread.remove(this);
    }

    @Override
    public void tick(long nowNanos) {
        if (stopped) {
            return;
        }
        for (Iterator<Watched> loops = watched.iterator(); loops.hasNext(); ) {
            if (!check(loops.next(), nowNanos)) {
                loops.remove();
            }
        }
        if (watched.isEmpty()) {
            stop();
        }
    }

    /** Answers false when the loop is gone. */
    private boolean check(Watched loop, long nowNanos) {
        if (loop.isGone.getAsBoolean()) {
            return false;
        }
        Thread thread = loop.thread.thread();
        if (thread == null) {
            // not started: a heartbeat would start the thread of a loop that nobody uses
            return true;
        }
        switch (loop.detector.onTick(nowNanos, loop.answered)) {
            case SEND_HEARTBEAT -> {
                return loop.send();
            }
            case REPORT_STALL -> {
                stalls.incrementAndGet();
                loop.stack = thread.getStackTrace();
                reporter.onStall(thread.getName(), loop.detector.waitedNanos(), loop.stack);
            }
            case REPORT_RECOVERY -> {
                StackTraceElement[] stack = loop.stack;
                loop.stack = null;
                reporter.onRecovery(
                        thread.getName(),
                        loop.detector.waitedNanos(),
                        stack == null ? new StackTraceElement[0] : stack);
            }
            case NONE -> {}
        }
        return true;
    }

    /** One loop, and at the same time its heartbeat. */
    private static final class Watched implements Runnable {
        private final Executor loop;
        private final BooleanSupplier isGone;
        private final LoopThread thread;
        private final StallDetector detector;
        private volatile boolean answered;
        private StackTraceElement @Nullable [] stack;

        Watched(Executor loop, BooleanSupplier isGone, LoopThread thread, StallDetector detector) {
            this.loop = loop;
            this.isGone = isGone;
            this.thread = thread;
            this.detector = detector;
        }

        boolean send() {
            answered = false;
            try {
                loop.execute(this);
                return true;
            } catch (RejectedExecutionException shutDown) {
                return false;
            }
        }

        @Override
        public void run() {
            answered = true;
        }
    }
}

package io.nettoolkit.core.internal;

import io.nettoolkit.core.TimeSource;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * The daemon thread that advances {@link CoarseClock} and then runs short periodic checks, such as the loop watchdog.
 * Nothing on it may block; a check that throws is logged (rate limited) and stays registered.
 */
public final class TickerThread {

    private static final CopyOnWriteArrayList<TickTask> tasks = new CopyOnWriteArrayList<>();
    private static final CallbackGuard guard =
            new CallbackGuard("a periodic check on the ticker thread", TimeSource.system());

    private TickerThread() {}

    /** What runs on every tick. */
    @FunctionalInterface
    public interface TickTask {
        /** Called on the ticker thread with the exact time just read; must return at once. */
        void tick(long nowNanos);
    }

    /** Called once, when {@link CoarseClock} is first used. */
    static void start() {
        DaemonThreads.newThread(TickerThread::run, "nettoolkit-ticker").start();
    }

    /** Adds a task; starts the thread where it does not run yet. */
    public static void add(TickTask task) {
        CoarseClock.nanos();
        tasks.add(task);
    }

    /** Takes a task out again; it may still run once. */
    public static void remove(TickTask task) {
        tasks.remove(task);
    }

    private static void run() {
        TimeSource time = TimeSource.system();
        while (true) {
            LockSupport.parkNanos(CoarseClock.TICK_NANOS);
            long now = time.nanoTime();
            CoarseClock.publish(now);
            for (TickTask task : tasks) {
                try {
                    task.tick(now);
                } catch (Throwable failure) {
                    guard.failed(failure);
                }
            }
        }
    }
}

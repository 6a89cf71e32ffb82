package io.nettoolkit.core.internal;

import io.nettoolkit.core.TimeSource;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one daemon thread on which the toolkit touches files, so that no event loop ever waits for a disk:
 * certificates, resolv.conf, hosts, cache files. Started at first need, shared by the JVM.
 *
 * <p>Tasks run one after the other: read or write a file and return; nothing may wait for the network or another
 * task here. A task that throws is logged (rate limited) and stops nothing else.
 *
 * <p><b>Threading.</b> Any thread may call every method; none blocks.
 */
public final class FileThread {

    private static final ScheduledThreadPoolExecutor executor =
            new ScheduledThreadPoolExecutor(1, task -> DaemonThreads.newThread(task, "nettoolkit-files"));
    private static final CallbackGuard guard = new CallbackGuard("a task on the file thread", TimeSource.system());

    static {
        executor.setRemoveOnCancelPolicy(true);
    }

    private FileThread() {}

    /** Runs a task soon. */
    public static void execute(Runnable task) {
        Objects.requireNonNull(task, "task: must not be null");
        executor.execute(() -> guard.run(task::run));
    }

    /**
     * Polls files and calls back, on the file thread, when they have changed and settled: see {@link FileWatch}.
     *
     * @param loaded taken with {@link FileStamp#of} before the files were read, so that no change in between is lost
     * @param period from one look to the next, more than zero
     * @param onChange reads the files again; may be called once more after a close that comes at the same time
     * @return closing it ends the watch
     */
    public static FileWatch watch(FileStamp loaded, Duration period, Runnable onChange) {
        FileWatch watch = new FileWatch(loaded, period, onChange);
        schedule(watch, watch.periodNanos());
        return watch;
    }

    /** How many tasks wait, looks of watches among them; for tests. */
    static int waitingTasks() {
        return executor.getQueue().size();
    }

    private static void schedule(FileWatch watch, long delayNanos) {
        Runnable look = () -> {
            guard.run(() -> watch.poll(guard));
            schedule(watch, watch.nextDelayNanos());
        };
        // Takes it back at once where the watch has been closed.
        watch.scheduled(executor.schedule(look, delayNanos, TimeUnit.NANOSECONDS));
    }
}

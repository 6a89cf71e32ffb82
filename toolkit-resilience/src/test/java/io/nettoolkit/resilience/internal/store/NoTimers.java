package io.nettoolkit.resilience.internal.store;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Takes delayed tasks and runs none: for stores that answer at once, where real time is to have no part. */
public final class NoTimers extends ScheduledThreadPoolExecutor {

    /** Without a thread. */
    public NoTimers() {
        super(0);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        return null;
    }
}

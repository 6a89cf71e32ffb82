package io.nettoolkit.core.internal;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the flight recorder, the log and the user of a stalled loop. All of it on another thread than the ticker's,
 * because a log appender or a listener may block.
 */
public final class StallAlarm implements StallReporter {

    private static final Logger log = LoggerFactory.getLogger(StallAlarm.class);
    private static final long LOG_INTERVAL_NANOS = 10_000_000_000L;
    private static final int LOGGED_FRAMES = 20;

    private final EventLoops.Listener listener;
    private final Executor executor;
    private final TimeSource time;
    private final LogLimiter limiter;
    private final CallbackGuard guard;

    /** An alarm that logs and calls the listener on the executor the JDK's own futures use. */
    public StallAlarm(EventLoops.Listener listener) {
        this(listener, new CompletableFuture<Void>().defaultExecutor(), TimeSource.system());
    }

    StallAlarm(EventLoops.Listener listener, Executor executor, TimeSource time) {
        this.listener = listener;
        this.executor = executor;
        this.time = time;
        this.limiter = new LogLimiter(LOG_INTERVAL_NANOS, time.nanoTime());
        guard = new CallbackGuard("the listener of stalled event loops", time);
    }

    @Override
    public void onStall(String thread, long waitedNanos, StackTraceElement[] stack) {
        executor.execute(() -> tell(thread, waitedNanos, stack));
    }

    @Override
    public void onRecovery(String thread, long waitedNanos, StackTraceElement[] stack) {
        executor.execute(() -> {
            JfrEvents.loopStall(thread, waitedNanos, stack, JfrEvents.Stall.OVER);
            log.info("event loop {} runs again after {} ms", thread, waitedNanos / 1_000_000);
        });
    }

    private void tell(String thread, long waitedNanos, StackTraceElement[] stack) {
        JfrEvents.loopStall(thread, waitedNanos, stack, JfrEvents.Stall.BEGUN);
        long leftOut = limiter.tryLog(time.nanoTime());
        if (leftOut != LogLimiter.SUPPRESSED) {
            log.warn(
                    "event loop {} has not run its tasks for {} ms; all its connections wait. Move what blocks it to"
                            + " another thread. {}It is at{}",
                    thread,
                    waitedNanos / 1_000_000,
                    leftOut == 0 ? "" : leftOut + " more stalls were not logged. ",
                    top(stack));
        }
        guard.run(() -> listener.onStall(thread, Duration.ofNanos(waitedNanos), stack.clone()));
    }

    private static String top(StackTraceElement[] stack) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(LOGGED_FRAMES, stack.length); i++) {
            text.append(System.lineSeparator()).append("    ").append(stack[i]);
        }
        return text.toString();
    }
}

package io.nettoolkit.resilience.internal;

import io.nettoolkit.core.EventLoops;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.ThreadExecutorMap;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Where the delays of one policy run: on the executor its user gave, else on the event loop that makes the call, else on
 * one of the shared event loops, which are started by the first such call. The toolkit has no timer threads.
 *
 * <p>Threading: any thread.
 */
public final class Timers {

    private final @Nullable ScheduledExecutorService given;

    /**
     * Timers of one policy.
     *
     * @param given the user's choice; null for none
     */
    public Timers(@Nullable ScheduledExecutorService given) {
        this.given = given;
    }

    /** For a delay of the call that this thread is in. */
    public ScheduledExecutorService current() {
        if (given != null) {
            return given;
        }
        return loop();
    }

    /** Where the future of the call that this thread is in completes. */
    public EventExecutor loop() {
        if (given instanceof EventExecutor loop) {
            return loop;
        }
        return ThreadExecutorMap.currentExecutor() instanceof EventLoop loop
                ? loop
                : EventLoops.shared().next();
    }
}

package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.Timers;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A pending call that is stopped at a deadline. */
class TimeLimitRun extends Relay implements Alarm.Action {

    private final String policy;
    private final long startNanos;
    private final TimeSource timeSource;
    private volatile @Nullable Alarm alarm;

    TimeLimitRun(String policy, TimeSource timeSource) {
        this.policy = policy;
        this.timeSource = timeSource;
        startNanos = timeSource.nanoTime();
    }

    /** The pending call, or its result where it has ended meanwhile; throws what it failed with. */
    static @Nullable Object follow(String policy, Deadline deadline, Timers timers, Pending pending) {
        return new TimeLimitRun(policy, deadline.timeSource()).begin(deadline, timers, pending);
    }

    /** Sets the alarm first, so that an end, which cancels it, finds it. */
    final @Nullable Object begin(Deadline deadline, Timers timers, Pending pending) {
        alarm = Alarm.set(timers.current(), timeSource, deadline.nanos(), this);
        if (follow(pending)) {
            return this;
        }
        Alarm.silence(alarm);
        return pending.take();
    }

    @Override
    public final void onEnd(@Nullable Object result, @Nullable Throwable failure) {
        Alarm.silence(alarm);
        end(result, failure);
    }

    @Override
    public final void goOff() {
        if (!hasEnded()) {
            Throwable why = Failures.timeout(policy, timeSource.nanoTime() - startNanos);
            abandon(why);
            if (hasFailedWith(why)) {
                onTimeout();
            }
        }
    }

    /** Without its timer the call would have no limit. */
    @Override
    public final void lost(RejectedExecutionException cause) {
        abandon(cause);
    }

    /** What is inside ends of itself soon; this one ends now, whatever happens there. */
    @Override
    final void onAbandoned(Throwable why) {
        Alarm.silence(alarm);
        end(null, why);
    }

    /** It was this limit that ended the call. */
    void onTimeout() {}
}

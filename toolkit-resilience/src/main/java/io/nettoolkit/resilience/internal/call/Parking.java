package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.TimeSource;
import java.util.concurrent.locks.LockSupport;

/** How a synchronous wait parks its thread. Tests put a clock of their own behind it. */
@FunctionalInterface
public interface Parking {

    /** The real thing. */
    Parking THREAD = LockSupport::parkNanos;

    /** Parks for at most so long; may return for no reason. */
    void park(Object blocker, long nanos);

    /** Waits until the exact clock has reached a time. */
    default void until(long dueNanos, TimeSource timeSource) throws InterruptedException {
        for (; ; ) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long leftNanos = dueNanos - timeSource.nanoTime();
            if (leftNanos <= 0) {
                return;
            }
            park(this, leftNanos);
        }
    }
}

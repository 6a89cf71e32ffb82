package io.nettoolkit.benchmarks.pool;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Counts what callers do that never pause: one who waits for all of them to have finished would measure how the last ones have the
 * connections to themselves.
 */
final class Laps {

    /** A caller's acquires in a lap. */
    static final int ROUNDS = 1_000;

    private final Semaphore done = new Semaphore(0);
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;

    /** A caller has acquired so many times; whether it is to go on. */
    boolean goesOn(int rounds) {
        if (rounds % ROUNDS == 0) {
            done.release();
        }
        return !stopped;
    }

    /** A caller could not go on. */
    void fail(Throwable cause) {
        failure = cause;
        done.release(Integer.MAX_VALUE / 2);
    }

    /** Forgets those that nobody has waited for. */
    void restart() {
        done.drainPermits();
    }

    /** Until so many laps more have been finished, whoever's they are. */
    void await(int laps) {
        done.acquireUninterruptibly(laps);
        Throwable cause = failure;
        if (cause != null) {
            throw new IllegalStateException("a caller got no connection", cause);
        }
    }

    void stop() {
        stopped = true;
    }
}

package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import java.util.random.RandomGenerator;

/** A user's backoff, which cannot end the section in which it is asked: where it throws, the pool waits as long as before. */
final class GuardedBackoff implements Backoff {

    private final Backoff backoff;
    private final CallbackGuard guard;

    GuardedBackoff(Backoff backoff, String pool, TimeSource timeSource) {
        this.backoff = backoff;
        guard = new CallbackGuard("the connectBackoff of pool " + pool, timeSource);
    }

    @Override
    public long delayNanos(int attempt, long previousNanos, RandomGenerator random) {
        try {
            return backoff.delayNanos(attempt, previousNanos, random);
        } catch (Throwable failure) {
            guard.failed(failure);
            return STOP;
        }
    }
}

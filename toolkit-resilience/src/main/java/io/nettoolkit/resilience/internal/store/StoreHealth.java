package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.Backoff;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Whether it makes sense to ask the store: a circuit breaker of its own, small because one call is under way at most. It
 * opens after three failures in a row, and lets one probe through after a delay that doubles from 100 ms up to 5 s; no caller
 * ever waits for a probe.
 *
 * <p>Threading: guarded by the lock of its owner.
 */
final class StoreHealth {

    private static final int FAILURES_TO_OPEN = 3;
    private static final Backoff PROBE_DELAY =
            Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(5)).withJitter(0.2);

    private final RandomGenerator random;
    private int failures;
    private int probes;
    private long delayNanos;
    private long probeAtNanos;

    StoreHealth(RandomGenerator random) {
        this.random = random;
    }

    boolean isAway() {
        return failures >= FAILURES_TO_OPEN;
    }

    boolean isProbeDue(long nowNanos) {
        return isAway() && nowNanos - probeAtNanos >= 0;
    }

    long probeAtNanos() {
        return probeAtNanos;
    }

    /** Answers whether the store counts as away from now on and did not before. */
    boolean failed(long nowNanos) {
        boolean before = isAway();
        failures++;
        if (!isAway()) {
            return false;
        }
        probes = before ? probes + 1 : 1;
        delayNanos = PROBE_DELAY.delayNanos(probes, delayNanos, random);
        probeAtNanos = nowNanos + delayNanos;
        return !before;
    }

    /** Answers whether the store counts as back. */
    boolean succeeded() {
        boolean before = isAway();
        failures = 0;
        delayNanos = 0;
        return before;
    }
}

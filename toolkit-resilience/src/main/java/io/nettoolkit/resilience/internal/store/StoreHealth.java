package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.Backoff;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Whether it makes sense to ask the store: a circuit breaker of its own, small because one call is under way at most. It
 * opens after three failures in a row, and lets one probe through after a delay that doubles from 100 ms up to 5 s; no caller
 * ever waits for a probe.
 *
 * <p>Threading: its owner tells it one thing at a time; any thread may ask whether the store is away, and until when.
 */
final class StoreHealth {

    private static final int FAILURES_TO_OPEN = 3;
    private static final Backoff PROBE_DELAY =
            Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(5)).withJitter(0.2);

    private final RandomGenerator random;
    private int failures;
    private int probes;
    private long delayNanos;
    private volatile long probeAtNanos;
    private volatile boolean away;

    StoreHealth(RandomGenerator random) {
        this.random = random;
    }

    boolean isAway() {
        return away;
    }

    boolean isProbeDue(long nowNanos) {
        return away && nowNanos - probeAtNanos >= 0;
    }

    long probeAtNanos() {
        return probeAtNanos;
    }

    /** Answers whether the store counts as away from now on and did not before. */
    boolean failed(long nowNanos) {
        failures++;
        if (failures < FAILURES_TO_OPEN) {
            return false;
        }
        boolean before = away;
        probes = before ? probes + 1 : 1;
        delayNanos = PROBE_DELAY.delayNanos(probes, delayNanos, random);
        probeAtNanos = nowNanos + delayNanos;
        away = true;
        return !before;
    }

    /** Answers whether the store counts as back. */
    boolean succeeded() {
        boolean before = away;
        failures = 0;
        delayNanos = 0;
        away = false;
        return before;
    }
}

package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.ConnectionPool.Timing;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What is counted on the hit path: rarely. Any thread. */
final class Usage {

    final AtomicLong doubleReleases = new AtomicLong();
    final AtomicLong lateCancels = new AtomicLong();
    final AtomicLong leaks = new AtomicLong();

    private final AtomicLong uses = new AtomicLong();
    private final AtomicLong usedNanos = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();

    void used(long nanos) {
        uses.incrementAndGet();
        usedNanos.addAndGet(nanos);
        longestNanos.accumulateAndGet(nanos, Math::max);
    }

    Timing uses() {
        return new Timing(uses.get(), Duration.ofNanos(usedNanos.get()), Duration.ofNanos(longestNanos.get()));
    }
}

package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One process' part of a limit, for as long as the store is away: a bucket of its own that fills up n times as slowly and
 * holds an n-th, but one permit at least.
 *
 * <p>Threading: any thread.
 */
public final class LocalShare {

    private static final Duration LONGEST_PERIOD = Duration.ofDays(365);

    private final Limit limit;
    private final TimeSource timeSource;
    private final long originNanos;
    private final AtomicReference<Gcra.@Nullable State> bucket = new AtomicReference<>();

    /** The share of one of {@code nodes}. */
    public LocalShare(Limit whole, int nodes, TimeSource timeSource) {
        limit = share(whole, nodes);
        this.timeSource = timeSource;
        originNanos = timeSource.nanoTime();
    }

    private static Limit share(Limit whole, int nodes) {
        long burst = Math.max(1, whole.burst() / nodes);
        if (whole.permits() >= nodes && whole.permits() % nodes == 0) {
            return new Limit(whole.permits() / nodes, whole.period(), burst);
        }
        // A longer period divides what fewer permits would round.
        Duration period = whole.period().multipliedBy(nodes);
        boolean fits = period.compareTo(LONGEST_PERIOD) <= 0 && whole.burst() >= nodes;
        return fits
                ? new Limit(whole.permits(), period, burst)
                : new Limit(Math.max(1, whole.permits() / nodes), whole.period(), burst);
    }

    /** Takes so many permits or none; more than the share holds are never there. */
    public Grant take(long permits) {
        while (true) {
            Gcra.State before = bucket.get();
            long nowMicros = (timeSource.nanoTime() - originNanos) / 1_000;
            Gcra.Step step = Gcra.take(limit, before, nowMicros, permits, 1);
            if (step.grant().granted() == 0 || bucket.compareAndSet(before, step.state())) {
                return step.grant();
            }
            Thread.onSpinWait();
        }
    }
}

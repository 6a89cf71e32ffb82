package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.TokenStore;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The store for one process: a map of buckets that are not full. A full one is the same as none, so those that have filled up
 * are dropped, a look at all of them for every so many calls.
 *
 * <p>The map is one without locks, because stores are asked on event loops: where several threads are at one bucket, a
 * hash map of the JDK would park all but one of them.
 *
 * <p>Threading: any thread; lock-free.
 */
public final class InProcessTokenStore implements TokenStore {

    private static final int SWEEP_EVERY = 1_024;

    private final TimeSource timeSource;
    private final long originNanos;
    private final ConcurrentNavigableMap<String, Gcra.State> buckets = new ConcurrentSkipListMap<>();
    private final AtomicInteger calls = new AtomicInteger();

    /** Every bucket full. */
    public InProcessTokenStore(TimeSource timeSource) {
        this.timeSource = timeSource;
        originNanos = timeSource.nanoTime();
    }

    @Override
    public CompletionStage<Grant> take(String key, Limit limit, long unit, long count, Deadline deadline) {
        AtomicReference<@Nullable Grant> grant = new AtomicReference<>();
        buckets.compute(key, (same, before) -> {
            // A step may be tried several times. The clock is read within it, so that that of one bucket does not run
            // backwards.
            Gcra.Step step = Gcra.take(limit, before, nowMicros(), unit, count);
            grant.set(step.grant());
            return step.state();
        });
        if (calls.incrementAndGet() % SWEEP_EVERY == 0) {
            long now = nowMicros();
            buckets.values().removeIf(bucket -> bucket.paidAtMicros() < now);
        }
        return CompletableFuture.completedFuture(Objects.requireNonNull(grant.get()));
    }

    private long nowMicros() {
        return (timeSource.nanoTime() - originNanos) / 1_000;
    }

    /** How many buckets are kept. */
    public int size() {
        return buckets.size();
    }
}

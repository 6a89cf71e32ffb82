package io.nettoolkit.benchmarks.pool;

import org.jspecify.annotations.Nullable;
import stormpot.Pool;
import stormpot.PoolTap;

/** What differs between the two versions of Stormpot. */
public final class StormpotTaps {

    /** What the suite prints of it. */
    public static final @Nullable String SKIPPED =
            "stormpot: 4 was skipped, it needs Java 21; 3.2 takes its place";

    private StormpotTaps() {}

    /** A way into the pool for one thread alone, its fastest. */
    static PoolTap<StormpotPool.Pooled> ofThisThread(Pool<StormpotPool.Pooled> pool) {
        return pool.getThreadLocalTap();
    }
}

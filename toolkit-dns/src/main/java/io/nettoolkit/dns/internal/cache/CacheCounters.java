package io.nettoolkit.dns.internal.cache;

import java.util.concurrent.atomic.LongAdder;

/** What a cache has done. Any thread; hits are counted on stripes, the rest is rare beside them. */
public final class CacheCounters {

    private final HitCounter hits = new HitCounter();
    private final LongAdder misses = new LongAdder();
    private final LongAdder stale = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder shared = new LongAdder();
    private final LongAdder refreshes = new LongAdder();
    private final LongAdder stored = new LongAdder();
    private final LongAdder evicted = new LongAdder();

    void hit() {
        hits.increment();
    }

    void refresh() {
        refreshes.increment();
    }

    void stored() {
        stored.increment();
    }

    void evicted() {
        evicted.increment();
    }

    /** A question that had to go to the servers. */
    public void miss() {
        misses.increment();
    }

    /** An answer beyond its time was given out. */
    public void stale() {
        stale.increment();
    }

    /** A failure was given out that is not long ago. */
    public void failure() {
        failures.increment();
    }

    /** A question joined one that was under way. */
    public void shared() {
        shared.increment();
    }

    public long hits() {
        return hits.sum();
    }

    public long misses() {
        return misses.sum();
    }

    public long staleAnswers() {
        return stale.sum();
    }

    public long cachedFailures() {
        return failures.sum();
    }

    public long coalesced() {
        return shared.sum();
    }

    public long refreshes() {
        return refreshes.sum();
    }

    public long storedAnswers() {
        return stored.sum();
    }

    public long evictedEntries() {
        return evicted.sum();
    }
}

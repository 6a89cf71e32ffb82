package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.pool.internal.HostPool;

/** One host among many. */
final class HostEntry<K> {

    final HostPool<K> pool;
    final SharedPermits.Share share;

    /**
     * Raised before the pool is looked at for the last time, and read after something was asked of it: either the last look
     * finds what was asked, or the asker finds this.
     */
    volatile boolean removed;

    /** Since when there is nothing in it, by the coarse clock; means nothing unless {@link #empty}. Of the sweep alone. */
    long emptySinceNanos;

    /** Whether the last sweep found it empty. */
    boolean empty;

    HostEntry(HostPool<K> pool, SharedPermits.Share share) {
        this.pool = pool;
        this.share = share;
    }
}

package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.Lease;
import java.lang.ref.WeakReference;

/** A lease that is being watched. It does not keep the lease: who loses that is found out by its having gone. */
final class Held extends WeakReference<Lease> {

    final long generation;
    final long sinceNanos;
    final Throwable acquiredAt;
    /** Of the watch. */
    boolean isReported;

    Held(Lease lease, long generation, long sinceNanos, Throwable acquiredAt) {
        super(lease);
        this.generation = generation;
        this.sinceNanos = sinceNanos;
        this.acquiredAt = acquiredAt;
    }
}

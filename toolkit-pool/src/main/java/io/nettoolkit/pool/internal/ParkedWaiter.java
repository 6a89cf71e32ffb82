package io.nettoolkit.pool.internal;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.Lease;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waits with a parked thread, platform or virtual. */
final class ParkedWaiter extends PoolWaiter {

    /** How long the thread waits beyond its deadline for the pool to say so, before it gives up by itself. */
    private static final long PATIENCE_NANOS = 100_000_000;

    private static final Object GIVEN_UP = new Object();

    private final Thread thread = Thread.currentThread();
    /** A lease, a failure, or that it gave up. */
    private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();

    ParkedWaiter(HostPool<?> pool, Request request) {
        super(pool, request, null);
    }

    @Override
    boolean accept(Connection delivered, Lease lease) {
        return complete(lease);
    }

    @Override
    void refuse(Throwable cause) {
        complete(cause);
    }

    private boolean complete(Object what) {
        if (!outcome.compareAndSet(null, what)) {
            return false;
        }
        LockSupport.unpark(thread);
        return true;
    }

    /**
     * Parks until there is an outcome. The pool ends the wait in time; where it cannot, because its event loops are blocked or
     * gone, the thread does.
     */
    Lease await(TimeSource timeSource) throws IOException, InterruptedException {
        for (; ; ) {
            Object what = outcome.get();
            if (what instanceof Lease lease) {
                return lease;
            }
            if (what != null) {
                throw thrown(what);
            }
            if (Thread.interrupted()) {
                if (outcome.compareAndSet(null, GIVEN_UP)) {
                    pool.cancelled(this);
                } else if (outcome.get() instanceof Lease lease) {
                    lease.release();
                }
                throw new InterruptedException();
            }
            long leftNanos = deadlineNanos() + PATIENCE_NANOS - timeSource.nanoTime();
            if (leftNanos > 0) {
                LockSupport.parkNanos(this, leftNanos);
            } else if (outcome.compareAndSet(null, GIVEN_UP)) {
                pool.cancelled(this);
                throw pool.overdue(this);
            }
        }
    }

    /** The failure is an object of its own, made for this waiter. */
    private static IOException thrown(Object failure) throws IOException {
        if (failure instanceof IOException network) {
            return network;
        }
        if (failure instanceof RuntimeException refusal) {
            throw refusal;
        }
        return new IOException(String.valueOf(failure));
    }
}

package io.nettoolkit.pool.internal;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.state.Member;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Looks for leases that last too long or were lost, every half of the time that is too long. */
final class LeakWatch implements Runnable {

    private static final long ALL_BITS = -1;

    private final HostPool<?> pool;
    private final EventExecutor loop;
    private final TimeSource timeSource;
    private final Notices notices;
    private final long longestNanos;
    private volatile @Nullable Future<?> timer;

    LeakWatch(HostPool<?> pool, TimeSource timeSource, Notices notices, Duration longest) {
        this.pool = pool;
        this.loop = pool.home();
        this.timeSource = timeSource;
        this.notices = notices;
        longestNanos = longest.toNanos();
        schedule();
    }

    private void schedule() {
        try {
            timer = loop.schedule(this, Math.max(1, longestNanos / 2), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shutDown) {
            // Nobody is left to look, nor to be looked at: the loop's connections are closed.
        }
    }

    @Override
    public void run() {
        for (Member member : pool.state().snapshot().members()) {
            look((Connection) member);
        }
        if (!pool.control().isDrained()) {
            schedule();
        }
    }

    /** Looks no more; the pool is drained. */
    void stop() {
        Future<?> next = timer;
        if (next != null && !loop.isShuttingDown()) {
            try {
                next.cancel(false);
            } catch (RejectedExecutionException shutDown) {
                // It went with its loop.
            }
        }
    }

    private void look(Connection connection) {
        Held held = connection.held;
        long word = connection.word();
        int phase = Entry.phase(word);
        boolean isOut = phase == Entry.LEASED || phase == Entry.RETIRING;
        if (held == null || !isOut || Entry.generation(word) != held.generation) {
            return;
        }
        long lastedNanos = timeSource.nanoTime() - held.sinceNanos;
        boolean isLost = held.get() == null;
        if (isLost && connection.discard(held.generation, ALL_BITS) == Entry.End.CLOSING) {
            pool.leaving(connection, CloseCause.LEAKED, held.acquiredAt);
        } else if (isLost || lastedNanos < longestNanos || held.isReported) {
            return;
        }
        if (!held.isReported) {
            held.isReported = true;
            pool.leaked();
        }
        notices.leaked(connection, held, Duration.ofNanos(lastedNanos), isLost);
    }
}

package io.nettoolkit.benchmarks.pool;

import io.netty.channel.EventLoop;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One that acquires on its event loop, keeps the connection until that loop comes round again (as for an answer), gives it
 * back and begins anew, until it is told to stop.
 */
final class AsyncCaller implements Runnable {

    private final EventLoop loop;
    private final AsyncPool pool;
    private final HandOffs.Tally tally;
    private final Laps laps;

    private @Nullable Object lease;
    private @Nullable StampedChannel channel;
    private long askedNanos;
    private int rounds;

    /**
     * @param tally of this caller alone
     * @param laps of all
     */
    AsyncCaller(EventLoop loop, AsyncPool pool, HandOffs.Tally tally, Laps laps) {
        this.loop = loop;
        this.pool = pool;
        this.tally = tally;
        this.laps = laps;
    }

    void begin() {
        loop.execute(this::acquire);
    }

    private void acquire() {
        askedNanos = System.nanoTime();
        pool.acquire(this);
    }

    /** From the pool, on whichever thread it calls back. */
    void acquired(Object acquired, StampedChannel its) {
        tally.acquired(askedNanos, its);
        lease = acquired;
        channel = its;
        loop.execute(this);
    }

    void failed(Throwable cause) {
        laps.fail(cause);
    }

    /** The connection has been used. */
    @Override
    public void run() {
        Objects.requireNonNull(channel).releasedNanos = System.nanoTime();
        pool.release(Objects.requireNonNull(lease));
        if (laps.goesOn(++rounds)) {
            acquire();
        }
    }
}

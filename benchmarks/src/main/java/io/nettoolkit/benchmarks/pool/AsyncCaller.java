package io.nettoolkit.benchmarks.pool;

import io.netty.channel.EventLoop;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One that acquires on its event loop, keeps the connection until that loop comes round again (as for an answer), gives it
 * back and begins anew.
 */
final class AsyncCaller implements Runnable {

    private final EventLoop loop;
    private final AsyncPool pool;
    private final Histogram handOffs;

    private @Nullable CompletableFuture<Void> done;
    private @Nullable Object lease;
    private @Nullable StampedChannel channel;
    private long askedNanos;
    private int left;

    /**
     * @param handOffs those of this caller alone
     */
    AsyncCaller(EventLoop loop, AsyncPool pool, Histogram handOffs) {
        this.loop = loop;
        this.pool = pool;
        this.handOffs = handOffs;
    }

    /** Goes round this often. */
    CompletableFuture<Void> begin(int rounds) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        loop.execute(() -> {
            done = ended;
            left = rounds;
            acquire();
        });
        return ended;
    }

    private void acquire() {
        askedNanos = System.nanoTime();
        pool.acquire(this);
    }

    /** From the pool, on whichever thread it calls back. */
    void acquired(Object acquired, StampedChannel its) {
        HandOffs.record(handOffs, askedNanos, its);
        lease = acquired;
        channel = its;
        loop.execute(this);
    }

    void failed(Throwable cause) {
        Objects.requireNonNull(done).completeExceptionally(cause);
    }

    /** The connection has been used. */
    @Override
    public void run() {
        Objects.requireNonNull(channel).releasedNanos = System.nanoTime();
        pool.release(Objects.requireNonNull(lease));
        if (--left == 0) {
            Objects.requireNonNull(done).complete(null);
        } else {
            acquire();
        }
    }
}

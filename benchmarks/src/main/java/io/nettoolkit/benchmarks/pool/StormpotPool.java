package io.nettoolkit.benchmarks.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import stormpot.Allocator;
import stormpot.BasePoolable;
import stormpot.Expiration;
import stormpot.Pool;
import stormpot.PoolBuilder;
import stormpot.Slot;
import stormpot.Timeout;

/** Stormpot: version 4 where the suite was built on Java 21 or later, else version 3. */
final class StormpotPool {

    private StormpotPool() {}

    /** At its defaults. */
    static Pool<Pooled> of(List<StampedChannel> channels) {
        return builder(channels).build();
    }

    /** At its best: nothing to look after while it is being used. */
    static Pool<Pooled> tunedOf(List<StampedChannel> channels) {
        return builder(channels)
                .setExpiration(Expiration.never())
                .setBackgroundExpirationEnabled(false)
                .setPreciseLeakDetectionEnabled(false)
                .build();
    }

    private static PoolBuilder<Pooled> builder(List<StampedChannel> channels) {
        Queue<StampedChannel> left = new ArrayDeque<>(channels);
        return Pool.from(new Allocator<Pooled>() {
                    @Override
                    public synchronized Pooled allocate(Slot slot) {
                        StampedChannel channel = left.remove();
                        return new Pooled(slot, channel);
                    }

                    @Override
                    public synchronized void deallocate(Pooled pooled) {
                        left.add(pooled.channel);
                    }
                })
                .setSize(channels.size());
    }

    /** Its thread makes what it holds; this waits for all of it. */
    static void awaitFull(Pool<Pooled> pool) throws InterruptedException {
        List<Pooled> all = new ArrayList<>();
        for (long left = pool.getTargetSize(); left > 0; left--) {
            all.add(pool.claim(new Timeout(10, TimeUnit.SECONDS)));
        }
        all.forEach(Pooled::release);
    }

    /** What the pool hands out. */
    static final class Pooled extends BasePoolable {

        final StampedChannel channel;

        Pooled(Slot slot, StampedChannel channel) {
            super(slot);
            this.channel = channel;
        }
    }
}

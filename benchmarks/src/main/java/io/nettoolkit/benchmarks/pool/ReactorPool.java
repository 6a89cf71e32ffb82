package io.nettoolkit.benchmarks.pool;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;

/** Reactor's pool. */
final class ReactorPool {

    private ReactorPool() {}

    /** At its defaults, but for the size. */
    static InstrumentedPool<StampedChannel> of(List<StampedChannel> channels) {
        return warm(builder(channels).buildPool());
    }

    /** Most recently used first, as the others. */
    static InstrumentedPool<StampedChannel> tunedOf(List<StampedChannel> channels) {
        return warm(builder(channels).idleResourceReuseMruOrder().buildPool());
    }

    private static PoolBuilder<StampedChannel, PoolConfig<StampedChannel>> builder(List<StampedChannel> channels) {
        Queue<StampedChannel> left = new ConcurrentLinkedQueue<>(channels);
        return PoolBuilder.from(Mono.fromSupplier(left::remove)).sizeBetween(channels.size(), channels.size());
    }

    private static InstrumentedPool<StampedChannel> warm(InstrumentedPool<StampedChannel> pool) {
        pool.warmup().block();
        return pool;
    }
}

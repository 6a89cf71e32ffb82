package io.nettoolkit.benchmarks.pool;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/** Commons Pool at its defaults, but for the size; it has no settings that would make it faster. */
final class CommonsPool {

    private CommonsPool() {}

    static GenericObjectPool<StampedChannel> of(List<StampedChannel> channels) {
        GenericObjectPoolConfig<StampedChannel> config = new GenericObjectPoolConfig<>();
        config.setMaxTotal(channels.size());
        config.setMaxIdle(channels.size());
        GenericObjectPool<StampedChannel> pool = new GenericObjectPool<>(new Factory(channels), config);
        try {
            pool.addObjects(channels.size());
        } catch (Exception e) {
            throw new IllegalStateException("the pool could not be filled", e);
        }
        return pool;
    }

    private static final class Factory extends BasePooledObjectFactory<StampedChannel> {

        private final Queue<StampedChannel> left;

        Factory(List<StampedChannel> channels) {
            left = new ArrayDeque<>(channels);
        }

        @Override
        public synchronized StampedChannel create() {
            return left.remove();
        }

        @Override
        public PooledObject<StampedChannel> wrap(StampedChannel channel) {
            return new DefaultPooledObject<>(channel);
        }
    }
}

package io.nettoolkit.benchmarks.pool;

import com.zaxxer.hikari.util.ConcurrentBag;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.commons.pool2.impl.GenericObjectPool;
import stormpot.Pool;
import stormpot.Timeout;

/** A pool as a thread uses it that waits. A fork has but one kind of it, so that the calls cost nothing. */
interface BlockingPool {

    /** Longer than any wait, so that a benchmark that loses a wake-up fails. */
    int PATIENCE_SECONDS = 10;

    Object acquire() throws Exception;

    StampedChannel channel(Object lease);

    void release(Object lease);

    static BlockingPool toolkit(ConnectionPool pool) {
        return new BlockingPool() {
            @Override
            public Object acquire() throws Exception {
                return pool.acquireBlocking(ToolkitPool.FAR);
            }

            @Override
            public StampedChannel channel(Object lease) {
                return (StampedChannel) ((Lease) lease).channel();
            }

            @Override
            public void release(Object lease) {
                ((Lease) lease).release();
            }
        };
    }

    static BlockingPool hikariBag(LoopbackHost host, int connections) {
        ConcurrentBag<HikariBag.Entry> bag = HikariBag.of(host.connect(connections));
        return new BlockingPool() {
            @Override
            public Object acquire() throws Exception {
                return Objects.requireNonNull(bag.borrow(PATIENCE_SECONDS, TimeUnit.SECONDS), "timed out");
            }

            @Override
            public StampedChannel channel(Object lease) {
                return ((HikariBag.Entry) lease).channel;
            }

            @Override
            public void release(Object lease) {
                bag.requite((HikariBag.Entry) lease);
            }
        };
    }

    static BlockingPool stormpot(LoopbackHost host, int connections) {
        Pool<StormpotPool.Pooled> pool = StormpotPool.tunedOf(host.connect(connections));
        Timeout patience = new Timeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return new BlockingPool() {
            @Override
            public Object acquire() throws Exception {
                return Objects.requireNonNull(pool.claim(patience), "timed out");
            }

            @Override
            public StampedChannel channel(Object lease) {
                return ((StormpotPool.Pooled) lease).channel;
            }

            @Override
            public void release(Object lease) {
                ((StormpotPool.Pooled) lease).release();
            }
        };
    }

    static BlockingPool commonsPool2(LoopbackHost host, int connections) {
        GenericObjectPool<StampedChannel> pool = CommonsPool.of(host.connect(connections));
        return new BlockingPool() {
            @Override
            public Object acquire() throws Exception {
                return pool.borrowObject();
            }

            @Override
            public StampedChannel channel(Object lease) {
                return (StampedChannel) lease;
            }

            @Override
            public void release(Object lease) {
                pool.returnObject((StampedChannel) lease);
            }
        };
    }
}

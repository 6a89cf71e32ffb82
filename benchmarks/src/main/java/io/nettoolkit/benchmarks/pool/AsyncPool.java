package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import io.netty.channel.Channel;
import io.netty.channel.pool.FixedChannelPool;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.pool.InstrumentedPool;
import reactor.pool.PooledRef;

/** A pool as a caller on an event loop uses it, in the leanest way its API has. */
interface AsyncPool {

    /** Calls {@link AsyncCaller#acquired} when it has one, on whichever thread. */
    void acquire(AsyncCaller caller);

    void release(Object lease);

    static AsyncPool toolkit(ConnectionPool pool) {
        return new AsyncPool() {
            @Override
            public void acquire(AsyncCaller caller) {
                pool.acquire(ToolkitPool.FAR).whenComplete((lease, failure) -> {
                    if (failure == null) {
                        caller.acquired(lease, (StampedChannel) lease.channel());
                    } else {
                        caller.failed(failure);
                    }
                });
            }

            @Override
            public void release(Object lease) {
                ((Lease) lease).release();
            }
        };
    }

    static AsyncPool nettyFixedChannelPool(LoopbackHost host, int connections) {
        FixedChannelPool pool = NettyPool.of(host, connections);
        return new AsyncPool() {
            @Override
            public void acquire(AsyncCaller caller) {
                pool.acquire().addListener(done -> {
                    Channel channel = (Channel) done.getNow();
                    caller.acquired(channel, (StampedChannel) channel);
                });
            }

            @Override
            public void release(Object lease) {
                pool.release((Channel) lease);
            }
        };
    }

    static AsyncPool reactorPool(LoopbackHost host, int connections) {
        InstrumentedPool<StampedChannel> pool = ReactorPool.of(host.connect(connections));
        return new AsyncPool() {
            @Override
            public void acquire(AsyncCaller caller) {
                pool.acquire().subscribe(new Waiting(caller));
            }

            @Override
            public void release(Object lease) {
                ((PooledRef<?>) lease).release().subscribe();
            }
        };
    }

    /** Hands over what Reactor delivers. */
    final class Waiting implements CoreSubscriber<PooledRef<StampedChannel>> {

        private final AsyncCaller caller;

        Waiting(AsyncCaller caller) {
            this.caller = caller;
        }

        @Override
        public void onSubscribe(Subscription begun) {
            begun.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(PooledRef<StampedChannel> lease) {
            caller.acquired(lease, lease.poolable());
        }

        @Override
        public void onError(Throwable failure) {
            caller.failed(failure);
        }

        @Override
        public void onComplete() {}
    }
}

package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.pool.ChannelPool;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A connection pool as Netty's interface has it: the lease stays on the channel until that is released. */
public final class ChannelPoolAdapter implements ChannelPool {

    private static final AttributeKey<Out> OUT = AttributeKey.valueOf(ChannelPoolAdapter.class, "out");

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final ConnectionPool pool;
    private final EventLoopGroup loops;
    private final TimeSource time;

    /** What is on a channel while it is given out. */
    private record Out(ConnectionPool pool, Lease lease) {}

    /** An adapter; any number of them may stand before one pool. */
    public ChannelPoolAdapter(ConnectionPool pool, EventLoopGroup loops, TimeSource time) {
        this.pool = pool;
        this.loops = loops;
        this.time = time;
    }

    @Override
    public Future<Channel> acquire() {
        return acquire(loops.next().newPromise());
    }

    @Override
    public Future<Channel> acquire(Promise<Channel> promise) {
        CompletableFuture<Lease> acquired = pool.acquire(Deadline.after(TIMEOUT, time));
        acquired.whenComplete((lease, failure) -> {
            if (failure != null) {
                promise.tryFailure(failure);
                return;
            }
            Channel channel = lease.channel();
            channel.attr(OUT).set(new Out(pool, lease));
            if (!promise.trySuccess(channel)) {
                // Cancelled at this moment.
                takeLease(channel, lease);
            }
        });
        if (!promise.isDone()) {
            promise.addListener(done -> {
                if (done.isCancelled()) {
                    acquired.cancel(false);
                }
            });
        }
        return promise;
    }

    private static void takeLease(Channel channel, Lease lease) {
        channel.attr(OUT).set(null);
        lease.release();
    }

    @Override
    public Future<Void> release(Channel channel) {
        return release(channel, channel.eventLoop().newPromise());
    }

    @Override
    public Future<Void> release(Channel channel, Promise<Void> promise) {
        Attribute<Out> out = channel.attr(OUT);
        Out mine = out.get();
        if (mine == null || mine.pool != pool || !out.compareAndSet(mine, null)) {
            promise.tryFailure(new IllegalArgumentException(
                    "channel: " + channel + " (must be one that this pool gave out, and that was not released since)"));
        } else {
            mine.lease.release();
            promise.trySuccess(null);
        }
        return promise;
    }

    @Override
    public void close() {
        pool.close();
    }

    @Override
    public String toString() {
        return "ChannelPool[" + pool + "]";
    }
}

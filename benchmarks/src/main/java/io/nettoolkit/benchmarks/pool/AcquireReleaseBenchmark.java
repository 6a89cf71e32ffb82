package io.nettoolkit.benchmarks.pool;

import com.zaxxer.hikari.util.ConcurrentBag;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.pool.FixedChannelPool;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.pool.InstrumentedPool;
import reactor.pool.PooledRef;
import stormpot.Pool;
import stormpot.PoolTap;

/**
 * A connection taken and given back, where there are always enough: 16 connections for one thread, or with {@code -t 4} for
 * four.
 *
 * <p>All hold the same sockets. Netty's pool belongs to an event loop: asked from another thread it goes there and back, which
 * is {@code nettyFixedChannelPool}; {@code nettyFixedChannelPoolOnLoop} is asked on its loop, and is to be compared with
 * {@code toolkitOnLoop}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"})
public class AcquireReleaseBenchmark {

    private static final int CONNECTIONS = 16;
    private static final int LOOPS = 2;
    private static final int BATCH = 1_000;

    /** Connections to one host. */
    @State(Scope.Benchmark)
    public static class Host {

        LoopbackHost host = new LoopbackHost(LOOPS);

        /** Ends it. */
        @TearDown(Level.Trial)
        public void close() {
            host.close();
        }
    }

    /** The toolkit's pool. */
    @State(Scope.Benchmark)
    public static class Toolkit extends Host {

        final ConnectionPool pool = ToolkitPool.of(host, CONNECTIONS);
        final EventLoop loop = host.loops().next();
    }

    /** HikariCP's bag. */
    @State(Scope.Benchmark)
    public static class Hikari extends Host {

        final ConcurrentBag<HikariBag.Entry> bag = HikariBag.of(host.connect(CONNECTIONS));
    }

    /** Stormpot at its defaults. */
    @State(Scope.Benchmark)
    public static class Stormpot extends Host {

        final Pool<StormpotPool.Pooled> pool = StormpotPool.of(host.connect(CONNECTIONS));

        /** Waits until its thread has filled it. */
        @Setup(Level.Trial)
        public void fill() throws Exception {
            StormpotPool.awaitFull(pool);
        }

        /** Ends its thread. */
        @TearDown(Level.Trial)
        public void shutdown() {
            pool.shutdown();
        }
    }

    /** Stormpot at its best. */
    @State(Scope.Benchmark)
    public static class StormpotTuned extends Host {

        final Pool<StormpotPool.Pooled> pool = StormpotPool.tunedOf(host.connect(CONNECTIONS));

        /** Waits until its thread has filled it. */
        @Setup(Level.Trial)
        public void fill() throws Exception {
            StormpotPool.awaitFull(pool);
        }

        /** Ends its thread. */
        @TearDown(Level.Trial)
        public void shutdown() {
            pool.shutdown();
        }
    }

    /** A way into it for each thread. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // the state it needs comes as an argument
    public static class StormpotTap {

        PoolTap<StormpotPool.Pooled> tap;

        /** Makes it. */
        @Setup(Level.Trial)
        public void open(StormpotTuned stormpot) {
            tap = StormpotTaps.ofThisThread(stormpot.pool);
        }
    }

    /** Commons Pool. */
    @State(Scope.Benchmark)
    public static class Commons extends Host {

        final GenericObjectPool<StampedChannel> pool = CommonsPool.of(host.connect(CONNECTIONS));
    }

    /** Reactor's pool, both ways. */
    @State(Scope.Benchmark)
    public static class Reactor extends Host {

        final InstrumentedPool<StampedChannel> pool = ReactorPool.of(host.connect(CONNECTIONS));
        final InstrumentedPool<StampedChannel> mru = ReactorPool.tunedOf(host.connect(CONNECTIONS));
    }

    /** Netty's pool, both ways. */
    @State(Scope.Benchmark)
    public static class Netty {

        final LoopbackHost host = new LoopbackHost(1);
        final EventLoop loop = host.loops().next();
        final FixedChannelPool pool = NettyPool.of(host, CONNECTIONS);
        final FixedChannelPool tuned = NettyPool.tunedOf(host, CONNECTIONS);

        /** Ends it. */
        @TearDown(Level.Trial)
        public void close() {
            host.close();
        }
    }

    /** The toolkit: an idle connection or none. */
    @Benchmark
    public Object toolkit(Toolkit toolkit) {
        Lease lease = Objects.requireNonNull(toolkit.pool.tryAcquire(), "no connection was idle");
        lease.release();
        return lease;
    }

    /** The toolkit: a future, which is complete. */
    @Benchmark
    public Object toolkitFuture(Toolkit toolkit) {
        Lease lease = toolkit.pool.acquire(ToolkitPool.FAR).join();
        lease.release();
        return lease;
    }

    /** The toolkit: the future, on an event loop that has connections. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void toolkitOnLoop(Toolkit toolkit) {
        toolkit.loop
                .submit(() -> {
                    for (int i = 0; i < BATCH; i++) {
                        toolkit.pool.acquire(ToolkitPool.FAR).join().release();
                    }
                })
                .syncUninterruptibly();
    }

    /** HikariCP's bag. */
    @Benchmark
    public Object hikariBag(Hikari hikari) throws InterruptedException {
        HikariBag.Entry entry = hikari.bag.borrow(1, TimeUnit.SECONDS);
        hikari.bag.requite(entry);
        return entry;
    }

    /** Stormpot at its defaults. */
    @Benchmark
    public Object stormpot(Stormpot stormpot) {
        StormpotPool.Pooled pooled = stormpot.pool.tryClaim();
        pooled.release();
        return pooled;
    }

    /** Stormpot at its best: a tap for each thread, nothing that expires. */
    @Benchmark
    public Object stormpotTuned(StormpotTap stormpot) {
        StormpotPool.Pooled pooled = stormpot.tap.tryClaim();
        pooled.release();
        return pooled;
    }

    /** Commons Pool. */
    @Benchmark
    public Object commonsPool2(Commons commons) throws Exception {
        StampedChannel channel = commons.pool.borrowObject();
        commons.pool.returnObject(channel);
        return channel;
    }

    /** Reactor's pool at its defaults. */
    @Benchmark
    public Object reactorPool(Reactor reactor) {
        return acquireRelease(reactor.pool);
    }

    /** Reactor's pool, the most recently used first. */
    @Benchmark
    public Object reactorPoolMru(Reactor reactor) {
        return acquireRelease(reactor.mru);
    }

    private static Object acquireRelease(InstrumentedPool<StampedChannel> pool) {
        ReactorCall call = new ReactorCall();
        pool.acquire().subscribe(call);
        PooledRef<StampedChannel> lease = call.lease();
        lease.release().subscribe();
        return lease;
    }

    /** Netty's pool, asked from a thread as it comes. */
    @Benchmark
    public Object nettyFixedChannelPool(Netty netty) {
        Channel channel = netty.pool.acquire().syncUninterruptibly().getNow();
        netty.pool.release(channel).syncUninterruptibly();
        return channel;
    }

    /** Netty's pool at its best: on its loop, and the channel is not looked at again when it is released. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void nettyFixedChannelPoolOnLoop(Netty netty) {
        netty.loop
                .submit(() -> {
                    for (int i = 0; i < BATCH; i++) {
                        netty.tuned.release(netty.tuned.acquire().getNow());
                    }
                })
                .syncUninterruptibly();
    }
}

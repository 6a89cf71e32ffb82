package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.Disposable;
import reactor.pool.InstrumentedPool;
import reactor.pool.PooledRef;

/**
 * Every connection is taken and a great many callers wait, who then give up, in an order that has nothing to do with that in
 * which they came. Measured is from the first cancel until nobody waits any more.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+UseSerialGC"})
public class CancelStormBenchmark {

    private static final int CONNECTIONS = 16;
    private static final int LOOPS = 2;
    private static final long ORDER = 42;

    /** How many wait. */
    @State(Scope.Benchmark)
    public abstract static class Waiters {

        final LoopbackHost host = new LoopbackHost(LOOPS);

        /** Their number. */
        @Param({"10000", "100000"})
        public int waiters;

        /** Ends the host. */
        @TearDown(Level.Trial)
        public void close() {
            host.close();
        }
    }

    /** The toolkit's. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // JMH sets the parameters before the pool can be made
    public static class Toolkit extends Waiters {

        private final List<CompletableFuture<Lease>> waiting = new ArrayList<>();
        private ConnectionPool pool;

        /** Opens the pool and takes all it has. */
        @Setup(Level.Trial)
        public void open() {
            PoolConfig.Builder config = PoolConfig.builder().maxPending(waiters);
            pool = ToolkitPool.of(host, CONNECTIONS, config);
            for (int i = 0; i < CONNECTIONS; i++) {
                pool.acquire(ToolkitPool.FAR).join();
            }
        }

        /** They get in line. */
        @Setup(Level.Invocation)
        public void queue() {
            waiting.clear();
            for (int i = 0; i < waiters; i++) {
                waiting.add(pool.acquire(ToolkitPool.FAR));
            }
            Collections.shuffle(waiting, new Random(ORDER));
            while (pool.stats().pending() < waiters) {
                Thread.onSpinWait();
            }
        }
    }

    /** Reactor's. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // JMH sets the parameters before the pool can be made
    public static class Reactor extends Waiters {

        private final List<Disposable> waiting = new ArrayList<>();
        private InstrumentedPool<StampedChannel> pool;

        /** Opens the pool and takes all it has. */
        @Setup(Level.Trial)
        public void open() {
            pool = ReactorPool.of(host.connect(CONNECTIONS));
            for (int i = 0; i < CONNECTIONS; i++) {
                pool.acquire().subscribe(new ReactorCall());
            }
        }

        /** They get in line. */
        @Setup(Level.Invocation)
        public void queue() {
            waiting.clear();
            for (int i = 0; i < waiters; i++) {
                waiting.add(pool.acquire().subscribe(Reactor::impossible));
            }
            Collections.shuffle(waiting, new Random(ORDER));
        }

        private static void impossible(PooledRef<StampedChannel> lease) {
            throw new IllegalStateException(lease + " was acquired, but all are taken");
        }
    }

    /** The toolkit. */
    @Benchmark
    public void toolkit(Toolkit toolkit) {
        for (CompletableFuture<Lease> waiter : toolkit.waiting) {
            waiter.cancel(false);
        }
        while (toolkit.pool.stats().pending() > 0) {
            Thread.onSpinWait();
        }
    }

    /** Reactor's pool, which has no bound on its callers here. */
    @Benchmark
    public void reactorPool(Reactor reactor) {
        for (Disposable waiter : reactor.waiting) {
            waiter.dispose();
        }
        while (reactor.pool.metrics().pendingAcquireSize() > 0) {
            Thread.onSpinWait();
        }
    }
}

package io.nettoolkit.benchmarks.pool;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * Twice as many callers as connections: threads that wait ({@code blocking}), and callers on two event loops that do not
 * ({@code async}), each of which keeps its connection for one turn of its loop. When a fork ends, it prints how long a
 * connection was on its way from one caller to the next, and the context switches of an operation.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms512m", "-Xmx512m", "-XX:+UseSerialGC"})
public class SaturatedBenchmark {

    private static final int CONNECTIONS = 16;
    private static final int CALLERS = 2 * CONNECTIONS;
    private static final int LOOPS = 2;

    /** Who waits on its thread. */
    public enum BlockingContestant {
        toolkit,
        toolkitBarging,
        hikariBag,
        stormpot,
        commonsPool2
    }

    /** What a thread does with its connection. */
    public enum Use {
        /** Nothing: a processor is what there is too little of, and threads wait where one was interrupted. */
        none {
            @Override
            void go() {}
        },
        /** Computes, for a fraction of a microsecond. */
        compute {
            @Override
            void go() {
                Blackhole.consumeCPU(TOKENS);
            }
        },
        /** Waits for an answer, so that every connection is in use and half of the threads wait for one. */
        wait {
            @Override
            void go() {
                LockSupport.parkNanos(WAIT_NANOS);
            }
        };

        private static final int TOKENS = 200;
        private static final long WAIT_NANOS = 20_000;

        abstract void go();
    }

    /** Who calls back. */
    public enum AsyncContestant {
        toolkit,
        toolkitBarging,
        nettyFixedChannelPool,
        reactorPool
    }

    /** What both have. */
    @State(Scope.Benchmark)
    public static class Host {

        final LoopbackHost host = new LoopbackHost(LOOPS);
        final HandOffs handOffs = new HandOffs();
        private boolean measuring;

        /** Leaves the warm-up out. */
        @Setup(Level.Iteration)
        public void begin(IterationParams iteration) {
            if (!measuring && iteration.getType() == IterationType.MEASUREMENT) {
                measuring = true;
                handOffs.begin();
            }
        }

        /** Prints what was seen. */
        @TearDown(Level.Trial)
        public void end() {
            System.out.println();
            System.out.println(handOffs.report());
            stop();
            host.close();
        }

        /** Has those end that call by themselves. */
        void stop() {}
    }

    /** The pool that threads wait for. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // JMH sets the parameters
    public static class Blocking extends Host {

        /** Whose it is. */
        @Param
        public BlockingContestant contestant;

        /** What a connection is used for. */
        @Param
        public Use use;

        BlockingPool connections;

        /** Opens it. */
        @Setup(Level.Trial)
        public void open() {
            connections = switch (contestant) {
                case toolkit -> BlockingPool.toolkit(ToolkitPool.of(host, CONNECTIONS));
                case toolkitBarging -> BlockingPool.toolkit(ToolkitPool.bargingOf(host, CONNECTIONS));
                case hikariBag -> BlockingPool.hikariBag(host, CONNECTIONS);
                case stormpot -> BlockingPool.stormpot(host, CONNECTIONS);
                case commonsPool2 -> BlockingPool.commonsPool2(host, CONNECTIONS);
            };
        }
    }

    /** A thread's part of the figures. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // the state it belongs to comes as an argument
    public static class Caller {

        private HandOffs.Tally tally;

        /** Joins. */
        @Setup(Level.Trial)
        public void open(Blocking blocking) {
            tally = blocking.handOffs.newTally();
        }
    }

    /** The pool of callers that do not wait. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // JMH sets the parameters
    public static class Async extends Host {

        final Laps laps = new Laps();

        /** Whose it is. */
        @Param
        public AsyncContestant contestant;

        /** Opens it. */
        @Setup(Level.Trial)
        public void open() {
            AsyncPool connections = switch (contestant) {
                case toolkit -> AsyncPool.toolkit(ToolkitPool.of(host, CONNECTIONS));
                case toolkitBarging -> AsyncPool.toolkit(ToolkitPool.bargingOf(host, CONNECTIONS));
                case nettyFixedChannelPool -> AsyncPool.nettyFixedChannelPool(host, CONNECTIONS);
                case reactorPool -> AsyncPool.reactorPool(host, CONNECTIONS);
            };
            for (int i = 0; i < CALLERS; i++) {
                new AsyncCaller(host.loops().next(), connections, handOffs.newTally(), laps).begin();
            }
        }

        /** Leaves out what the callers did between iterations. */
        @Setup(Level.Iteration)
        public void restart() {
            laps.restart();
        }

        @Override
        void stop() {
            laps.stop();
        }
    }

    /** Threads that wait. */
    @Benchmark
    @Threads(CALLERS)
    public void blocking(Blocking blocking, Caller caller) throws Exception {
        long asked = System.nanoTime();
        Object lease = blocking.connections.acquire();
        StampedChannel channel = blocking.connections.channel(lease);
        caller.tally.acquired(asked, channel);
        blocking.use.go();
        channel.releasedNanos = System.nanoTime();
        blocking.connections.release(lease);
    }

    /** Callers on event loops. */
    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(CALLERS * Laps.ROUNDS)
    public void async(Async async) {
        async.laps.await(CALLERS);
    }
}

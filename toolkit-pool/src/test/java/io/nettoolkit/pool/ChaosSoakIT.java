package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.FaultProxy;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Callers of every kind over a network that does everything a network may do, while somebody turns every knob there is. For
 * 20 s, or {@code -Dpool.soak.seconds=N}; {@code -Dpool.soak.seed=N} repeats the choices of a run, as far as threads do.
 */
@ExtendWith(LeakCheck.class)
class ChaosSoakIT {

    private static final long SECONDS = Long.getLong("pool.soak.seconds", 20);
    private static final long SEED =
            Long.getLong("pool.soak.seed", TimeSource.system().nanoTime());
    private static final int HOSTS = 3;
    private static final int MAX_TOTAL = 12;
    private static final int CALLERS = 48;

    private final TimeSource time = TimeSource.system();
    private final LinkedTransferQueue<Throwable> wrong = new LinkedTransferQueue<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong served = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong counted = new AtomicLong();
    /** Who has a channel now. */
    private final ConcurrentHashMap<Channel, Integer> holders = new ConcurrentHashMap<>();

    @Test
    void endsWithoutAChannelAWaiterOrAPermit() throws Exception {
        List<FaultProxy> proxies = new ArrayList<>();
        try (SocketHost host = new SocketHost(Transport.best())) {
            for (int i = 0; i < HOSTS; i++) {
                proxies.add(FaultProxy.to(host.address()));
            }
            KeyedConnectionPool<Integer> pool = KeyedConnectionPool.<Integer>builder((key, loop, deadline) ->
                            counted(host.connect(proxies.get(key).address(), loop)))
                    .eventLoops(host.loops.group())
                    .maxTotal(MAX_TOTAL)
                    .hostTimeout(Duration.ofMillis(20))
                    .healthCheck(ChaosSoakIT::isEchoing)
                    .config(PoolConfig.builder()
                            .maxSize(8)
                            .connectTimeout(Duration.ofMillis(250))
                            .connectBackoff(Backoff.exponential(Duration.ofMillis(1), Duration.ofMillis(50)))
                            .connectsPerSecond(0)
                            .idleTimeout(Duration.ofMillis(100))
                            .maxLifetime(Duration.ofMillis(500))
                            .validateAfterIdle(Duration.ofMillis(5))
                            .validationTimeout(Duration.ofMillis(50))
                            .probeInterval(Duration.ofMillis(20))
                            .build())
                    .build();
            run(pool, proxies);
            proxies.forEach(FaultProxy::acceptConnections);
            atRest(pool);
            assertThat(pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS)).isNotNull();
            KeyedConnectionPool.Stats end = pool.stats();
            assertThat(end.sum().total()).isZero();
            assertThat(end.sum().pending()).isZero();
            assertThat(end.waitingHosts()).isZero();
            SocketHost.await("every channel is closed", host.opened::isEmpty);
            assertThat(wrong).as("seed %d", SEED).isEmpty();
            assertThat(served.get()).as("it did serve").isPositive();
            assertThat(counted.get()).as("connections were counted").isPositive();
        } finally {
            proxies.forEach(FaultProxy::close);
        }
    }

    private CompletionStage<Channel> counted(CompletableFuture<Channel> connect) {
        return connect.thenApply(channel -> {
            open.incrementAndGet();
            channel.closeFuture().addListener(closed -> open.decrementAndGet());
            return channel;
        });
    }

    private void run(KeyedConnectionPool<Integer> pool, List<FaultProxy> proxies) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            Random random = new Random(SEED + i);
            boolean waits = i % 4 == 0;
            threads.add(new Thread(() -> call(pool, random, waits), "caller-" + i));
        }
        threads.add(new Thread(() -> breakThings(pool, proxies, new Random(SEED - 1)), "chaos"));
        threads.forEach(Thread::start);
        long end = time.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (time.nanoTime() - end < 0 && wrong.isEmpty()) {
            countAll(pool);
            LockSupport.parkNanos(1_000_000);
        }
        over.set(true);
        for (Thread thread : threads) {
            thread.join(60_000);
            assertThat(thread.isAlive())
                    .as("%s hangs (seed %d)", thread.getName(), SEED)
                    .isFalse();
        }
    }

    /**
     * Hosts are read one after the other, so a connection that ends at one while another begins one may be seen beside it.
     * Where no connection has begun or ended between two readings, there was a moment at which all that was read was true.
     */
    private void countAll(KeyedConnectionPool<Integer> pool) {
        ConnectionPool.Stats before = pool.stats().sum();
        ConnectionPool.Stats after = pool.stats().sum();
        if (begun(before) != begun(after) || ended(before) != ended(after)) {
            return;
        }
        counted.incrementAndGet();
        if (after.total() > MAX_TOTAL) {
            wrong.add(new AssertionError(after.total() + " connections in all"));
        }
    }

    private static long begun(ConnectionPool.Stats stats) {
        return stats.connecting() + stats.connects().count() + stats.connectFailures();
    }

    private static long ended(ConnectionPool.Stats stats) {
        return stats.closes().values().stream().mapToLong(Long::longValue).sum();
    }

    private void call(KeyedConnectionPool<Integer> pool, Random random, boolean waits) {
        while (!over.get() && wrong.isEmpty()) {
            int key = random.nextInt(10) < 6 ? 0 : random.nextInt(HOSTS);
            Deadline deadline = Deadline.after(Duration.ofMillis(1 + random.nextInt(200)));
            try {
                Lease lease;
                if (waits) {
                    lease = pool.acquireBlocking(key, deadline);
                } else {
                    CompletableFuture<Lease> future = pool.acquire(key, deadline);
                    if (random.nextInt(8) == 0) {
                        cancel(future, random);
                        continue;
                    }
                    lease = future.get(20, TimeUnit.SECONDS);
                }
                use(lease, random);
            } catch (Throwable failure) {
                judge(failure);
            }
        }
    }

    /** Either the cancel comes first, and there is no lease, or the lease does, and is released here. */
    private static void cancel(CompletableFuture<Lease> future, Random random) {
        for (int spins = random.nextInt(2_000); spins > 0; spins--) {
            Thread.onSpinWait();
        }
        if (!future.cancel(false)) {
            future.whenComplete((lease, failure) -> {
                if (lease != null) {
                    lease.release();
                }
            });
        }
    }

    private void use(Lease lease, Random random) {
        Channel channel = lease.channel();
        if (holders.merge(channel, 1, Integer::sum) != 1) {
            wrong.add(new AssertionError("two hold " + channel));
        }
        boolean right = isEchoing(channel).toCompletableFuture().join();
        holders.remove(channel);
        boolean ended = (right && random.nextInt(20) > 0)
                ? lease.release()
                : lease.discard(new IllegalStateException("no answer"));
        if (!ended) {
            wrong.add(new AssertionError("the lease was over before it was released"));
        }
        if (random.nextInt(10) == 0 && lease.release()) {
            wrong.add(new AssertionError("a lease was released twice"));
        }
        served.addAndGet(right ? 1 : 0);
    }

    private void judge(Throwable failure) {
        Throwable cause = failure instanceof ExecutionException ? failure.getCause() : failure;
        boolean isShutDown = cause instanceof RejectedException rejected && rejected.reason() == Reason.SHUTTING_DOWN;
        if (!isShutDown && (cause instanceof NetFailure || cause instanceof RejectedException)) {
            refused.incrementAndGet();
            // The host is down; others go on.
            LockSupport.parkNanos(100_000);
        } else {
            wrong.add(failure);
        }
    }

    private void breakThings(KeyedConnectionPool<Integer> pool, List<FaultProxy> proxies, Random random) {
        while (!over.get()) {
            FaultProxy proxy = proxies.get(random.nextInt(HOSTS));
            try {
                disturb(pool, proxy, random);
            } catch (Throwable failure) {
                wrong.add(failure);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(20)));
        }
        for (FaultProxy proxy : proxies) {
            proxy.toClient().clear();
            proxy.toTarget().clear();
        }
        pool.resume();
        pool.resizeTotal(MAX_TOTAL);
    }

    private static void disturb(KeyedConnectionPool<Integer> pool, FaultProxy proxy, Random random) {
        switch (random.nextInt(14)) {
            case 0 -> proxy.resetAll();
            case 1 -> proxy.disconnectAll();
            case 2 -> proxy.refuseConnections();
            case 3, 4 -> proxy.acceptConnections();
            case 5 -> proxy.toClient().delay(Duration.ofMillis(random.nextInt(30)));
            case 6 -> proxy.toClient().stall();
            case 7 -> proxy.toTarget().resetAt(random.nextInt(200));
            case 8 -> proxy.toClient().truncateAt(random.nextInt(200));
            case 9 -> {
                proxy.toClient().clear();
                proxy.toTarget().clear();
            }
            case 10 -> pool.retireAll(new IllegalStateException("chaos"));
            case 11 -> pool.resizeTotal(1 + random.nextInt(MAX_TOTAL));
            case 12 -> pool.resize(0, 1 + random.nextInt(8));
            default -> {
                pool.suspend();
                pool.resume();
            }
        }
    }

    /** Whether a byte comes back; the peer echoes. */
    private static CompletionStage<Boolean> isEchoing(Channel channel) {
        CompletableFuture<Boolean> came = new CompletableFuture<>();
        Echo echo = new Echo(came);
        channel.pipeline().addLast(echo);
        channel.writeAndFlush(channel.alloc().buffer(1).writeByte(7)).addListener(written -> {
            if (!written.isSuccess()) {
                came.complete(false);
            }
        });
        channel.eventLoop().schedule(() -> came.complete(false), 30, TimeUnit.MILLISECONDS);
        return came.thenApply(right -> {
            try {
                channel.pipeline().remove(echo);
            } catch (NoSuchElementException closed) {
                // A channel that is closed has let go of its handlers.
            }
            return right;
        });
    }

    private static final class Echo extends SimpleChannelInboundHandler<ByteBuf> {

        private final CompletableFuture<Boolean> came;

        Echo(CompletableFuture<Boolean> came) {
            this.came = came;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            came.complete(bytes.readableBytes() == 1);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            came.complete(false);
            context.fireChannelInactive();
        }
    }

    private void atRest(KeyedConnectionPool<Integer> pool) {
        try {
            SocketHost.await("nobody waits and nothing is in use", () -> {
                ConnectionPool.Stats stats = pool.stats().sum();
                return stats.pending() == 0 && stats.active() == 0 && stats.connecting() == 0;
            });
            SocketHost.await(
                    "idle connections end and hosts are forgotten",
                    () -> pool.stats().hosts() == 0);
        } catch (AssertionError stuck) {
            throw new AssertionError("seed " + SEED + ": " + pool.stats() + ", " + pool.statsByKey(), stuck);
        }
        assertThat(open).hasValue(0);
    }
}

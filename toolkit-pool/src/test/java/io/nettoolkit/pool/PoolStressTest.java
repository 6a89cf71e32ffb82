package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelId;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real threads, all ways in at once, and at the end everything is where it belongs. */
class PoolStressTest {

    private static final int THREADS = 6;
    private static final int ROUNDS = 4_000;
    private static final int SIZE = 3;

    private final Map<ChannelId, Thread> holders = new ConcurrentHashMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, LocalIoHandler.newFactory());
    private final Channel server = new ServerBootstrap()
            .group(loops)
            .channel(LocalServerChannel.class)
            .childHandler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel child) {}
            })
            .bind(LocalAddress.ANY)
            .syncUninterruptibly()
            .channel();

    @AfterEach
    void close() {
        server.close().syncUninterruptibly();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private CompletableFuture<Channel> connect(EventLoop loop) {
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(server.localAddress())
                .addListener((ChannelFuture done) -> {
                    mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
                    done.channel().closeFuture().addListener(closed -> open.decrementAndGet());
                    connected.complete(done.channel());
                });
        return connected;
    }

    private void use(Lease lease, SplittableRandom random) {
        Channel channel = lease.channel();
        Thread other = holders.put(channel.id(), Thread.currentThread());
        assertThat(other).as("a second holder").isNull();
        if (random.nextInt(50) == 0) {
            Thread.onSpinWait();
        }
        holders.remove(channel.id());
        if (random.nextInt(200) == 0) {
            assertThat(lease.discard(new Exception("by chance"))).isTrue();
        } else {
            assertThat(lease.release()).isTrue();
        }
    }

    private Integer work(ConnectionPool pool, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        int got = 0;
        for (int i = 0; i < ROUNDS; i++) {
            Deadline deadline = Deadline.after(Duration.ofSeconds(30));
            switch (random.nextInt(4)) {
                case 0 -> {
                    Lease lease = pool.tryAcquire();
                    if (lease != null) {
                        use(lease, random);
                        got++;
                    }
                }
                case 1 -> {
                    use(pool.acquireBlocking(deadline), random);
                    got++;
                }
                case 2 -> {
                    CompletableFuture<Lease> future = pool.acquire(deadline);
                    if (!future.cancel(false)) {
                        use(future.get(), random);
                        got++;
                    }
                }
                default -> {
                    CompletableFuture<Lease> future = pool.acquire(deadline);
                    try {
                        use(future.get(30, TimeUnit.SECONDS), random);
                        got++;
                    } catch (CancellationException | ExecutionException failure) {
                        throw new AssertionError("acquire failed", failure);
                    }
                }
            }
        }
        return got;
    }

    /** More threads than processors, which do nothing but wait and use. */
    private Integer block(ConnectionPool pool, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < ROUNDS; i++) {
            use(pool.acquireBlocking(Deadline.after(Duration.ofSeconds(30))), random);
        }
        return ROUNDS;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void servesEveryThreadThatBlocks(boolean barging) throws Exception {
        run(barging, 12, this::block);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void losesNothingAndSharesNothing(boolean barging) throws Exception {
        run(barging, THREADS, this::work);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void servesEveryCallerOnEventLoops(boolean barging) throws Exception {
        run(barging, 12, (pool, seed) -> {
            CompletableFuture<Integer> done = new CompletableFuture<>();
            EventLoop loop = loops.next();
            SplittableRandom random = new SplittableRandom(seed);
            loop.execute(() -> goOn(pool, loop, random, done, ROUNDS));
            return done.get(60, TimeUnit.SECONDS);
        });
    }

    /** Acquires, uses, and comes back when the loop comes round again. */
    private void goOn(
            ConnectionPool pool, EventLoop loop, SplittableRandom random, CompletableFuture<Integer> done, int left) {
        if (left == 0) {
            done.complete(ROUNDS);
            return;
        }
        CompletableFuture<Lease> future = pool.acquire(Deadline.after(Duration.ofSeconds(30)));
        if (random.nextInt(10) == 0 && future.cancel(false)) {
            loop.execute(() -> goOn(pool, loop, random, done, left - 1));
            return;
        }
        future.whenComplete((lease, failure) -> {
            if (failure != null) {
                done.completeExceptionally(failure);
                return;
            }
            try {
                assertThat(loop.inEventLoop()).isTrue();
                use(lease, random);
                loop.execute(() -> goOn(pool, loop, random, done, left - 1));
            } catch (Throwable failed) {
                done.completeExceptionally(failed);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void handsAConnectionToACallerOfItsLoopOnlyWhereBargingIsAllowed(boolean barging) throws Exception {
        ConnectionPool pool = pool(barging);
        List<EventLoop> callers = List.of(loops.next(), loops.next());
        List<Lease> held = new ArrayList<>();
        for (int i = 0; i < SIZE; i++) {
            held.add(lease(pool, callers.get(Math.min(i, 1))).get(20, TimeUnit.SECONDS));
        }
        List<CompletableFuture<Lease>> waiting = new ArrayList<>();
        for (EventLoop caller : callers) {
            waiting.add(lease(pool, caller));
        }
        assertThat(held.get(1).channel().eventLoop()).isSameAs(callers.get(1));

        held.get(1).release();

        CompletableFuture<Lease> served = waiting.get(barging ? 1 : 0);
        Lease lease = served.get(20, TimeUnit.SECONDS);
        assertThat(waiting).filteredOn(CompletableFuture::isDone).containsExactly(served);
        lease.release();
        waiting.get(barging ? 0 : 1).get(20, TimeUnit.SECONDS).release();
        held.get(0).release();
        held.get(2).release();
        assertThat(pool.close(Duration.ofSeconds(10)).get(20, TimeUnit.SECONDS).forced())
                .isZero();
    }

    /** As a caller on this event loop asks for it; when it returns, the caller has asked. */
    private static CompletableFuture<Lease> lease(ConnectionPool pool, EventLoop caller) throws Exception {
        return caller.submit(() -> pool.acquire(Deadline.after(Duration.ofSeconds(30))))
                .get(20, TimeUnit.SECONDS);
    }

    private interface Work {
        Integer go(ConnectionPool pool, long seed) throws Exception;
    }

    private ConnectionPool pool(boolean barging) {
        return ConnectionPool.builder("stress", (key, loop, deadline) -> connect(loop))
                .eventLoops(loops)
                .config(PoolConfig.builder()
                        .maxSize(SIZE)
                        .barging(barging)
                        .connectsPerSecond(0)
                        .build())
                .build();
    }

    private void run(boolean barging, int threads, Work work) throws Exception {
        ConnectionPool pool = pool(barging);
        List<FutureTask<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            long seed = i;
            FutureTask<Integer> task = new FutureTask<>(() -> work.go(pool, seed));
            tasks.add(task);
            new Thread(task, "stress-" + i).start();
        }
        int got = 0;
        for (FutureTask<Integer> task : tasks) {
            got += task.get(60, TimeUnit.SECONDS);
        }
        DrainReport report = pool.close(Duration.ofSeconds(10)).get(20, TimeUnit.SECONDS);

        assertThat(got).isPositive();
        assertThat(report.forced()).isZero();
        assertThat(mostOpen).hasValueLessThanOrEqualTo(SIZE);
        assertThat(open).hasValue(0);
        assertThat(pool.stats().pending()).isZero();
        assertThat(pool.stats().total()).isZero();
        assertThat(pool.stats().doubleReleases()).isZero();
    }
}

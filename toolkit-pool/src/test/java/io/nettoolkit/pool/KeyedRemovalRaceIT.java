package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Hosts that are forgotten at the very moment at which somebody asks for them again: nobody may notice. */
@ExtendWith(LeakCheck.class)
class KeyedRemovalRaceIT {

    private static final int THREADS = 6;
    private static final int ROUNDS = 600;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, LocalIoHandler.newFactory());
    private final LocalAddress address = new LocalAddress("removal-race");
    private final CyclicBarrier together = new CyclicBarrier(THREADS);
    private final LinkedTransferQueue<Throwable> wrong = new LinkedTransferQueue<>();

    @Test
    void asksAgainWhereAHostWasJustBeingForgotten() throws Exception {
        new ServerBootstrap()
                .group(loops)
                .channel(LocalServerChannel.class)
                .childHandler(new Silent())
                .bind(address)
                .syncUninterruptibly();
        KeyedConnectionPool<String> pool = KeyedConnectionPool.<String>builder(this::connect)
                .eventLoops(loops)
                .hostTimeout(Duration.ofMillis(1))
                .config(PoolConfig.builder().connectsPerSecond(0).build())
                .build();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            boolean waits = i % 2 == 0;
            threads.add(new Thread(() -> call(pool, random, waits), "caller-" + i));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join(60_000);
            assertThat(thread.isAlive())
                    .as("%s hangs: %s", thread.getName(), pool.stats())
                    .isFalse();
        }
        assertThat(wrong).isEmpty();
        System.out.println("removal race: " + pool.stats());
        SocketHost.await("all hosts are forgotten", () -> pool.stats().hosts() == 0);
        KeyedConnectionPool.Stats stats = pool.stats();
        assertThat(stats.removedHosts()).as("it did happen").isGreaterThan(10);
        assertThat(stats.sum().total()).isZero();
        assertThat(stats.sum().pending()).isZero();
        pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private void call(KeyedConnectionPool<String> pool, SplittableRandom random, boolean waits) {
        for (int round = 0; round < ROUNDS && wrong.isEmpty(); round++) {
            Deadline deadline = Deadline.after(SocketHost.PATIENCE);
            try {
                together.await(20, TimeUnit.SECONDS);
                // About as long as it takes until the host is forgotten, so that all ask at about that time.
                LockSupport.parkNanos(1_000_000 + random.nextInt(4_000_000));
                Lease lease = waits
                        ? pool.acquireBlocking("host", deadline)
                        : pool.acquire("host", deadline).get(20, TimeUnit.SECONDS);
                assertThat(lease.discard(new IllegalStateException("so that nothing is left")))
                        .isTrue();
            } catch (Throwable failure) {
                wrong.add(failure);
            }
        }
    }

    private CompletableFuture<Channel> connect(String key, EventLoop loop, Deadline deadline) {
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connect = new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .handler(new Silent())
                .connect(address);
        connect.addListener(done -> {
            if (done.isSuccess()) {
                connected.complete(connect.channel());
            } else {
                connected.completeExceptionally(done.cause());
            }
        });
        return connected;
    }

    @ChannelHandler.Sharable
    private static final class Silent extends ChannelInboundHandlerAdapter {}
}

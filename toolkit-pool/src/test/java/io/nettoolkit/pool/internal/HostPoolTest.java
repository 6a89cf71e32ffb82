package io.nettoolkit.pool.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Listener;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a pool of many hosts needs of a host's: a shared cap, and room made for others. */
class HostPoolTest {

    private final ManualTime time = ManualTime.create();
    private final TimeSource timeSource = TimeSource.of(time.ticker());
    private final EventLoopGroup loops = time.newEventLoopGroup();
    private final Cap cap = new Cap();

    private static final class Cap implements Permits {
        int free = 2;
        HostPool<?> next;
        Runnable within = () -> {};

        @Override
        public boolean tryTake() {
            within.run();
            if (free == 0) {
                return false;
            }
            free--;
            return true;
        }

        @Override
        public void giveBack() {
            HostPool<?> host = next;
            next = null;
            if (host == null) {
                free++;
            } else {
                host.grantPermit();
            }
        }

        @Override
        public void want(HostPool<?> host) {
            next = host;
        }
    }

    @AfterEach
    void close() {
        time.close();
    }

    private HostPool<String> host(String name, int minIdle) {
        HostPool<String> host = new HostPool<>(
                name,
                (key, loop, deadline) -> CompletableFuture.completedFuture((Channel) new EmbeddedChannel()),
                new HostPool.Parts(
                        name,
                        PoolConfig.builder().minIdle(minIdle).build(),
                        loops,
                        null,
                        Listener.NONE,
                        timeSource,
                        new SplittableRandom(1)),
                cap);
        host.start();
        return host;
    }

    private CompletableFuture<Lease> acquire(HostPool<String> host) {
        return host.acquire(Deadline.after(Duration.ofSeconds(5), timeSource));
    }

    @Test
    void waitsForItsTurnAtTheCap() {
        HostPool<String> one = host("one", 0);
        HostPool<String> two = host("two", 0);
        one.control().warmUp(2);
        assertThat(cap.free).isZero();
        acquire(two);
        assertThat(cap.next).isSameAs(two);
        assertThat(two.stats().total()).isZero();

        assertThat(one.eviction().evictOldest()).isTrue();

        assertThat(two.stats().active()).isEqualTo(1);
        assertThat(one.stats().total()).isEqualTo(1);
        assertThat(one.stats().closes()).containsEntry(CloseCause.EVICTED, 1L);
    }

    @Test
    void givesBackAPermitItHasNoUseFor() {
        HostPool<String> one = host("one", 0);
        cap.free = 0;
        one.grantPermit();
        assertThat(cap.free).isEqualTo(1);
        assertThat(one.key()).isEqualTo("one");
    }

    @Test
    void evictsWhatWasIdleLongestAndKeepsItsMinimum() {
        HostPool<String> one = host("one", 1);
        assertThat(one.isEmpty()).isFalse();
        one.control().warmUp(2);
        long warm = timeSource.nanoTime();
        time.advance(Duration.ofSeconds(1));
        Lease used = one.tryAcquire();
        used.release();

        assertThat(one.eviction().oldestNanos()).isEqualTo(warm);
        assertThat(one.eviction().evictOldest()).isTrue();
        assertThat(used.isReused()).isFalse();
        assertThat(one.stats().idle()).isEqualTo(1);
        assertThat(one.tryAcquire().channel()).isNotNull();
        assertThat(one.eviction().evictOldest()).as("the minimum stays").isFalse();
        assertThat(one.eviction().oldestNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void isEmptyWithoutConnectionsAndCallers() {
        HostPool<String> one = host("one", 0);
        assertThat(one.isEmpty()).isTrue();
        acquire(one);
        assertThat(one.isEmpty()).isFalse();
    }

    @Test
    void givesNothingOutOnceCloseHasReturned() throws Exception {
        HostPool<String> one = host("one", 0);
        one.control().warmUp(1);
        assertThat(one.stats().idle()).isEqualTo(1);
        List<Lease> given = new ArrayList<>();
        // Another thread closes while this one is in the section, which it cannot enter.
        cap.within = () -> {
            Thread closer = new Thread(() -> {
                one.control().close(Duration.ofHours(1));
                Lease lease = one.tryAcquire();
                if (lease != null) {
                    given.add(lease);
                }
            });
            closer.start();
            join(closer);
        };
        one.control().warmUp(2);

        assertThat(given).isEmpty();
        assertThatThrownBy(() -> one.acquireBlocking(Deadline.after(Duration.ofSeconds(5), timeSource)))
                .isInstanceOf(RejectedException.class);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Event loops that know their timers. */
    private static final class Timers extends MultiThreadIoEventLoopGroup {

        private final Map<EventLoop, Queue<Future<?>>> timers = new ConcurrentHashMap<>();

        Timers(int threads) {
            super(threads, LocalIoHandler.newFactory());
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory ioHandlerFactory, Object... args) {
            return new SingleThreadIoEventLoop(this, executor, ioHandlerFactory) {
                @Override
                public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
                    ScheduledFuture<?> timer = super.schedule(command, delay, unit);
                    Timers.this
                            .timers
                            .computeIfAbsent(this, loop -> new ConcurrentLinkedQueue<>())
                            .add(timer);
                    return timer;
                }
            };
        }

        long pending(EventLoop loop) {
            return timers.getOrDefault(loop, new ConcurrentLinkedQueue<>()).stream()
                    .filter(timer -> !timer.isDone())
                    .count();
        }

        HostPool<String> pool(PoolConfig.Builder config) {
            HostPool<String> pool = new HostPool<>(
                    "timed",
                    (key, loop, deadline) -> CompletableFuture.completedFuture((Channel) new EmbeddedChannel()),
                    new HostPool.Parts(
                            "timed",
                            config.build(),
                            this,
                            null,
                            Listener.NONE,
                            TimeSource.system(),
                            new SplittableRandom(1)),
                    Permits.UNLIMITED);
            pool.start();
            pool.control().warmUp(1);
            return pool;
        }
    }

    @Test
    void leavesNoTimerBehind() {
        Timers timers = new Timers(1);
        try {
            HostPool<String> watched = timers.pool(PoolConfig.builder().leakDetection(Duration.ofMinutes(1)));
            assertThat(timers.pending(watched.home())).isEqualTo(2);

            assertThat(watched.control().close(Duration.ZERO)).succeedsWithin(Duration.ofSeconds(10));

            assertThat(timers.pending(watched.home())).isZero();
        } finally {
            timers.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void spreadsTheTimersOfPoolsOverTheEventLoops() {
        Timers timers = new Timers(2);
        try {
            HostPool<String> one = timers.pool(PoolConfig.builder());
            // One for its connection, so that the next pool begins with the other loop.
            timers.next();
            HostPool<String> two = timers.pool(PoolConfig.builder());

            assertThat(one.home()).isNotSameAs(two.home());
            assertThat(timers.pending(one.home())).isEqualTo(1);
            assertThat(timers.pending(two.home())).isEqualTo(1);
        } finally {
            timers.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}

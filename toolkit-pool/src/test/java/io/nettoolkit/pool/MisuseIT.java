package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Users' code that throws, hangs, releases what is not its own, or asks from within a callback. */
@ExtendWith(LeakCheck.class)
class MisuseIT {

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void goesOnWhereListenerAndHealthCheckThrow(Transport transport) throws Exception {
        AtomicInteger heard = new AtomicInteger();
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .listener(new Furious(heard))
                        .healthCheck(channel -> {
                            throw new IllegalStateException("a health check that throws");
                        })
                        .config(PoolConfig.builder()
                                .validateAfterIdle(Duration.ZERO)
                                .maxSize(2)
                                .build())
                        .build()) {
            for (int i = 0; i < 10; i++) {
                try (Lease lease = pool.acquireBlocking(SocketHost.soon())) {
                    assertThat(lease.channel().isActive()).isTrue();
                }
            }
            pool.retire(address -> {
                throw new IllegalStateException("a predicate that throws");
            });
            pool.acquireBlocking(SocketHost.soon()).release();
            assertThat(heard.get()).isPositive();
            close(pool);
        }
    }

    /** One that throws whatever it hears. */
    private static final class Furious implements ConnectionPool.Listener {

        private final AtomicInteger heard;

        Furious(AtomicInteger heard) {
            this.heard = heard;
        }

        @Override
        public void onConnect(Object key, Channel channel, Duration elapsed) {
            rage();
        }

        @Override
        public void onClose(Object key, Channel channel, ConnectionPool.CloseCause cause, Throwable failure) {
            rage();
        }

        @Override
        public void onDrain(Object key, DrainReport report) {
            rage();
        }

        private void rage() {
            heard.incrementAndGet();
            throw new IllegalStateException("a listener that throws");
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void takesAConnectionBackOnce(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool().build()) {
            Lease lease = pool.acquireBlocking(SocketHost.soon());
            Channel channel = lease.channel();
            boolean[] released = new boolean[1];
            Thread other = new Thread(() -> released[0] = lease.release(), "another");
            other.start();
            other.join();
            assertThat(released[0]).isTrue();
            assertThat(lease.release()).isFalse();
            assertThat(lease.discard(new IllegalStateException("too late"))).isFalse();
            assertThat(channel.isOpen()).isTrue();
            assertThatIllegalStateException().isThrownBy(lease::channel);

            Lease next = pool.acquireBlocking(SocketHost.soon());
            assertThat(next.channel()).isSameAs(channel);
            assertThat(lease.release())
                    .as("the old lease of a connection in use")
                    .isFalse();
            assertThat(next.channel()).isSameAs(channel);
            assertThat(pool.stats().doubleReleases()).isEqualTo(3);

            CompletableFuture<DrainReport> closed = pool.close(Duration.ofSeconds(20));
            assertThat(next.release()).as("after the pool was closed").isTrue();
            assertThat(closed.get(20, TimeUnit.SECONDS).forced()).isZero();
            assertThat(next.release()).isFalse();
            assertThat(pool.stats().total()).isZero();
        }
    }

    @Test
    void takesAConnectionBackOnceHoweverManyReleaseItAtATime() throws Exception {
        int threads = 4;
        int rounds = 5_000;
        try (SocketHost host = new SocketHost(Transport.NIO);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder().maxSize(1).build())
                        .build()) {
            Lease[] current = {pool.acquireBlocking(SocketHost.soon())};
            AtomicInteger successes = new AtomicInteger();
            CyclicBarrier all = new CyclicBarrier(threads, () -> {
                if (successes.getAndSet(0) > 1) {
                    throw new IllegalStateException("two releases succeeded");
                }
                Lease next = pool.tryAcquire();
                current[0] = next == null ? current[0] : next;
            });
            List<CompletableFuture<Void>> ended = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                ended.add(CompletableFuture.runAsync(
                        () -> {
                            for (int round = 0; round < rounds; round++) {
                                await(all);
                                successes.addAndGet(current[0].release() ? 1 : 0);
                            }
                        },
                        runnable -> new Thread(runnable, "releasing").start()));
            }
            for (CompletableFuture<Void> one : ended) {
                one.get(60, TimeUnit.SECONDS);
            }
            assertThat(pool.stats().doubleReleases()).isPositive();
            close(pool);
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** However deep the chain, the stack does not grow with it. */
    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void mayBeAskedWithinTheCallbacksOfAReleaseAndOfAnAcquire(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder()
                                .maxSize(1)
                                .maxPending(20_000)
                                .build())
                        .build()) {
            Lease first = pool.acquireBlocking(SocketHost.soon());
            AtomicInteger left = new AtomicInteger(10_000);
            CompletableFuture<Void> done = new CompletableFuture<>();
            for (int i = 0; i < 10_000; i++) {
                pool.acquire(SocketHost.soon()).thenAccept(lease -> {
                    // The next one waits already, and is served by this release.
                    pool.acquire(SocketHost.soon()).thenAccept(Lease::release);
                    lease.release();
                    if (left.decrementAndGet() == 0) {
                        done.complete(null);
                    }
                });
            }
            first.release();
            done.get(60, TimeUnit.SECONDS);
            SocketHost.await("all are served", () -> pool.stats().acquired() == 20_001);
            close(pool);
        }
    }

    @Test
    void survivesStormsOfCancels() throws Exception {
        int waiters = 100_000;
        try (SocketHost host = new SocketHost(Transport.best());
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder()
                                .maxSize(2)
                                .maxPending(waiters)
                                .build())
                        .build()) {
            List<Lease> leases =
                    List.of(pool.acquireBlocking(SocketHost.soon()), pool.acquireBlocking(SocketHost.soon()));
            List<CompletableFuture<Lease>> waiting = new ArrayList<>();
            for (int i = 0; i < waiters; i++) {
                waiting.add(pool.acquire(SocketHost.soon()));
            }
            Collections.shuffle(waiting, new Random(1));
            AtomicInteger cancelled = new AtomicInteger();
            CountDownLatch begun = new CountDownLatch(1);
            List<Thread> cancelling = new ArrayList<>();
            for (int part = 0; part < 4; part++) {
                List<CompletableFuture<Lease>> its = waiting.subList(part * waiters / 4, (part + 1) * waiters / 4);
                Thread thread = new Thread(
                        () -> {
                            begun.countDown();
                            its.forEach(one -> cancelled.addAndGet(one.cancel(false) ? 1 : 0));
                        },
                        "cancelling-" + part);
                cancelling.add(thread);
                thread.start();
            }
            begun.await();
            leases.forEach(Lease::release);
            for (Thread thread : cancelling) {
                thread.join();
            }
            SocketHost.await("nobody waits", () -> pool.stats().pending() == 0);
            int served = 0;
            for (CompletableFuture<Lease> one : waiting) {
                if (!one.isCancelled()) {
                    one.get(20, TimeUnit.SECONDS).release();
                    served++;
                }
            }
            assertThat(cancelled.get() + served)
                    .as("each had one or was cancelled")
                    .isEqualTo(waiters);
            SocketHost.await("both are idle again", () -> pool.stats().idle() == 2);
            pool.acquireBlocking(SocketHost.soon()).release();
            close(pool);
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void shrinksBelowWhatIsLeasedAsThatComesBack(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool().build()) {
            List<Lease> leases = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                leases.add(pool.acquireBlocking(SocketHost.soon()));
            }
            CompletableFuture<Lease> waiting = pool.acquire(SocketHost.soon());
            pool.resize(0, 2);
            for (Lease lease : leases.subList(0, 6)) {
                assertThat(lease.channel().isOpen()).as("nobody is cut off").isTrue();
                assertThat(lease.release()).isTrue();
            }
            SocketHost.await("two are left", () -> pool.stats().total() <= 3);
            leases.subList(6, 8).forEach(Lease::release);
            waiting.get(20, TimeUnit.SECONDS).release();
            SocketHost.await("two at most", () -> pool.stats().total() <= 2);
            assertThat(host.mostConnecting.get()).isLessThanOrEqualTo(8);
            close(pool);
        }
    }

    /** Only the pool's clock leaps; the timers of the loops go on as if nothing had happened. */
    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void getsOverLeapsOfTheClock(Transport transport) throws Exception {
        MockTicker clock = Ticker.newMockTicker();
        clock.advance(1, TimeUnit.SECONDS);
        TimeSource time = TimeSource.of(clock);
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .timeSource(time)
                        .config(PoolConfig.builder().maxSize(1).build())
                        .build()) {
            Deadline far = Deadline.after(Duration.ofDays(400), time);
            for (int leap = 0; leap < 5; leap++) {
                Lease lease = pool.acquireBlocking(far);
                CompletableFuture<Lease> patient = pool.acquire(far);
                CompletableFuture<Lease> late = pool.acquire(Deadline.after(Duration.ofSeconds(5), time));
                clock.advance(30, TimeUnit.DAYS);
                assertThat(lease.release()).isTrue();
                SocketHost.await("whose time is over is told", late::isDone);
                late.exceptionally(timedOut -> null).thenAccept(MisuseIT::release);
                patient.get(20, TimeUnit.SECONDS).release();
            }
            close(pool);
        }
    }

    private static void release(Lease lease) {
        if (lease != null) {
            lease.release();
        }
    }

    @Test
    @Tag("blocks-loop")
    void servesOthersWhileOneEventLoopIsBlocked() throws Exception {
        try (SocketHost host = new SocketHost(Transport.best());
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder().maxSize(8).build())
                        .build()) {
            assertThat(pool.warmUp(8).get(20, TimeUnit.SECONDS)).isEqualTo(8);
            EventLoop blocked = host.loops.next();
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            blocked.execute(() -> {
                begun.countDown();
                try {
                    end.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            begun.await();
            List<Lease> leases = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                leases.add(pool.acquireBlocking(SocketHost.soon()));
            }
            leases.forEach(Lease::release);
            end.countDown();
            close(pool);
        }
    }

    private static void close(ConnectionPool pool) throws Exception {
        pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
        ConnectionPool.Stats end = pool.stats();
        assertThat(end.total()).isZero();
        assertThat(end.pending()).isZero();
    }
}

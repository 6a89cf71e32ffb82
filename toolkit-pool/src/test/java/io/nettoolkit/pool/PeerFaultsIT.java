package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.Transport;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Peers that close or speak at the wrong moment. */
@ExtendWith(LeakCheck.class)
class PeerFaultsIT {

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void noticesAPeerThatClosesAnIdleConnection(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool().build()) {
            Channel first = useOnce(host, pool);
            host.closeAll();
            SocketHost.await("it is gone", () -> pool.stats().total() == 0);
            assertThat(pool.tryAcquire()).isNull();
            assertThat(pool.stats().closes()).containsEntry(CloseCause.LOST, 1L);

            Lease next = pool.acquireBlocking(SocketHost.soon());
            assertThat(next.channel()).isNotSameAs(first);
            next.release();
            pool.close(Duration.ZERO).join();
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void noticesAPeerThatResetsAnIdleConnection(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool().build()) {
            useOnce(host, pool);
            host.resetAll();
            SocketHost.await("it is gone", () -> pool.stats().total() == 0);
            assertThat(pool.stats().closes()).containsEntry(CloseCause.LOST, 1L);
            assertThat(pool.acquireBlocking(SocketHost.soon()).release()).isTrue();
            pool.close(Duration.ZERO).join();
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void replacesWhatAPeerClosesWhileCallersWaitForIt(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder()
                                .maxSize(4)
                                .connectsPerSecond(0)
                                .build())
                        .build()) {
            AtomicInteger served = new AtomicInteger();
            int callers = 2_000;
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                all.add(new CompletableFuture<>());
            }
            int waiting = 500;
            for (int i = 0; i < waiting; i++) {
                serve(host, pool, all, i, served);
            }
            for (int i = 0; i < 20; i++) {
                int before = served.get();
                SocketHost.await("calls are served", () -> served.get() > before || served.get() == callers);
                if (i % 2 == 0) {
                    host.closeAll();
                } else {
                    host.resetAll();
                }
            }
            for (CompletableFuture<Void> one : all) {
                one.get(20, TimeUnit.SECONDS);
            }
            assertThat(served).hasValue(callers);
            pool.close(Duration.ZERO).join();
            assertThat(pool.stats().total()).isZero();
        }
    }

    private static void serve(
            SocketHost host, ConnectionPool pool, List<CompletableFuture<Void>> all, int index, AtomicInteger served) {
        pool.acquire(SocketHost.soon()).whenComplete((lease, failure) -> {
            if (failure instanceof NetException unreachable && unreachable.isRetryable()) {
                // Three connects in a row can end with the others: then whoever waits is told, and asks again.
                host.loops.group().schedule(() -> serve(host, pool, all, index, served), 1, TimeUnit.MILLISECONDS);
                return;
            }
            if (failure != null) {
                all.get(index).completeExceptionally(failure);
                return;
            }
            lease.channel().eventLoop().execute(() -> {
                lease.release();
                served.incrementAndGet();
                all.get(index).complete(null);
                int next = index + 500;
                if (next < all.size()) {
                    serve(host, pool, all, next, served);
                }
            });
        });
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void findsAnotherWhereThePeerClosesDuringAHealthCheck(Transport transport) throws Exception {
        CompletableFuture<Boolean> neverAnswered = new CompletableFuture<>();
        AtomicInteger checks = new AtomicInteger();
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .healthCheck(channel -> {
                            checks.incrementAndGet();
                            return neverAnswered;
                        })
                        .config(PoolConfig.builder()
                                .maxSize(1)
                                .validateAfterIdle(Duration.ZERO)
                                .validationTimeout(Duration.ofMinutes(5))
                                .build())
                        .build()) {
            Channel first = useOnce(host, pool);
            assertThat(pool.tryAcquire())
                    .as("one that needs a check is passed over")
                    .isNull();
            CompletableFuture<Lease> waiting = pool.acquire(SocketHost.soon());
            SocketHost.await("it is being checked", () -> checks.get() > 0);
            assertThat(waiting).isNotDone();

            host.closeAll();
            Lease other = waiting.get(20, TimeUnit.SECONDS);
            assertThat(other.channel()).isNotSameAs(first);
            assertThat(other.isReused()).isFalse();
            neverAnswered.complete(true);
            other.release();
            pool.close(Duration.ZERO).join();
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void neverHandsOutAConnectionOnWhichBytesCameUnasked(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool().build()) {
            Channel first = useOnce(host, pool);
            host.babble();
            SocketHost.await("it is closed", () -> !first.isOpen());
            SocketHost.await(
                    "and counted", () -> pool.stats().closes().getOrDefault(CloseCause.DESYNCHRONISED, 0L) == 1);
            Lease next = pool.acquireBlocking(SocketHost.soon());
            assertThat(next.channel()).isNotSameAs(first);
            // While it is in use the peer may say what it likes.
            host.babble();
            assertThat(next.channel().isOpen()).isTrue();
            next.discard(new IllegalStateException("an answer to nothing"));
            pool.close(Duration.ZERO).join();
        }
    }

    @Test
    void letsPeersTalkWhereTheGuardIsOff() throws Exception {
        try (SocketHost host = new SocketHost(Transport.NIO);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder().idleGuard(false).build())
                        .build()) {
            Channel first = useOnce(host, pool);
            host.babble();
            Lease next = pool.acquireBlocking(SocketHost.soon());
            assertThat(next.channel()).isSameAs(first);
            next.release();
            pool.close(Duration.ZERO).join();
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void findsAHalfOpenPeerByItsHealthCheck(Transport transport) throws Exception {
        AtomicInteger checks = new AtomicInteger();
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .healthCheck(channel -> {
                            checks.incrementAndGet();
                            return new CompletableFuture<>();
                        })
                        .config(PoolConfig.builder()
                                .validateAfterIdle(Duration.ZERO)
                                .validationTimeout(Duration.ofMillis(50))
                                .build())
                        .build()) {
            Channel silent = useOnce(host, pool);
            Lease next = pool.acquireBlocking(SocketHost.soon());
            assertThat(next.channel()).isNotSameAs(silent);
            SocketHost.await("the silent one is closed", () -> !silent.isOpen());
            assertThat(pool.stats().closes()).containsEntry(CloseCause.UNHEALTHY, 1L);
            next.release();
            pool.close(Duration.ZERO).join();
        }
    }

    private static Channel useOnce(SocketHost host, ConnectionPool pool) throws Exception {
        Lease lease = pool.acquireBlocking(SocketHost.soon());
        Channel channel = lease.channel();
        SocketHost.await("the server has seen it as well", () -> host.openConnections() == 1);
        assertThat(lease.release()).isTrue();
        return channel;
    }
}

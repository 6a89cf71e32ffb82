package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Connects that fail, hang, come late or come when nobody wants them any more. */
@ExtendWith(LeakCheck.class)
class ConnectFaultsIT {

    private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(10));

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void failsItsCallersWhereConnectsAreRefusedAndRecovers(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder().connectBackoff(SHORT).build())
                        .build()) {
            host.stop();
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(() -> pool.acquireBlocking(SocketHost.soon()))
                        .isInstanceOfSatisfying(
                                NetException.class,
                                failure -> assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED));
            }
            host.start();
            SocketHost.await("the host counts as up again", () -> {
                Lease lease = acquireNow(pool);
                return lease != null && lease.release();
            });
            close(pool);
        }
    }

    @Test
    void freesThePlaceOfAConnectIntoNowhere() throws Exception {
        try (SocketHost host = new SocketHost(Transport.best());
                BlackHole nowhere = new BlackHole();
                ConnectionPool pool = ConnectionPool.builder(
                                "nowhere", (key, loop, deadline) -> host.connect(nowhere.address(), loop))
                        .eventLoops(host.loops.group())
                        .config(PoolConfig.builder()
                                .maxSize(1)
                                .connectTimeout(Duration.ofMillis(200))
                                .connectBackoff(SHORT)
                                .build())
                        .build()) {
            assertThatThrownBy(() -> pool.acquireBlocking(Deadline.after(Duration.ofMillis(50))))
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.ACQUIRE_TIMEOUT));
            assertThatThrownBy(() -> pool.acquireBlocking(SocketHost.soon()))
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.CONNECT_TIMEOUT));
            assertThat(pool.stats().connectFailures()).isPositive();
            close(pool);
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void waitsForASlowConnect(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = later(host, Duration.ofMillis(200)).build()) {
            Lease lease = pool.acquireBlocking(SocketHost.soon());
            assertThat(lease.channel().isActive()).isTrue();
            assertThat(pool.stats().connects().longest()).isGreaterThanOrEqualTo(Duration.ofMillis(200));
            lease.release();
            close(pool);
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void keepsAConnectionThatComesAfterItsCallerHasGone(Transport transport) throws Exception {
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = later(host, Duration.ofMillis(50)).build()) {
            CompletableFuture<Lease> gone = pool.acquire(SocketHost.soon());
            assertThat(gone.cancel(false)).isTrue();
            SocketHost.await("it is idle", () -> pool.stats().idle() == 1);
            Lease lease = pool.tryAcquire();
            assertThat(lease).isNotNull();
            assertThat(lease.isReused()).as("nobody has had it before").isFalse();
            lease.release();
            assertThat(host.connects).hasValue(1);
            close(pool);
        }
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void closesAConnectionThatComesAfterThePoolWasClosed(Transport transport) {
        ConcurrentLinkedQueue<CompletableFuture<Channel>> under = new ConcurrentLinkedQueue<>();
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = ConnectionPool.builder("late", (key, loop, deadline) -> {
                            CompletableFuture<Channel> held = new CompletableFuture<>();
                            under.add(held);
                            return held;
                        })
                        .eventLoops(host.loops.group())
                        .build()) {
            CompletableFuture<Lease> waiting = pool.acquire(SocketHost.soon());
            SocketHost.await("a connect is under way", () -> !under.isEmpty());
            CompletableFuture<?> closed = pool.close(Duration.ZERO);
            SocketHost.await("the caller is refused", waiting::isDone);
            assertThatThrownBy(waiting::join).hasCauseInstanceOf(RejectedException.class);

            Channel late = host.connect(host.address(), host.loops.next()).join();
            under.remove().complete(late);
            SocketHost.await("the late one is closed", () -> !late.isOpen());
            SocketHost.await("the pool is closed", closed::isDone);
            assertThat(pool.stats().total()).isZero();
        }
    }

    @Test
    void countsAConnectorThatThrowsOrAnswersNothingAsAFailedConnect() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (SocketHost host = new SocketHost(Transport.NIO);
                ConnectionPool pool = ConnectionPool.builder(
                                "host", (key, loop, deadline) -> switch (asked.incrementAndGet()) {
                                    case 1 -> throw new IllegalStateException("a connector that throws");
                                    case 2 -> nothing();
                                    case 3 -> CompletableFuture.completedFuture(nothing());
                                    default -> host.connect(key, loop, deadline);
                                })
                        .eventLoops(host.loops.group())
                        .config(PoolConfig.builder().connectBackoff(SHORT).build())
                        .build()) {
            SocketHost.await("a connect succeeds", () -> {
                Lease lease = acquireNow(pool);
                return lease != null && lease.release();
            });
            assertThat(pool.stats().connectFailures()).isEqualTo(3);
            close(pool);
        }
    }

    @SuppressWarnings("TypeParameterUnusedInFormals")
    private static <T> T nothing() {
        return null;
    }

    @ParameterizedTest
    @MethodSource("io.nettoolkit.pool.SocketHost#transports")
    void makesNoStormOfConnectsWhenAServerRestarts(Transport transport) throws Exception {
        int connections = 100;
        try (SocketHost host = new SocketHost(transport);
                ConnectionPool pool = host.pool()
                        .config(PoolConfig.builder()
                                .maxSize(connections)
                                .maxConnecting(4)
                                .connectsPerSecond(0)
                                .build())
                        .build()) {
            assertThat(pool.warmUp(connections).get(20, TimeUnit.SECONDS)).isEqualTo(connections);
            int before = host.connects.get();
            host.stop();
            host.closeAll();
            SocketHost.await("all are gone", () -> pool.stats().total() == 0);
            List<CompletableFuture<Lease>> hopeless = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                hopeless.add(pool.acquire(SocketHost.soon()));
            }
            SocketHost.await("all of them are told", () -> hopeless.stream().allMatch(CompletableFuture::isDone));
            assertThat(host.connects.get() - before)
                    .as("a thousand callers, and it does not knock a thousand times")
                    .isLessThan(50);
            assertThat(host.mostConnecting.get()).isLessThanOrEqualTo(4);

            host.start();
            SocketHost.await("it is up again", () -> {
                Lease lease = acquireNow(pool);
                return lease != null && lease.release();
            });
            List<CompletableFuture<Lease>> all = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                all.add(pool.acquire(SocketHost.soon()));
            }
            for (CompletableFuture<Lease> each : all) {
                each.get(20, TimeUnit.SECONDS);
            }
            all.forEach(each -> each.join().release());
            assertThat(host.mostConnecting.get()).isLessThanOrEqualTo(4);
            close(pool);
        }
    }

    @Test
    void endsWhenItsEventLoopsAreShutDownUnderneath() {
        SocketHost host = new SocketHost(Transport.NIO);
        ConnectionPool pool =
                host.pool().config(PoolConfig.builder().maxSize(2).build()).build();
        Lease lease = pool.acquire(SocketHost.soon()).join();
        CompletableFuture<Lease> second = pool.acquire(SocketHost.soon());
        second.join();
        CompletableFuture<Lease> waiting = pool.acquire(SocketHost.soon());
        host.close();

        SocketHost.await("nobody waits for ever", waiting::isDone);
        assertThat(waiting).isCompletedExceptionally();
        lease.release();
        second.join().release();
        CompletableFuture<Lease> later = pool.acquire(SocketHost.soon());
        SocketHost.await("whoever comes later is told as well", later::isDone);
        assertThat(later).isCompletedExceptionally();
        assertThatThrownBy(() -> pool.acquireBlocking(SocketHost.soon())).isInstanceOf(Exception.class);
        assertThat(pool.tryAcquire()).isNull();
        CompletableFuture<?> closed = pool.close(Duration.ofSeconds(1));
        SocketHost.await("close ends", closed::isDone);
    }

    private static ConnectionPool.Builder later(SocketHost host, Duration delay) {
        Connector<String> slow = (key, loop, deadline) -> {
            CompletableFuture<Channel> connected = new CompletableFuture<>();
            loop.schedule(() -> connectInto(host, loop, connected), delay.toNanos(), TimeUnit.NANOSECONDS);
            return connected;
        };
        return ConnectionPool.builder("slow", slow).eventLoops(host.loops.group());
    }

    private static void connectInto(SocketHost host, EventLoop loop, CompletableFuture<Channel> connected) {
        host.connect(host.address(), loop).whenComplete((channel, failure) -> {
            if (failure == null) {
                connected.complete(channel);
            } else {
                connected.completeExceptionally(failure);
            }
        });
    }

    /** A lease, or null where the pool says no. */
    private static Lease acquireNow(ConnectionPool pool) {
        try {
            return pool.acquire(SocketHost.soon()).join();
        } catch (CompletionException refused) {
            return null;
        }
    }

    private static void close(ConnectionPool pool) {
        pool.close(Duration.ZERO).join();
        ConnectionPool.Stats end = pool.stats();
        assertThat(end.total()).isZero();
        assertThat(end.pending()).isZero();
    }

    /** A port that answers no connect: its queue is full, and the system drops what comes. */
    private static final class BlackHole implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final List<Socket> queue = new ArrayList<>();

        BlackHole() throws Exception {
            for (int i = 0; i < 16; i++) {
                Socket socket = new Socket();
                queue.add(socket);
                try {
                    socket.connect(address(), 100);
                } catch (SocketTimeoutException full) {
                    return;
                }
            }
            throw new IllegalStateException("the queue never filled");
        }

        InetSocketAddress address() {
            return (InetSocketAddress) server.getLocalSocketAddress();
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : queue) {
                socket.close();
            }
            server.close();
        }
    }
}

package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Listener;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Connectors, checks, listeners and peers that misbehave. */
@ExtendWith(LeakCheck.class)
class PoolFaultsTest {

    private final PoolRig rig = new PoolRig(2);
    private final PoolConfig.Builder config = PoolConfig.builder();

    @AfterEach
    void close() {
        rig.close();
    }

    private static Throwable failure(CompletableFuture<?> failed) {
        assertThat(failed).isCompletedExceptionally();
        return failed.handle((value, cause) -> cause).join();
    }

    private CompletableFuture<Lease> acquire(ConnectionPool pool) {
        CompletableFuture<Lease> lease = pool.acquire(rig.soon());
        rig.settle();
        return lease;
    }

    @Test
    void takesAConnectorThatThrowsOrAnswersNothingForAFailedConnect() {
        ConnectionPool throwing = rig.pool(config, (key, loop, deadline) -> {
                    throw new IllegalStateException("thrown by a connector");
                })
                .build();
        assertThat(failure(acquire(throwing))).hasRootCauseMessage("thrown by a connector");
        ConnectionPool nothing = rig.pool(config, (key, loop, deadline) -> null).build();
        assertThat(failure(acquire(nothing))).isInstanceOf(NetException.class);
        ConnectionPool noChannel = rig.pool(config, (key, loop, deadline) -> CompletableFuture.completedFuture(null))
                .build();
        assertThat(failure(acquire(noChannel))).hasRootCauseMessage("the connector completed without a channel");
        assertThat(noChannel.stats().connectFailures()).isEqualTo(1);
    }

    @Test
    void tellsWhyAConnectFailed() {
        ConnectionPool pool = rig.pool(
                        config,
                        (key, loop, deadline) -> CompletableFuture.failedFuture(new ConnectException("refused")))
                .build();
        NetException failure = (NetException) failure(acquire(pool));
        assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED);
        assertThat(failure.isRetryable()).isTrue();
    }

    @Test
    void closesAChannelThatComesTooLate() {
        Queue<CompletableFuture<Channel>> stuck = new LinkedTransferQueue<>();
        ConnectionPool pool = rig.pool(config.connectTimeout(Duration.ofSeconds(1)), (key, loop, deadline) -> {
                    stuck.add(new CompletableFuture<>());
                    return stuck.peek();
                })
                .build();
        CompletableFuture<Lease> waiter = acquire(pool);

        rig.advance(Duration.ofSeconds(1));
        assertThat(((NetException) failure(waiter)).kind()).isEqualTo(Kind.CONNECT_TIMEOUT);
        Channel late = rig.connect("orders", rig.loops.next(), rig.soon())
                .toCompletableFuture()
                .join();
        stuck.remove().complete(late);
        rig.settle();
        assertThat(late.isOpen()).isFalse();
        assertThat(pool.stats().total()).isZero();
    }

    @Test
    void closesAChannelThatComesAfterTheClose() {
        CompletableFuture<Channel> slow = new CompletableFuture<>();
        ConnectionPool pool = rig.pool(config, (key, loop, deadline) -> slow).build();
        CompletableFuture<Lease> waiter = acquire(pool);

        pool.close();
        rig.settle();
        assertThat(failure(waiter)).isInstanceOf(RejectedException.class);
        Channel late = rig.connect("orders", rig.loops.next(), rig.soon())
                .toCompletableFuture()
                .join();
        slow.complete(late);
        rig.settle();
        assertThat(late.isOpen()).isFalse();
    }

    @Test
    void keepsAConnectionOfAWaiterThatGaveUp() {
        CompletableFuture<Channel> slow = new CompletableFuture<>();
        ConnectionPool pool = rig.pool(config, (key, loop, deadline) -> slow).build();
        acquire(pool).cancel(false);
        rig.settle();

        slow.complete(rig.connect("orders", rig.loops.next(), rig.soon())
                .toCompletableFuture()
                .join());
        rig.settle();

        assertThat(pool.stats().idle()).isEqualTo(1);
    }

    @Test
    void opensAThousandConnectionsThatAreThereAtOnceWithoutRecursion() {
        EventLoop loop = rig.loops.next();
        ConnectionPool pool = rig.pool(
                        config.maxSize(1_000).connectsPerSecond(0),
                        (key, on, deadline) -> CompletableFuture.completedFuture(new EmbeddedChannel()))
                .build();
        CompletableFuture<Integer> warm = pool.warmUp(1_000);
        rig.settle();
        assertThat(warm).isCompletedWithValue(1_000);
        assertThat(loop.isShuttingDown()).isFalse();
        assertThat(rig.connects).hasValue(0);
    }

    @Test
    void noticesAPeerThatClosesAnIdleConnection() {
        ConnectionPool pool = rig.pool(config).build();
        rig.lease(pool).release();

        rig.accepted.get(0).close();
        rig.settle();

        assertThat(pool.tryAcquire()).isNull();
        assertThat(pool.stats().total()).isZero();
        assertThat(pool.stats().closes()).containsEntry(CloseCause.LOST, 1L);
    }

    @Test
    void closesAConnectionThatReceivesSomethingWhileIdle() {
        ConnectionPool pool = rig.pool(config).build();
        Lease lease = rig.lease(pool);
        ByteBuf answer = Unpooled.copyLong(1);
        rig.accepted.get(0).writeAndFlush(answer);
        rig.settle();
        assertThat(rig.read).as("in use: the user's").hasSize(1);
        lease.release();

        ByteBuf unsolicited = Unpooled.copyLong(2);
        rig.accepted.get(0).writeAndFlush(unsolicited);
        rig.settle();

        assertThat(rig.read).hasSize(1);
        assertThat(unsolicited.refCnt()).isZero();
        assertThat(pool.stats().closes()).containsEntry(CloseCause.DESYNCHRONISED, 1L);
        assertThat(pool.tryAcquire()).isNull();
    }

    @Test
    void letsAProtocolTalkWhileIdleWhereThatIsAllowed() {
        ConnectionPool pool = rig.pool(config.idleGuard(false)).build();
        rig.lease(pool).release();
        rig.accepted.get(0).writeAndFlush(Unpooled.copyLong(2));
        rig.settle();
        assertThat(rig.read).hasSize(1);
        assertThat(pool.tryAcquire()).isNotNull();
    }

    @Test
    void guardsBehindTlsAndElseFirst() throws Exception {
        SslHandler tls = SslContextBuilder.forClient().build().newHandler(io.netty.buffer.ByteBufAllocator.DEFAULT);
        ChannelHandler users = new ChannelInboundHandlerAdapter();
        EmbeddedChannel secure = new EmbeddedChannel(tls, users);
        EmbeddedChannel plain = new EmbeddedChannel(users.getClass().cast(new ChannelInboundHandlerAdapter()));
        List<EmbeddedChannel> channels = new ArrayList<>(List.of(secure, plain));
        ConnectionPool pool = rig.pool(
                        config,
                        (key, loop, deadline) -> CompletableFuture.completedFuture((Channel) channels.remove(0)))
                .build();
        pool.warmUp(2);
        rig.settle();

        List<String> behindTls = secure.pipeline().names();
        assertThat(behindTls.get(0)).contains("SslHandler");
        assertThat(behindTls.get(1)).contains("IdleGuard");
        assertThat(plain.pipeline().names().get(0)).contains("IdleGuard");
        secure.finishAndReleaseAll();
        plain.finishAndReleaseAll();
    }

    @Test
    void checksWhatWasIdleForLong() {
        List<Channel> asked = new ArrayList<>();
        ConnectionPool pool = rig.pool(config)
                .healthCheck(channel -> {
                    assertThat(channel.eventLoop().inEventLoop()).isTrue();
                    asked.add(channel);
                    return CompletableFuture.completedFuture(true);
                })
                .build();
        rig.lease(pool).release();
        rig.advance(Duration.ofMillis(500));
        pool.tryAcquire().release();
        assertThat(asked).isEmpty();
        rig.advance(Duration.ofMillis(501));

        assertThat(pool.tryAcquire()).isNull();
        rig.settle();
        assertThat(asked).hasSize(1);
        assertThat(pool.tryAcquire()).isNotNull();
    }

    @Test
    void replacesWhatFailsItsCheckHoweverItFails() {
        List<HealthCheck> checks = List.of(
                channel -> CompletableFuture.completedFuture(false),
                channel -> CompletableFuture.completedFuture(null),
                channel -> CompletableFuture.failedFuture(new Exception("no answer")),
                channel -> new CompletableFuture<>(),
                channel -> null,
                channel -> {
                    throw new IllegalStateException("thrown by a check");
                });
        for (HealthCheck check : checks) {
            ConnectionPool pool = rig.pool(config).healthCheck(check).build();
            Lease first = rig.lease(pool);
            Channel channel = first.channel();
            first.release();
            rig.advance(Duration.ofSeconds(1));
            CompletableFuture<Lease> waiter = acquire(pool);
            rig.advance(Duration.ofSeconds(1));

            assertThat(waiter).isCompleted();
            assertThat(waiter.join().channel()).isNotSameAs(channel);
            assertThat(pool.stats().closes()).containsEntry(CloseCause.UNHEALTHY, 1L);
        }
    }

    @Test
    void survivesAListenerThatThrows() {
        Listener throwing = new Listener() {
            @Override
            public void onConnect(Object key, Channel channel, Duration elapsed) {
                throw new IllegalStateException("thrown by a listener");
            }

            @Override
            public void onClose(Object key, Channel channel, CloseCause cause, Throwable failure) {
                throw new IllegalStateException("thrown by a listener");
            }
        };
        ConnectionPool pool = rig.pool(config).listener(throwing).build();
        Lease lease = rig.lease(pool);
        lease.discard(new Exception());
        rig.settle();
        assertThat(rig.lease(pool)).isNotNull();
    }

    @Test
    void takesCallsFromItsListener() {
        AtomicReference<ConnectionPool> itself = new AtomicReference<>();
        List<CompletableFuture<Lease>> acquired = new ArrayList<>();
        Listener busy = new Listener() {
            @Override
            public void onClose(Object key, Channel channel, CloseCause cause, Throwable failure) {
                acquired.add(itself.get().acquire(rig.soon()));
            }
        };
        ConnectionPool pool = rig.pool(config).listener(busy).build();
        itself.set(pool);
        rig.lease(pool).discard(new Exception());
        rig.settle();
        assertThat(acquired.get(0)).isCompleted();
    }

    @Test
    void takesAChainOfAcquiresAndReleasesOfAnyLength() {
        ConnectionPool pool = rig.pool(config.maxSize(1).maxPending(20_000)).build();
        Lease held = rig.lease(pool);
        int[] served = {0};
        Stream.generate(() -> pool.acquire(rig.soon()))
                .limit(20_000)
                .forEach(waiter -> waiter.thenAccept(lease -> {
                    served[0]++;
                    lease.release();
                    pool.acquire(rig.soon()).thenAccept(Lease::release);
                }));
        held.release();
        rig.settle();
        assertThat(served[0]).isEqualTo(20_000);
        assertThat(pool.stats().idle()).isEqualTo(1);
    }

    @Test
    void failsWaitersWhenTheEventLoopsAreShutDown() {
        ConnectionPool pool = rig.pool(config.maxSize(1)).build();
        rig.lease(pool);
        CompletableFuture<Lease> waiter = pool.acquire(rig.soon());

        rig.loops
                .shutdownGracefully(0, 0, java.util.concurrent.TimeUnit.SECONDS)
                .syncUninterruptibly();

        assertThat(failureSoon(waiter)).isInstanceOfAny(RejectedException.class, NetException.class);
        assertThat(failureSoon(pool.acquire(rig.soon()))).isInstanceOfAny(RejectedException.class, NetException.class);
        assertThat(pool.stats().active()).isZero();
    }

    private static Throwable failureSoon(CompletableFuture<?> failed) {
        return failed.handle((value, cause) -> cause)
                .orTimeout(5, java.util.concurrent.TimeUnit.SECONDS)
                .join();
    }

    @Test
    void reportsALeaseThatLastsTooLong() {
        List<Throwable> stacks = new ArrayList<>();
        ConnectionPool pool = rig.pool(config.leakDetection(Duration.ofSeconds(10)))
                .listener(new Listener() {
                    @Override
                    public void onLeak(Object key, Channel channel, Duration held, Throwable acquiredAt) {
                        assertThat(held).isGreaterThanOrEqualTo(Duration.ofSeconds(10));
                        stacks.add(acquiredAt);
                    }
                })
                .build();
        Lease slow = rig.lease(pool);
        Lease quick = rig.lease(pool);
        quick.release();

        rig.advance(Duration.ofMillis(9_999));
        assertThat(stacks).isEmpty();
        rig.advance(Duration.ofMinutes(1));

        assertThat(stacks).hasSize(1);
        assertThat(stacks.get(0).getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("reportsALeaseThatLastsTooLong"));
        assertThat(pool.stats().leaks()).isEqualTo(1);
        assertThat(slow.release()).isTrue();
    }

    @Test
    void takesBackALeaseThatWasLost() {
        ConnectionPool pool = rig.pool(config.maxSize(1).leakDetection(Duration.ofSeconds(10)))
                .build();
        loseALease(pool);
        for (int i = 0; i < 100 && pool.stats().active() > 0; i++) {
            System.gc();
            rig.advance(Duration.ofSeconds(5));
        }
        assertThat(pool.stats().closes()).containsEntry(CloseCause.LEAKED, 1L);
        assertThat(pool.stats().leaks()).isEqualTo(1);
        assertThat(rig.lease(pool)).isNotNull();
    }

    private void loseALease(ConnectionPool pool) {
        rig.lease(pool).release();
        assertThat(pool.tryAcquire()).isNotNull();
    }

    @Test
    void handsOutNoConnectionThatIsClosedBeforeThePoolHasIt() {
        Queue<CompletableFuture<Channel>> connects = new LinkedTransferQueue<>();
        ConnectionPool pool = rig.pool(config, (key, loop, deadline) -> {
                    connects.add(new CompletableFuture<>());
                    return connects.peek();
                })
                .build();
        Channel dead = rig.connect("orders", rig.loops.next(), rig.soon())
                .toCompletableFuture()
                .join();
        dead.close();
        rig.settle();
        CompletableFuture<Lease> waiter = acquire(pool);

        connects.remove().complete(dead);
        rig.settle();

        assertThat(((NetException) failure(waiter)).kind()).isEqualTo(Kind.PEER_CLOSED);
        assertThat(pool.stats().connectFailures()).isEqualTo(1);
        assertThat(pool.stats().total()).isZero();
    }

    @Test
    void freesThePlaceOfAChannelThatCannotBeAdopted() {
        List<Channel> odd = new ArrayList<>();
        ConnectionPool pool = rig.pool(config, (key, loop, deadline) -> {
                    AtomicReference<Boolean> isReady = new AtomicReference<>(false);
                    Channel channel = new EmbeddedChannel() {
                        @Override
                        public ChannelPipeline pipeline() {
                            if (isReady.getAndSet(false)) {
                                throw new LinkageError("thrown by a pipeline");
                            }
                            return super.pipeline();
                        }
                    };
                    odd.add(channel);
                    isReady.set(true);
                    return CompletableFuture.completedFuture(channel);
                })
                .build();

        CompletableFuture<Lease> waiter = acquire(pool);

        assertThat(failure(waiter)).hasMessageContaining("thrown by a pipeline");
        assertThat(pool.stats().total()).isZero();
        assertThat(odd).hasSize(1).allMatch(channel -> !channel.isOpen());
    }

    @Test
    void goesOnWhereABackoffThrows() {
        AtomicReference<Boolean> isUp = new AtomicReference<>(false);
        ConnectionPool pool = rig.pool(
                        config.connectBackoff((attempt, previousNanos, random) -> {
                            throw new IllegalStateException("thrown by a backoff");
                        }),
                        (key, loop, deadline) -> isUp.get()
                                ? rig.connect(key, loop, deadline)
                                : CompletableFuture.failedFuture(new ConnectException("refused")))
                .build();

        assertThat(((NetException) failure(acquire(pool))).kind()).isEqualTo(Kind.CONNECT_REFUSED);
        isUp.set(true);
        assertThat(rig.lease(pool)).isNotNull();
        assertThat(pool.stats().pending()).isZero();
    }
}

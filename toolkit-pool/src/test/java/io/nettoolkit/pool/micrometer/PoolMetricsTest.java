package io.nettoolkit.pool.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.KeyedConnectionPool;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class PoolMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final PoolMetrics metrics = PoolMetrics.of(registry, "service", "shop");
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
    private final LocalAddress address = new LocalAddress("pool-metrics-" + System.identityHashCode(this));
    private final PoolConfig two = PoolConfig.builder().maxSize(2).build();

    @BeforeEach
    void listen() {
        new ServerBootstrap()
                .group(loops)
                .channel(LocalServerChannel.class)
                .childHandler(new Silent())
                .bind(address)
                .syncUninterruptibly();
    }

    @AfterEach
    void end() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void readsTheStatisticsOfAPool() throws Exception {
        try (ConnectionPool pool = ConnectionPool.builder("orders", this::connect)
                .eventLoops(loops)
                .config(two)
                .build()) {
            metrics.bind("orders", pool);
            Lease first = pool.acquireBlocking(soon());
            Lease second = pool.acquireBlocking(soon());
            CompletableFuture<Lease> waiting = pool.acquire(soon());
            first.release();
            waiting.get(20, TimeUnit.SECONDS).release();
            first.release();

            assertThat(gauge("count", "used")).isEqualTo(1);
            assertThat(gauge("count", "idle")).isEqualTo(1);
            assertThat(gauge("count", "connecting")).isZero();
            assertThat(registry.get("toolkit.pool.connection.max").gauge().value())
                    .isEqualTo(2);
            assertThat(registry.get("toolkit.pool.connection.pending_requests")
                            .gauge()
                            .value())
                    .isZero();
            assertThat(count("requests", "outcome", "acquired")).isEqualTo(3);
            assertThat(count("misuses", "kind", "double_release")).isEqualTo(1);
            assertThat(timer("create_time").count()).isEqualTo(2);
            assertThat(timer("create_time").totalTime(TimeUnit.NANOSECONDS)).isPositive();
            assertThat(timer("wait_time").count()).isPositive();
            second.discard(new IllegalStateException("broken"));
            pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
            assertThat(count("closed", "cause", "discarded")).isEqualTo(1);
            assertThat(count("closed", "cause", "pool_closed")).isEqualTo(1);
        }
    }

    @Test
    void addsUpTheHostsOfAKeyedPool() throws Exception {
        try (KeyedConnectionPool<String> pool = KeyedConnectionPool.<String>builder(this::connect)
                .eventLoops(loops)
                .maxTotal(7)
                .build()) {
            Lease a = pool.acquireBlocking("a", soon());
            Lease b = pool.acquireBlocking("b", soon());
            metrics.bind("shards", pool);

            assertThat(gauge("count", "used")).isEqualTo(2);
            assertThat(registry.get("toolkit.pool.connection.max").gauge().value())
                    .isEqualTo(7);
            assertThat(hosts("all")).isEqualTo(2);
            assertThat(hosts("waiting")).isZero();
            assertThat(registry.getMeters())
                    .allSatisfy(meter -> assertThat(meter.getId().getTags())
                            .noneMatch(tag ->
                                    tag.getValue().equals("a") || tag.getValue().equals("b")));
            a.release();
            b.release();
            pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void refusesToBeWithoutAPool() {
        assertThatNullPointerException()
                .isThrownBy(() -> metrics.bind("orders", (ConnectionPool) null))
                .withMessage("pool: must not be null");
        assertThatNullPointerException()
                .isThrownBy(() -> PoolMetrics.of(null))
                .withMessage("registry: must not be null");
    }

    private CompletableFuture<Channel> connect(Object key, EventLoop loop, Deadline deadline) {
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connect = new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .handler(new Silent())
                .connect(address);
        connect.addListener(done -> connected.complete(connect.channel()));
        return connected;
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(20));
    }

    private double gauge(String name, String state) {
        return registry.get("toolkit.pool.connection." + name)
                .tag("service", "shop")
                .tag("state", state)
                .gauge()
                .value();
    }

    private double hosts(String state) {
        return registry.get("toolkit.pool.hosts")
                .tag("pool.name", "shards")
                .tag("state", state)
                .gauge()
                .value();
    }

    private double count(String name, String key, String value) {
        return registry.get("toolkit.pool.connection." + name)
                .tag("pool.name", "orders")
                .tag(key, value)
                .functionCounter()
                .count();
    }

    private FunctionTimer timer(String name) {
        return registry.get("toolkit.pool.connection." + name)
                .tag("pool.name", "orders")
                .functionTimer();
    }

    @ChannelHandler.Sharable
    private static final class Silent extends ChannelInboundHandlerAdapter {}
}

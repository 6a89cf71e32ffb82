package io.nettoolkit.resilience.redis;

import static io.nettoolkit.resilience.redis.InTime.assertHonoured;
import static io.nettoolkit.resilience.redis.InTime.decide;
import static io.nettoolkit.resilience.redis.InTime.decideUntil;
import static io.nettoolkit.resilience.redis.InTime.decideUntilAway;
import static io.nettoolkit.resilience.redis.InTime.decideUntilByStore;
import static io.nettoolkit.resilience.redis.InTime.outage;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.SocketAddressResolver;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.OutageMode;
import io.nettoolkit.resilience.TokenStore;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The primary dies and a replica takes over: decisions go on in time, as was chosen meanwhile, and the debt goes on too. */
class RedisFailoverIT {

    private static final int HOURLY = 1_000_000;
    private static final int SPENT = 500_000;

    private final AtomicReference<InetSocketAddress> whereToConnect = new AtomicReference<>();
    private final ClientResources resources = RedisServer.resourcesBuilder()
            .socketAddressResolver(new SocketAddressResolver() {
                @Override
                public SocketAddress resolve(RedisURI uri) {
                    InetSocketAddress chosen = whereToConnect.get();
                    return chosen == null ? super.resolve(uri) : chosen;
                }
            })
            .build();

    private final AtomicInteger back = new AtomicInteger();
    private RedisServer primary;
    private RedisServer replica;
    private RedisClient client;
    private StatefulRedisConnection<String, String> connection;

    @BeforeEach
    void start() throws Exception {
        primary = RedisServer.start();
        replica = RedisServer.replicaOf(primary);
    }

    private DistributedRateLimiter connect(RedisClient through, OutageMode mode) {
        client = through;
        client.setOptions(RedisServer.OPTIONS);
        connection = client.connect();
        return DistributedRateLimiter.builder(
                        RedisTokenStore.of(connection.async()),
                        "failover",
                        HOURLY,
                        Duration.ofHours(1),
                        outage(mode, HOURLY))
                .listener(new DistributedRateLimiter.Listener() {
                    @Override
                    public void onStoreBack() {
                        back.incrementAndGet();
                    }
                })
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        if (client != null) {
            client.shutdown();
        }
        resources.shutdown().get();
        for (RedisServer server : new RedisServer[] {primary, replica}) {
            if (server != null) {
                server.close();
            }
        }
    }

    /** Half of the limit, and it is on the replica, too. */
    private void spendHalf(DistributedRateLimiter limiter) throws Exception {
        decideUntilByStore(limiter);
        TokenStore.Limit limit = new TokenStore.Limit(HOURLY, Duration.ofHours(1), HOURLY);
        Deadline patience = Deadline.after(Duration.ofSeconds(10));
        assertThat(RedisTokenStore.of(connection.async())
                        .take("failover", limit, SPENT, 1, patience)
                        .toCompletableFuture()
                        .get()
                        .granted())
                .isEqualTo(1);
        assertThat(connection.sync().waitForReplication(1, 10_000)).isEqualTo(1);
    }

    /** By the replica, which knows what was spent before. */
    private static void assertGoesOn(DistributedRateLimiter limiter) throws Exception {
        Decision decision = decideUntilByStore(limiter);
        assertThat(decision.granted()).isTrue();
        // What came in meanwhile is a few hundred a second.
        assertThat(decision.remaining()).isBetween(1L, HOURLY - SPENT + HOURLY / 10L);
    }

    @ParameterizedTest
    @EnumSource
    void theReplicaIsPromotedByHand(OutageMode mode) throws Exception {
        whereToConnect.set(primary.address());
        DistributedRateLimiter limiter = connect(RedisServer.client(primary.address(), resources), mode);
        spendHalf(limiter);

        primary.kill();
        decideUntilAway(limiter);
        assertHonoured(mode, limiter);
        whereToConnect.set(replica.address());
        // A replica that is not promoted yet refuses to write, which is no answer either.
        assertHonoured(mode, limiter);
        promote();

        assertGoesOn(limiter);
        assertThat(limiter.stats().storeAway()).isFalse();
    }

    private void promote() {
        RedisClient administrator = RedisServer.client(replica.address(), resources);
        try (StatefulRedisConnection<String, String> direct = administrator.connect()) {
            direct.sync().replicaofNoOne();
        } finally {
            administrator.shutdown();
        }
    }

    @Test
    void aSentinelPromotesTheReplica(@TempDir Path directory) throws Exception {
        try (RedisServer sentinel = RedisServer.sentinelOf(primary, directory)) {
            RedisURI uri = RedisURI.Builder.sentinel(
                            "127.0.0.1", sentinel.address().getPort(), "primary")
                    .withTimeout(Duration.ofSeconds(10))
                    .build();
            DistributedRateLimiter limiter = connect(RedisClient.create(resources, uri), OutageMode.FAIL_CLOSED);
            spendHalf(limiter);
            awaitThatItKnowsTheReplica(uri);

            primary.kill();
            decideUntilAway(limiter);
            Decision away = decide(limiter);
            assertThat(away.source()).isEqualTo(Source.FALLBACK);
            assertThat(away.granted()).isFalse();

            assertGoesOn(limiter);
            client.shutdown();
            client = null;
        }
    }

    private void awaitThatItKnowsTheReplica(RedisURI uri) {
        Deadline patience = Deadline.after(Duration.ofSeconds(20));
        try (StatefulRedisSentinelConnection<String, String> asking = client.connectSentinel(uri)) {
            while (asking.sync().replicas("primary").isEmpty() && !patience.isExpired()) {
                LockSupport.parkNanos(10_000_000);
            }
            assertThat(asking.sync().replicas("primary")).hasSize(1);
        }
    }

    /** A connection that is left on a primary that has become a replica: every script fails there, and at once. */
    @Test
    void thePrimaryIsDemotedAndPromotedAgain() throws Exception {
        whereToConnect.set(primary.address());
        DistributedRateLimiter limiter =
                connect(RedisServer.client(primary.address(), resources), OutageMode.FAIL_OPEN);
        spendHalf(limiter);

        connection.sync().replicaof("127.0.0.1", replica.address().getPort());
        decideUntilAway(limiter);
        assertHonoured(OutageMode.FAIL_OPEN, limiter);
        long calls = limiter.stats().storeCalls();
        decideUntil(limiter, decision -> limiter.stats().storeCalls() > calls + 2);
        assertThat(back)
                .as("a probe is no success where nothing can be written")
                .hasValue(0);
        connection.sync().replicaofNoOne();

        assertGoesOn(limiter);
        assertThat(back).hasValue(1);
    }
}

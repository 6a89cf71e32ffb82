package io.nettoolkit.resilience.redis;

import static io.nettoolkit.resilience.redis.InTime.assertHonoured;
import static io.nettoolkit.resilience.redis.InTime.decide;
import static io.nettoolkit.resilience.redis.InTime.decideUntilAway;
import static io.nettoolkit.resilience.redis.InTime.decideUntilByStore;
import static io.nettoolkit.resilience.redis.InTime.outage;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.OutageMode;
import io.nettoolkit.testkit.FaultProxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real Redis in trouble: every decision comes in time and as was chosen, and it goes on when the trouble is over. */
class RedisFaultsIT {

    private static final int HOURLY = 1_000_000;

    private RedisServer server;
    private ClientResources resources;
    private RedisClient client;
    private StatefulRedisConnection<String, String> connection;

    @BeforeEach
    void start() throws Exception {
        server = RedisServer.start();
        resources = RedisServer.resources();
        connect(server.address());
    }

    private void connect(InetSocketAddress address) {
        client = RedisServer.client(address, resources);
        connection = client.connect();
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            client.shutdown();
            resources.shutdown().get();
            server.close();
        }
    }

    private DistributedRateLimiter limiter(Outage outage) {
        return DistributedRateLimiter.builder(
                        RedisTokenStore.of(connection.async()), "faults", HOURLY, Duration.ofHours(1), outage)
                .build();
    }

    /** Bucket4j 339: with Redis the application was down, too. */
    @ParameterizedTest
    @EnumSource
    void killedAndRestarted(OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = limiter(outage(mode, HOURLY));
        decideUntilByStore(limiter);

        server.kill();
        decideUntilAway(limiter);
        assertHonoured(mode, limiter);

        server.restart();
        assertThat(decideUntilByStore(limiter).granted()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void paused(OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = limiter(outage(mode, HOURLY));
        decideUntilByStore(limiter);

        server.pause();
        try {
            decideUntilAway(limiter);
            assertHonoured(mode, limiter);
        } finally {
            server.resume();
        }
        decideUntilByStore(limiter);
    }

    @ParameterizedTest
    @EnumSource
    void scriptsFlushed(OutageMode mode) throws Exception {
        DistributedRateLimiter limiter = limiter(outage(mode, HOURLY));
        decideUntilByStore(limiter);
        long failures = limiter.stats().storeFailures();

        connection.sync().scriptFlush();
        decideUntilByStore(limiter);

        assertThat(limiter.stats().storeFailures() - failures).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void theKeyHoldsSomethingElse(OutageMode mode) throws Exception {
        connection.sync().lpush("nettoolkit:limit:faults", "a list");
        DistributedRateLimiter limiter = limiter(outage(mode, HOURLY));

        decideUntilAway(limiter);
        assertHonoured(mode, limiter);

        connection.sync().set("nettoolkit:limit:faults", "not two numbers");
        assertThat(decideUntilByStore(limiter).granted()).isTrue();
    }

    @Test
    void theKeyGoesWhenTheLimitIsUnused() {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        RedisTokenStore.of(connection.async()),
                        "short",
                        100,
                        Duration.ofMillis(100),
                        Outage.failClosed())
                .storeTimeout(Duration.ofSeconds(5))
                .build();
        assertThat(limiter.tryAcquire(100).join().granted()).isTrue();

        assertThat(connection.sync().pttl("nettoolkit:limit:short")).isBetween(-2L, 101L);
    }

    @ParameterizedTest
    @EnumSource
    void slow(OutageMode mode) throws Exception {
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            client.shutdown();
            connect(proxy.address());
            DistributedRateLimiter limiter = limiter(outage(mode, HOURLY));
            decideUntilByStore(limiter);

            proxy.toClient().delay(Duration.ofMillis(300));
            decideUntilAway(limiter);
            assertHonoured(mode, limiter);

            proxy.toClient().delay(Duration.ZERO);
            decideUntilByStore(limiter);
        }
    }

    @Test
    void cutOffInTheMiddle() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            client.shutdown();
            connect(proxy.address());
            DistributedRateLimiter limiter = limiter(Outage.failOpen());
            decideUntilByStore(limiter);
            for (int i = 0; i < 5; i++) {
                proxy.resetAll();
                assertThat(decide(limiter).granted()).isTrue();
                decideUntilByStore(limiter);
            }
        }
    }
}

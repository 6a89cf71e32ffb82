package io.nettoolkit.resilience.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.testkit.FaultProxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real Redis in trouble: every decision comes in time and as was chosen, and it goes on when the trouble is over. */
class RedisFaultsIT {

    /** The store's timeout, and what a machine that runs other tests too may add. */
    private static final Duration IN_TIME = Duration.ofMillis(20 + 500);

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final int HOURLY = 1_000_000;

    private final TimeSource time = TimeSource.system();
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

    /** One decision, which never fails and never takes longer than it may. */
    private Decision decide(DistributedRateLimiter limiter) throws Exception {
        long start = time.nanoTime();
        Decision decision = limiter.tryAcquire().get(10, TimeUnit.SECONDS);
        assertThat(Duration.ofNanos(time.nanoTime() - start)).isLessThan(IN_TIME);
        return decision;
    }

    private Decision decideUntil(DistributedRateLimiter limiter, Predicate<Decision> wanted) throws Exception {
        long end = time.nanoTime() + PATIENCE_NANOS;
        while (time.nanoTime() - end < 0) {
            Decision decision = decide(limiter);
            if (wanted.test(decision)) {
                return decision;
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new AssertionError("nothing of the kind within " + Duration.ofNanos(PATIENCE_NANOS));
    }

    private void decideUntilAway(DistributedRateLimiter limiter) throws Exception {
        decideUntil(limiter, decision -> limiter.stats().storeAway());
    }

    private static boolean byStore(Decision decision) {
        return decision.source() == Source.STORE;
    }

    private void warmUp(DistributedRateLimiter limiter) throws Exception {
        decideUntil(limiter, RedisFaultsIT::byStore);
    }

    @ParameterizedTest
    @ValueSource(strings = {"failOpen", "failClosed", "localShare"})
    void killedAndRestarted(String mode) throws Exception {
        Outage outage = switch (mode) {
            case "failOpen" -> Outage.failOpen();
            case "failClosed" -> Outage.failClosed();
            default -> Outage.localShare(HOURLY / 2);
        };
        DistributedRateLimiter limiter = limiter(outage);
        warmUp(limiter);

        server.kill();
        decideUntilAway(limiter);
        int granted = 0;
        for (int i = 0; i < 100; i++) {
            Decision decision = decide(limiter);
            assertThat(decision.source()).isEqualTo(Source.FALLBACK);
            granted += decision.granted() ? 1 : 0;
        }
        switch (mode) {
            case "failOpen" -> assertThat(granted).isEqualTo(100);
            case "failClosed" -> assertThat(granted).isZero();
            default -> assertThat(granted).as("a share of 2").isLessThanOrEqualTo(2);
        }

        server.restart();
        assertThat(decideUntil(limiter, RedisFaultsIT::byStore).granted()).isTrue();
    }

    @Test
    void paused() throws Exception {
        DistributedRateLimiter limiter = limiter(Outage.failOpen());
        warmUp(limiter);

        server.pause();
        try {
            decideUntilAway(limiter);
            assertThat(decide(limiter)).isEqualTo(new Decision(true, 0, Duration.ZERO, Source.FALLBACK));
        } finally {
            server.resume();
        }
        decideUntil(limiter, RedisFaultsIT::byStore);
    }

    @Test
    void scriptsFlushed() throws Exception {
        DistributedRateLimiter limiter = limiter(Outage.failClosed());
        warmUp(limiter);
        long failures = limiter.stats().storeFailures();

        connection.sync().scriptFlush();
        decideUntil(limiter, RedisFaultsIT::byStore);

        assertThat(limiter.stats().storeFailures() - failures).isLessThanOrEqualTo(1);
    }

    @Test
    void theKeyHoldsSomethingElse() throws Exception {
        connection.sync().lpush("nettoolkit:limit:faults", "a list");
        DistributedRateLimiter limiter = limiter(Outage.failOpen());

        decideUntilAway(limiter);
        assertThat(decide(limiter).granted()).isTrue();

        connection.sync().set("nettoolkit:limit:faults", "not two numbers");
        assertThat(decideUntil(limiter, RedisFaultsIT::byStore).granted()).isTrue();
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

    @Test
    void slow() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            client.shutdown();
            connect(proxy.address());
            DistributedRateLimiter limiter = limiter(Outage.localShare(1));
            warmUp(limiter);

            proxy.toClient().delay(Duration.ofMillis(300));
            decideUntilAway(limiter);
            assertThat(decide(limiter).source()).isEqualTo(Source.FALLBACK);

            proxy.toClient().delay(Duration.ZERO);
            decideUntil(limiter, RedisFaultsIT::byStore);
        }
    }

    @Test
    void cutOffInTheMiddle() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            client.shutdown();
            connect(proxy.address());
            DistributedRateLimiter limiter = limiter(Outage.failOpen());
            warmUp(limiter);
            for (int i = 0; i < 5; i++) {
                proxy.resetAll();
                assertThat(decide(limiter).granted()).isTrue();
                decideUntil(limiter, RedisFaultsIT::byStore);
            }
        }
    }
}

package io.nettoolkit.resilience.redis;

import static io.nettoolkit.resilience.redis.InTime.assertHonoured;
import static io.nettoolkit.resilience.redis.InTime.byStore;
import static io.nettoolkit.resilience.redis.InTime.decide;
import static io.nettoolkit.resilience.redis.InTime.decideUntilAway;
import static io.nettoolkit.resilience.redis.InTime.decideUntilByStore;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.OutageMode;
import io.nettoolkit.resilience.SharedLimitContract;
import io.nettoolkit.resilience.TokenStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same on a cluster of three, and what happens to a limit whose node dies. */
class RedisClusterIT extends SharedLimitContract {

    private static final List<RedisServer> NODES = new ArrayList<>();
    private static ClientResources resources;
    private static RedisClusterClient client;
    private static StatefulRedisClusterConnection<String, String> connection;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        for (int i = 0; i < 3; i++) {
            NODES.add(RedisServer.clusterNode(directory));
        }
        join();
        resources = RedisServer.resources();
        client = RedisClusterClient.create(resources, uri(NODES.get(0)));
        client.setOptions(ClusterClientOptions.builder(RedisServer.OPTIONS).build());
        Deadline patience = Deadline.after(Duration.ofSeconds(30));
        connection = client.connect();
        while (!connection.sync().clusterInfo().contains("cluster_state:ok") && !patience.isExpired()) {
            LockSupport.parkNanos(10_000_000);
        }
        client.refreshPartitions();
    }

    private static RedisURI uri(RedisServer node) {
        return RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(node.address().getPort())
                .withTimeout(Duration.ofSeconds(10))
                .build();
    }

    private static void join() throws Exception {
        List<String> command = new ArrayList<>(List.of("redis-cli", "--cluster", "create"));
        NODES.forEach(node -> command.add("127.0.0.1:" + node.address().getPort()));
        command.add("--cluster-yes");
        Process created = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(created.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(created.waitFor(30, TimeUnit.SECONDS)).as(output).isTrue();
        assertThat(created.exitValue()).as(output).isZero();
    }

    @AfterAll
    static void stop() throws Exception {
        if (client != null) {
            client.shutdown();
            resources.shutdown().get();
        }
        NODES.forEach(RedisServer::close);
        NODES.clear();
    }

    @Override
    protected TokenStore store() {
        return RedisTokenStore.of(connection.async());
    }

    /** Waits for the store for long enough to tell a node that is gone from a machine that is busy. */
    private DistributedRateLimiter limiter(String key) {
        return DistributedRateLimiter.builder(store(), key, 1_000, Duration.ofHours(1), Outage.failClosed())
                .storeTimeout(Duration.ofMillis(250))
                .build();
    }

    private static int portOf(String key) {
        int slot = SlotHash.getSlot("nettoolkit:limit:" + key);
        return client.getPartitions().getPartitionBySlot(slot).getUri().getPort();
    }

    private static String keyOn(RedisServer node) {
        for (int i = 0; i < 1_000; i++) {
            String key = "key-" + i;
            if (portOf(key) == node.address().getPort()) {
                return key;
            }
        }
        throw new AssertionError("no key of a thousand is on " + node.address());
    }

    /** Each is one key, so no script ever touches two slots. */
    @Test
    void limitsAreSpreadOverTheNodes() throws Exception {
        for (RedisServer node : NODES) {
            DistributedRateLimiter limiter = limiter(keyOn(node));
            assertThat(decideUntilByStore(limiter).granted()).isTrue();
        }
    }

    @Test
    void aNodeThatDiesTakesItsOwnLimitsAlone() throws Exception {
        RedisServer dying = NODES.get(2);
        DistributedRateLimiter lost = limiter(keyOn(dying));
        DistributedRateLimiter kept = limiter(keyOn(NODES.get(0)));
        decideUntilByStore(lost);
        decideUntilByStore(kept);

        dying.kill();
        try {
            decideUntilAway(lost);
            assertHonoured(OutageMode.FAIL_CLOSED, lost);
            int byStore = 0;
            for (int i = 0; i < 50; i++) {
                byStore += byStore(decide(kept)) ? 1 : 0;
            }
            assertThat(byStore).as("decisions of 50").isGreaterThan(40);
            assertThat(kept.stats().storeAway()).isFalse();
        } finally {
            dying.restart();
        }
        assertThat(decideUntilByStore(lost).granted()).isTrue();
    }
}

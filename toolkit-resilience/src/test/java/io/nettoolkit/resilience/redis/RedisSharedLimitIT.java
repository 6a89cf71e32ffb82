package io.nettoolkit.resilience.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.SharedLimitContract;
import io.nettoolkit.resilience.TokenStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same on a real Redis. */
class RedisSharedLimitIT extends SharedLimitContract {

    private static RedisServer server;
    private static ClientResources resources;
    private static RedisClient client;
    private static StatefulRedisConnection<String, String> connection;
    private static TokenStore store;

    @BeforeAll
    static void start() throws Exception {
        server = RedisServer.start();
        resources = RedisServer.resources();
        client = RedisServer.client(server.address(), resources);
        connection = client.connect();
        store = RedisTokenStore.of(connection.async());
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            client.shutdown();
            resources.shutdown().get();
            server.close();
        }
    }

    /** Bucket4j 551: ten commands for one request. */
    @Test
    void aDecisionIsOneCommand() throws Exception {
        TokenStore.Limit limit = new TokenStore.Limit(1_000, Duration.ofHours(1), 1_000);
        take(limit);
        connection.sync().configResetstat();

        for (int i = 0; i < 100; i++) {
            take(limit);
        }

        assertThat(commandsFromOutside()).containsExactly("cmdstat_evalsha:calls=100", "cmdstat_info:calls=1");
    }

    /** Bucket4j 407: 45 rounds for one decision on a key that others take from, too; 556 asks for one. */
    @Test
    void rivalsCostNoFurtherCommand() throws Exception {
        TokenStore.Limit limit = new TokenStore.Limit(1_000, Duration.ofHours(1), 1_000);
        take(limit);
        connection.sync().configResetstat();

        try (StatefulRedisConnection<String, String> second = client.connect();
                StatefulRedisConnection<String, String> third = client.connect()) {
            List<TokenStore> rivals =
                    List.of(store, RedisTokenStore.of(second.async()), RedisTokenStore.of(third.async()));
            List<CompletableFuture<TokenStore.Grant>> grants = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                grants.add(rivals.get(i % 3)
                        .take("one command", limit, 1, 1, Deadline.after(Duration.ofSeconds(10)))
                        .toCompletableFuture());
            }
            for (CompletableFuture<TokenStore.Grant> grant : grants) {
                assertThat(grant.get(10, TimeUnit.SECONDS).granted()).isEqualTo(1);
            }
        }

        assertThat(commandsFromOutside())
                .filteredOn(line -> line.startsWith("cmdstat_eval"))
                .containsExactly("cmdstat_evalsha:calls=300");
    }

    private void take(TokenStore.Limit limit) throws Exception {
        store.take("one command", limit, 1, 1, Deadline.after(Duration.ofSeconds(10)))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    /** Without those that a script runs within itself, and those of the test. */
    private static List<String> commandsFromOutside() {
        connection.sync().info("server");
        return connection
                .sync()
                .info("commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_"))
                .map(line -> line.substring(0, line.indexOf(',')))
                .filter(line -> !line.matches("cmdstat_(get|set|time|pexpire|config.*|del):.*"))
                .sorted()
                .toList();
    }

    @Override
    protected TokenStore store() {
        return store;
    }
}

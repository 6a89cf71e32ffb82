package io.nettoolkit.resilience.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.resource.ClientResources;
import io.nettoolkit.resilience.SharedLimitContract;
import io.nettoolkit.resilience.TokenStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same on a real Redis. */
class RedisSharedLimitIT extends SharedLimitContract {

    private static RedisServer server;
    private static ClientResources resources;
    private static RedisClient client;
    private static TokenStore store;

    @BeforeAll
    static void start() throws Exception {
        server = RedisServer.start();
        resources = RedisServer.resources();
        client = RedisServer.client(server.address(), resources);
        store = RedisTokenStore.of(client.connect().async());
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            client.shutdown();
            resources.shutdown().get();
            server.close();
        }
    }

    @Override
    protected TokenStore store() {
        return store;
    }
}

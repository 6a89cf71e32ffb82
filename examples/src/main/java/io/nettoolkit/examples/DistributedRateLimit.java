package io.nettoolkit.examples;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.redis.RedisTokenStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   java -jar examples/target/examples.jar distributed-rate-limit
 * Output:
 *   the store: in this process
 *   exact:  3 servers asked for 60 permits each, 100 of 180 were granted
 *   refused: try again in <n> s, says STORE, and says CACHE
 *   leased: 3 servers asked for 600 permits each, <n> of 1000 there are were granted, with <n> calls of the store
 *   the store is gone: a server grants <n> of 60, says FALLBACK
 *   the store is back: says STORE
 *
 * With a Redis:
 *   ... distributed-rate-limit --redis 127.0.0.1:6379
 */

/** Three servers that share one rate limit, and what they do when the place where they keep it is gone. */
@Command(
        name = "distributed-rate-limit",
        description = "Keeps one rate limit for several servers, in Redis or in this process.",
        mixinStandardHelpOptions = true)
public final class DistributedRateLimit implements Callable<Integer> {

    private static final int SERVERS = 3;
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(2);

    @Option(names = "--redis", paramLabel = "HOST:PORT", description = "Keep the limits there.")
    private @Nullable Endpoint redis;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new DistributedRateLimit(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        if (redis == null) {
            System.out.println("the store: in this process");
            show(TokenStore.inProcess());
            return 0;
        }
        RedisClient client = RedisClient.create(RedisURI.create(redis.host(), redis.port()));
        // Or an outage would be noticed by timeouts alone, and what was asked meanwhile be done later.
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .build());
        try {
            System.out.println("the store: Redis at " + redis);
            show(RedisTokenStore.of(client.connect().async()));
        } finally {
            client.shutdown();
        }
        return 0;
    }

    private void show(TokenStore store) throws Exception {
        String run = UUID.randomUUID().toString();
        exact(store, run + ":exact");
        leased(store, run + ":leased");
        outage(store, run + ":outage");
    }

    /** Every decision is the store's. */
    private static void exact(TokenStore store, String key) {
        List<DistributedRateLimiter> servers = new ArrayList<>();
        for (int i = 0; i < SERVERS; i++) {
            servers.add(DistributedRateLimiter.builder(store, key, 100, Duration.ofHours(1), Outage.localShare(SERVERS))
                    .storeTimeout(STORE_TIMEOUT)
                    .build());
        }
        int granted = ask(servers, 60);
        System.out.printf(
                "exact:  %d servers asked for 60 permits each, %d of %d were granted%n",
                SERVERS, granted, 60 * SERVERS);

        DistributedRateLimiter fourth = DistributedRateLimiter.builder(
                        store, key, 100, Duration.ofHours(1), Outage.failClosed())
                .storeTimeout(STORE_TIMEOUT)
                .build();
        Decision first = fourth.tryAcquire().join();
        Decision again = fourth.tryAcquire().join();
        System.out.printf(
                "refused: try again in %d s, says %s, and says %s%n",
                first.retryAfter().toSeconds(), first.source(), again.source());
    }

    /** A server borrows permits and spends them by itself: many decisions for each call of the store. */
    private static void leased(TokenStore store, String key) {
        List<DistributedRateLimiter> servers = new ArrayList<>();
        for (int i = 0; i < SERVERS; i++) {
            servers.add(
                    DistributedRateLimiter.builder(store, key, 1_000, Duration.ofHours(1), Outage.localShare(SERVERS))
                            .storeTimeout(STORE_TIMEOUT)
                            .leased(50)
                            .build());
        }
        int granted = ask(servers, 600);
        long calls = servers.stream()
                .mapToLong(server -> server.stats().storeCalls())
                .sum();
        System.out.printf(
                "leased: %d servers asked for 600 permits each, %d of 1000 there are were granted, with %d calls of the"
                        + " store%n",
                SERVERS, granted, calls);
    }

    private static void outage(TokenStore store, String key) throws Exception {
        AtomicBoolean gone = new AtomicBoolean();
        TokenStore unreliable = (name, limit, unit, count, deadline) -> gone.get()
                ? CompletableFuture.failedFuture(new IllegalStateException("gone"))
                : store.take(name, limit, unit, count, deadline);
        DistributedRateLimiter server = DistributedRateLimiter.builder(
                        unreliable, key, 90, Duration.ofHours(1), Outage.localShare(SERVERS))
                .storeTimeout(STORE_TIMEOUT)
                .build();
        server.tryAcquire().join();
        gone.set(true);
        int granted = ask(List.of(server), 60);
        System.out.printf(
                "the store is gone: a server grants %d of 60, says %s%n",
                granted, server.tryAcquire().join().source());

        gone.set(false);
        Decision decision = server.tryAcquire().join();
        while (decision.source() == DistributedRateLimiter.Source.FALLBACK) {
            // Nobody waits for the store meanwhile; it is asked in the background, at first after 100 ms.
            LockSupport.parkNanos(1_000_000);
            decision = server.tryAcquire().join();
        }
        System.out.println("the store is back: says " + decision.source());
    }

    private static int ask(List<DistributedRateLimiter> servers, int times) {
        int granted = 0;
        for (int i = 0; i < times; i++) {
            for (DistributedRateLimiter server : servers) {
                granted += server.tryAcquire().join().granted() ? 1 : 0;
            }
        }
        return granted;
    }
}

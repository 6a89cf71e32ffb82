package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random events against a model that knows who holds what: after each one, when everything has come to rest, nobody waits who
 * could have been served, nobody has what somebody else has, and no bound is passed. {@code -Dpool.model.events=N} (1,500) is
 * how many events each seed has.
 */
@ExtendWith(LeakCheck.class)
class KeyedModelTest {

    private static final int EVENTS = Integer.getInteger("pool.model.events", 1_500);
    private static final int MAX_SIZE = 3;
    private static final String[] KEYS = {"a", "b", "c", "d", "e", "f"};

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void behavesAsTheModelSays(long seed) {
        try (Run run = new Run(seed)) {
            run.go();
        }
    }

    private static final class Run implements AutoCloseable {

        private final ManyHosts hosts = new ManyHosts();
        private final Random random;
        private final long seed;
        private final KeyedConnectionPool<String> pool;
        private int maxTotal = 5;

        /** Who waits, in the order of asking. */
        private final Map<String, List<CompletableFuture<Lease>>> waiting = new HashMap<>();

        private final List<Held> held = new ArrayList<>();
        private long acquires;
        private long outcomes;

        private record Held(String key, Lease lease, Channel channel) {}

        Run(long seed) {
            this.seed = seed;
            random = new Random(seed);
            pool = hosts.pool(KEYS)
                    .maxTotal(maxTotal)
                    .maxConnecting(3)
                    .hostTimeout(Duration.ofSeconds(2))
                    .config(PoolConfig.builder()
                            .maxSize(MAX_SIZE)
                            .maxPending(8)
                            .connectsPerSecond(0)
                            .idleTimeout(Duration.ofSeconds(5))
                            .maxLifetime(Duration.ofSeconds(30))
                            .build())
                    .build();
            for (String key : KEYS) {
                waiting.put(key, new ArrayList<>());
            }
        }

        void go() {
            for (int i = 0; i < EVENTS; i++) {
                event();
                hosts.settle();
                collect();
                check(i);
            }
            held.forEach(one -> one.lease.release());
            hosts.advance(Duration.ofMinutes(5));
            collect();
            held.forEach(one -> one.lease.release());
            assertThat(outcomes).as("seed %d: each acquire ended once", seed).isEqualTo(acquires);
            CompletableFuture<?> closed = pool.close(Duration.ZERO);
            hosts.settle();
            assertThat(closed).isCompleted();
            assertThat(hosts.connections).as("seed %d", seed).hasValue(0);
        }

        @Override
        public void close() {
            hosts.close();
        }

        private void event() {
            String key = KEYS[random.nextInt(KEYS.length)];
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4 -> acquire(key);
                case 5, 6, 7, 8 -> release();
                case 9 -> cancel(key);
                case 10 -> tryAcquire(key);
                case 11 -> peerCloses();
                case 12 -> hosts.advance(Duration.ofMillis(random.nextInt(3_000)));
                case 13 -> pool.retire(hosts.address(key)::equals);
                case 14 -> {
                    maxTotal = 1 + random.nextInt(8);
                    pool.resizeTotal(maxTotal);
                }
                default -> discard();
            }
        }

        private void acquire(String key) {
            acquires++;
            CompletableFuture<Lease> acquired = pool.acquire(key, hosts.in(Duration.ofSeconds(1 + random.nextInt(20))));
            waiting.get(key).add(acquired);
        }

        private void tryAcquire(String key) {
            Lease lease = pool.tryAcquire(key);
            if (lease != null) {
                held.add(new Held(key, lease, lease.channel()));
            }
        }

        private void cancel(String key) {
            List<CompletableFuture<Lease>> line = waiting.get(key);
            if (!line.isEmpty()) {
                line.get(random.nextInt(line.size())).cancel(false);
            }
        }

        private void release() {
            if (!held.isEmpty()) {
                Held one = held.remove(random.nextInt(held.size()));
                assertThat(one.lease.release()).as("seed %d", seed).isTrue();
                assertThat(one.lease.release()).as("seed %d: again", seed).isFalse();
            }
        }

        private void discard() {
            if (!held.isEmpty()) {
                Held one = held.remove(random.nextInt(held.size()));
                assertThat(one.lease.discard(new IllegalStateException("of no use")))
                        .isTrue();
            }
        }

        private void peerCloses() {
            if (!held.isEmpty()) {
                held.get(random.nextInt(held.size())).channel.close();
            }
        }

        private void collect() {
            waiting.forEach((key, line) -> line.removeIf(one -> {
                if (!one.isDone()) {
                    return false;
                }
                outcomes++;
                if (!one.isCompletedExceptionally()) {
                    Lease lease = one.join();
                    held.add(new Held(key, lease, lease.channel()));
                }
                return true;
            }));
        }

        private void check(int event) {
            String where = "seed " + seed + ", event " + event;
            Set<Channel> channels = new HashSet<>();
            held.forEach(one -> {
                assertThat(channels.add(one.channel))
                        .as("%s: held by two", where)
                        .isTrue();
                assertThat(one.channel.remoteAddress() == null
                                || one.channel.remoteAddress().equals(hosts.address(one.key)))
                        .as("%s: of the right host", where)
                        .isTrue();
            });
            Map<String, ConnectionPool.Stats> byKey = pool.statsByKey();
            ConnectionPool.Stats sum = pool.stats().sum();
            long inUse = held.stream().filter(one -> one.channel.isOpen()).count();
            assertThat(sum.active()).as("%s: %s", where, byKey).isEqualTo((int) inUse);
            assertThat(sum.total())
                    .as("%s: %s", where, byKey)
                    .isEqualTo(sum.idle() + sum.active() + sum.validating() + sum.connecting() + sum.closing())
                    .isEqualTo(hosts.connections.get());
            // Those in use stay when the bound is lowered.
            assertThat(sum.total()).as("%s: %s", where, byKey).isLessThanOrEqualTo(Math.max(maxTotal, (int) inUse));
            byKey.forEach((key, stats) -> {
                int line = waiting.get(key).size();
                assertThat(stats.pending()).as("%s: %s", where, key).isEqualTo(line);
                assertThat(stats.total()).isLessThanOrEqualTo(MAX_SIZE);
                if (line > 0) {
                    assertThat(stats.idle())
                            .as("%s: %s waits for what is idle", where, key)
                            .isZero();
                    boolean couldOpen = stats.total() < MAX_SIZE && (sum.total() < maxTotal || sum.idle() > 0);
                    assertThat(couldOpen)
                            .as("%s: %s waits although there is room: %s", where, key, byKey)
                            .isFalse();
                }
            });
        }
    }
}

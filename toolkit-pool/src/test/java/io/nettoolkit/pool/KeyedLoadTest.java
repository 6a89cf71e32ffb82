package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Many hosts at once, in virtual time. {@code -Dpool.load.seconds=N} (3) is how long hosts share what there is,
 * {@code -Dpool.load.hosts=N} (2,000) how many of them the load spreads to.
 */
@ExtendWith(LeakCheck.class)
class KeyedLoadTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int SECONDS = Integer.getInteger("pool.load.seconds", 3);
    private static final int HOSTS = Integer.getInteger("pool.load.hosts", 2_000);

    private final ManyHosts hosts = new ManyHosts();

    @AfterEach
    void end() {
        hosts.close();
    }

    /** Every host has more work than it can do; how many answers does each one get in a time? */
    @ParameterizedTest
    @CsvSource({
        // hosts, connections, connect time, time of use
        "10, 40, 5, 2",
        "10, 10, 5, 2",
        "7, 10, 5, 2",
        "30, 10, 5, 2",
        "60, 8, 20, 5",
    })
    void sharesEquallyAmongHostsThatAlwaysHaveWork(int count, int connections, int connectMillis, int useMillis) {
        String[] keys = keys(count);
        hosts.connectTime(Duration.ofMillis(connectMillis));
        KeyedConnectionPool<String> pool = hosts.pool(keys)
                .maxTotal(connections)
                .config(PoolConfig.builder().connectsPerSecond(0).build())
                .build();
        AtomicLongArray answers = new AtomicLongArray(count);
        AtomicBoolean over = new AtomicBoolean();
        for (int host = 0; host < count; host++) {
            // The first hosts have far more callers than the last.
            int callers = 4 + (count - host);
            for (int i = 0; i < callers; i++) {
                work(new Job(pool, List.of(keys), answers, over, useMillis), host);
            }
        }
        hosts.advance(Duration.ofSeconds(1));
        for (int host = 0; host < count; host++) {
            answers.set(host, 0);
        }
        for (int i = 0; i < SECONDS; i++) {
            hosts.advance(Duration.ofSeconds(1));
            assertThat(hosts.mostConnections.get()).isLessThanOrEqualTo(connections);
        }
        double jain = jain(answers);
        System.out.printf("fairness: %d hosts, %d connections: Jain %.4f, %s%n", count, connections, jain, answers);
        assertThat(jain).as("%s", answers).isGreaterThanOrEqualTo(0.95);
        over.set(true);
        close(pool);
    }

    private record Job(
            KeyedConnectionPool<String> pool,
            List<String> keys,
            AtomicLongArray answers,
            AtomicBoolean over,
            int useMillis) {}

    private void work(Job job, int host) {
        job.pool.acquire(job.keys.get(host), hosts.in(MINUTE)).whenComplete((lease, failure) -> {
            if (lease == null) {
                return;
            }
            lease.channel()
                    .eventLoop()
                    .schedule(
                            () -> {
                                job.answers.incrementAndGet(host);
                                lease.release();
                                if (!job.over.get()) {
                                    work(job, host);
                                }
                            },
                            job.useMillis,
                            TimeUnit.MILLISECONDS);
        });
    }

    @Test
    void servesAllOthersWhereOneHostOfAThousandIsBad() {
        String[] keys = keys(1_000);
        KeyedConnectionPool<String> pool =
                hosts.pool(keys).maxTotal(100).maxConnecting(16).build();
        hosts.hanging.add(keys[500]);
        hosts.connectTime(Duration.ofMillis(1));
        List<CompletableFuture<Lease>> bad = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            bad.add(pool.acquire(keys[500], hosts.in(Duration.ofSeconds(30))));
        }
        hosts.settle();
        for (int round = 0; round < 3; round++) {
            List<CompletableFuture<?>> good = new ArrayList<>();
            for (int host = 0; host < keys.length; host++) {
                if (host != 500) {
                    good.add(pool.acquire(keys[host], hosts.in(Duration.ofSeconds(3)))
                            .thenAccept(Lease::release));
                }
            }
            hosts.advance(Duration.ofSeconds(3));
            assertThat(good).as("round %d", round).allMatch(one -> one.isDone() && !one.isCompletedExceptionally());
        }
        assertThat(hosts.mostConnections.get()).isLessThanOrEqualTo(100);
        assertThat(hosts.mostConnecting.get()).isLessThanOrEqualTo(16);
        hosts.advance(MINUTE);
        assertThat(bad).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(hosts.failureOf(bad.get(0))).isInstanceOf(NetException.class);
        close(pool);
    }

    @Test
    void followsTheLoadFromOneHostToThousandsAndBack() {
        String[] keys = keys(HOSTS);
        KeyedConnectionPool<String> pool = hosts.pool(keys)
                .maxTotal(200)
                .hostTimeout(Duration.ofSeconds(10))
                .config(PoolConfig.builder()
                        .maxSize(64)
                        .idleTimeout(Duration.ofSeconds(5))
                        .connectsPerSecond(0)
                        .build())
                .build();
        useHot(pool, keys[0]);
        assertThat(pool.stats().hosts()).isEqualTo(1);

        List<CompletableFuture<?>> all = new ArrayList<>();
        for (String key : keys) {
            all.add(pool.acquire(key, hosts.in(MINUTE)).thenAccept(Lease::release));
        }
        for (int i = 0; i < 1_000 && !all.stream().allMatch(CompletableFuture::isDone); i++) {
            hosts.advance(Duration.ofMillis(1));
        }
        assertThat(all).allMatch(one -> one.isDone() && !one.isCompletedExceptionally());
        assertThat(hosts.mostConnections.get()).isLessThanOrEqualTo(200);
        assertThat(pool.stats().hosts()).isBetween(HOSTS - HOSTS / 10, HOSTS);

        for (int i = 0; i < 30; i++) {
            useHot(pool, keys[0]);
            hosts.advance(Duration.ofSeconds(1));
        }
        assertThat(pool.statsByKey()).as("what is not used is forgotten").containsOnlyKeys(keys[0]);
        assertThat(pool.stats().removedHosts()).isEqualTo(HOSTS - 1);
        assertThat(pool.stats().sum().acquired()).isEqualTo(31 * 100 + HOSTS);
        close(pool);
    }

    private void useHot(KeyedConnectionPool<String> pool, String key) {
        List<CompletableFuture<Lease>> leases = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            leases.add(pool.acquire(key, hosts.in(MINUTE)));
        }
        leases.forEach(one -> one.thenAccept(Lease::release));
        hosts.settle();
        assertThat(leases).allMatch(CompletableFuture::isDone);
    }

    /** Everything may change at once, and time may leap. */
    @Test
    void getsOverLeapsOfTheClock() {
        String[] keys = keys(5);
        KeyedConnectionPool<String> pool = hosts.pool(keys).maxTotal(3).build();
        AtomicIntegerArray served = new AtomicIntegerArray(keys.length);
        for (int leap = 0; leap < 20; leap++) {
            for (int host = 0; host < keys.length; host++) {
                int index = host;
                pool.acquire(keys[host], hosts.in(Duration.ofDays(400))).thenAccept(lease -> {
                    served.incrementAndGet(index);
                    lease.release();
                });
            }
            hosts.advance(leap % 2 == 0 ? Duration.ofHours(6) : Duration.ofNanos(1));
        }
        hosts.advance(MINUTE);
        for (int host = 0; host < keys.length; host++) {
            assertThat(served.get(host)).isEqualTo(20);
        }
        close(pool);
    }

    private void close(KeyedConnectionPool<String> pool) {
        CompletableFuture<?> closed = pool.close(Duration.ZERO);
        hosts.settle();
        assertThat(closed).isCompleted();
        ConnectionPool.Stats end = pool.stats().sum();
        assertThat(end.total()).isZero();
        assertThat(end.pending()).isZero();
        // Connects into nowhere end when nobody waits for them any more.
        hosts.advance(MINUTE);
        assertThat(hosts.connections).hasValue(0);
    }

    private static String[] keys(int count) {
        String[] keys = new String[count];
        for (int i = 0; i < count; i++) {
            keys[i] = "host-" + i;
        }
        return keys;
    }

    private static double jain(AtomicLongArray shares) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < shares.length(); i++) {
            sum += shares.get(i);
            squares += (double) shares.get(i) * shares.get(i);
        }
        return sum * sum / (shares.length() * squares);
    }
}

package io.nettoolkit.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.HostPool;
import io.nettoolkit.pool.internal.keyed.HostPools;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The connections to many hosts: a {@link ConnectionPool} for each, made when it is first asked for, and one bound on all of
 * them together.
 *
 * <pre>{@code
 * KeyedConnectionPool<Endpoint> pools = KeyedConnectionPool.builder(client::connectChannel).maxTotal(500).build();
 *
 * pools.acquire(Endpoint.parse("orders:7000"), Deadline.after(Duration.ofSeconds(1))).thenAccept(lease -> {
 *     lease.channel().writeAndFlush(request);
 *     …
 *     lease.release();
 * });
 * }</pre>
 *
 * <p>When the bound is reached and a host needs a connection, the least recently used idle connection of another one is closed
 * for it (roughly: the longest idle of eight hosts picked at random). Where none is idle, hosts wait in turn, those with the
 * fewest connections first: a host gives up a connection that comes free when a waiting one has at least two fewer. Where that
 * has but one fewer, or where there are more hosts than connections, they take turns, of sixteen uses of each connection.
 *
 * <p>A host without a connection and without a caller is forgotten after a while, so memory follows the hosts in use.
 *
 * <p><b>Threading.</b> As for {@link ConnectionPool}: any thread may call every method, and only {@link #acquireBlocking}
 * blocks.
 *
 * <p><b>Ownership.</b> As for {@link ConnectionPool}.
 *
 * <p><b>Failure.</b> As for {@link ConnectionPool}, each host by itself: one that is down refuses its own callers. What waits for
 * a permit times out with ACQUIRE_TIMEOUT.
 *
 * @param <K> names a host; needs {@code equals} and {@code hashCode}
 */
public final class KeyedConnectionPool<K> implements AutoCloseable {

    private final HostPools<K> hosts;

    private KeyedConnectionPool(HostPools<K> hosts) {
        this.hosts = hosts;
    }

    /**
     * Begins with the defaults.
     *
     * @param connector opens connections to every host
     */
    public static <K> Builder<K> builder(Connector<? super K> connector) {
        return new Builder<>(Objects.requireNonNull(connector, "connector: must not be null"));
    }

    /** As {@link ConnectionPool#tryAcquire}. */
    public @Nullable Lease tryAcquire(K key) {
        return hosts.tryAcquire(Objects.requireNonNull(key, "key: must not be null"));
    }

    /**
     * As {@link ConnectionPool#acquire}.
     *
     * @param deadline on the pool's clock
     */
    public CompletableFuture<Lease> acquire(K key, Deadline deadline) {
        return hosts.acquire(Objects.requireNonNull(key, "key: must not be null"), deadline);
    }

    /**
     * As {@link ConnectionPool#acquireBlocking}.
     *
     * @param deadline on the pool's clock
     * @throws io.nettoolkit.core.NetException where there is none in time, or the host is down
     * @throws io.nettoolkit.core.RejectedException where the pool refuses
     * @throws IllegalStateException on an event loop
     */
    public Lease acquireBlocking(K key, Deadline deadline) throws IOException, InterruptedException {
        return hosts.acquireBlocking(Objects.requireNonNull(key, "key: must not be null"), deadline);
    }

    /**
     * Changes the bounds of each host, as {@link ConnectionPool#resize}.
     *
     * @param minIdle as {@link PoolConfig.Builder#minIdle}
     * @param maxSize as {@link PoolConfig.Builder#maxSize}
     */
    public void resize(int minIdle, int maxSize) {
        PoolConfig.Builder checked = PoolConfig.builder();
        checked.maxSize(maxSize).minIdle(minIdle).build();
        hosts.resize(minIdle, maxSize);
    }

    /**
     * Changes the bound on all connections together. What is above it is closed as it comes free, the longest idle first, and
     * a minimum of idle connections does not keep it.
     *
     * @param maxTotal as {@link Builder#maxTotal}
     */
    public void resizeTotal(int maxTotal) {
        hosts.resizeTotal(Builder.atLeastOne("maxTotal", maxTotal));
    }

    /** As {@link ConnectionPool#suspend}, for every host. */
    public void suspend() {
        hosts.suspend(true);
    }

    /** Ends {@link #suspend}. */
    public void resume() {
        hosts.suspend(false);
    }

    /** As {@link ConnectionPool#retireAll}, for every host. */
    public void retireAll(Throwable cause) {
        hosts.retire(null, Objects.requireNonNull(cause, "cause: must not be null"));
    }

    /** As {@link ConnectionPool#retire}, for every host: one address may serve several of them. */
    public void retire(Predicate<? super SocketAddress> addresses) {
        hosts.retire(Objects.requireNonNull(addresses, "addresses: must not be null"), null);
    }

    /**
     * As {@link ConnectionPool#warmUp}, for one host; takes what the bound on all of them leaves and nothing from other hosts, so
     * that it may complete with fewer.
     */
    public CompletableFuture<Integer> warmUp(K key, int connections) {
        if (connections < 0) {
            throw new IllegalArgumentException("connections: " + connections + " (must be 0 or more)");
        }
        return hosts.warmUp(Objects.requireNonNull(key, "key: must not be null"), connections);
    }

    /** As {@link ConnectionPool#close(Duration)}, for every host. */
    public CompletableFuture<DrainReport> close(Duration grace) {
        Objects.requireNonNull(grace, "grace: must not be null");
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return hosts.close(grace);
    }

    /** As {@link #close(Duration)} without grace, and does not wait for the end. */
    @Override
    public void close() {
        hosts.close(Duration.ZERO);
    }

    /** What all hosts do together, and did so far. */
    public Stats stats() {
        HostPools.Overview overview = hosts.stats();
        return new Stats(overview.hosts(), overview.waiting(), overview.removed(), overview.sum());
    }

    /** What one host does, and did since it was first asked for; {@code null} where there is nothing of it. */
    public ConnectionPool.@Nullable Stats stats(K key) {
        return hosts.stats(Objects.requireNonNull(key, "key: must not be null"));
    }

    /** {@link #stats(Object)} of every host there is now. */
    public Map<K, ConnectionPool.Stats> statsByKey() {
        return hosts.statsByKey();
    }

    @Override
    public String toString() {
        return "KeyedConnectionPool[" + hosts + "]";
    }

    /**
     * What all hosts do together, and did so far. Each host's part is consistent, and read one after the other.
     *
     * @param hosts that have a pool now
     * @param waitingHosts that wait for a connection of another one
     * @param removedHosts forgotten so far, because nobody used them
     * @param sum of all hosts, those that were forgotten included; {@code maxSize} is the bound on all of them together, and
     *     {@code EVICTED} under {@code closes} counts the connections that made room
     */
    public record Stats(int hosts, int waitingHosts, long removedHosts, ConnectionPool.Stats sum) {}

    /**
     * Puts a pool together. Not thread-safe.
     *
     * @param <K> names a host
     */
    public static final class Builder<K> {

        private final Connector<? super K> connector;
        private String name = "pool";
        private PoolConfig config = PoolConfig.defaults();
        private int maxTotal = 256;
        private int maxConnecting = 64;
        private Duration hostTimeout = Duration.ofMinutes(1);
        private @Nullable EventLoopGroup eventLoops;
        private @Nullable HealthCheck healthCheck;
        private ConnectionPool.Listener listener = ConnectionPool.Listener.NONE;
        private TimeSource timeSource = TimeSource.system();
        private @Nullable RandomGenerator random;

        private Builder(Connector<? super K> connector) {
            this.connector = connector;
        }

        /** What messages and events call it, in front of each key. Default "pool". */
        public Builder<K> name(String name) {
            if (Objects.requireNonNull(name, "name: must not be null").isBlank()) {
                throw new IllegalArgumentException("name: \"" + name + "\" (must not be blank)");
            }
            this.name = name;
            return this;
        }

        /**
         * Sizes, times and rules of each host. A minimum of idle connections keeps every host from being forgotten, and its
         * idle connections from making room for another, but not from going when
         * {@link KeyedConnectionPool#resizeTotal} lowers the bound. Default {@link PoolConfig#defaults()}.
         */
        public Builder<K> config(PoolConfig config) {
            this.config = Objects.requireNonNull(config, "config: must not be null");
            return this;
        }

        /** How many connections there are to all hosts together, being opened and being closed included; 1 or more. Default 256. */
        public Builder<K> maxTotal(int connections) {
            maxTotal = atLeastOne("maxTotal", connections);
            return this;
        }

        /**
         * How many connects may be under way to all hosts together, beside the bound of each of them; 1 or more. Default 64.
         */
        public Builder<K> maxConnecting(int connects) {
            maxConnecting = atLeastOne("maxConnecting", connects);
            return this;
        }

        /**
         * How long a host may have neither a connection nor a caller before it is forgotten, at least; twice that at most. Its
         * backoff is forgotten with it. 0: never. Default 1 min.
         */
        public Builder<K> hostTimeout(Duration timeout) {
            Objects.requireNonNull(timeout, "hostTimeout: must not be null");
            if (timeout.isNegative() || timeout.compareTo(Duration.ofDays(365)) > 0) {
                throw new IllegalArgumentException("hostTimeout: " + timeout + " (must be zero to 365 days)");
            }
            hostTimeout = timeout;
            return this;
        }

        /** Where connections live, and the pool's timers. Default the {@linkplain EventLoops#shared() shared loops}. */
        public Builder<K> eventLoops(EventLoopGroup eventLoops) {
            this.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** Asks connections that were idle whether they still work. Default none: nobody is asked. */
        public Builder<K> healthCheck(HealthCheck healthCheck) {
            this.healthCheck = Objects.requireNonNull(healthCheck, "healthCheck: must not be null");
            return this;
        }

        /** Who hears of what happens, with the host's key. Default nobody. */
        public Builder<K> listener(ConnectionPool.Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder<K> timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where jitter and samples come from; used by one thread at a time. Default one of its own. */
        public Builder<K> random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The pool, without a host. */
        public KeyedConnectionPool<K> build() {
            EventLoopGroup loops =
                    eventLoops != null ? eventLoops : EventLoops.shared().group();
            RandomGenerator seeds = random != null ? random : new SplittableRandom();
            HostPool.Parts parts = new HostPool.Parts(name, config, loops, healthCheck, listener, timeSource, seeds);
            return new KeyedConnectionPool<>(
                    new HostPools<>(connector, parts, new HostPools.Bounds(maxTotal, maxConnecting, hostTimeout)));
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (must be 1 or more)");
            }
            return value;
        }
    }
}

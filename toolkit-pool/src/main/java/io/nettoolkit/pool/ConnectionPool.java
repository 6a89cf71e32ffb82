package io.nettoolkit.pool;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.ChannelPoolAdapter;
import io.nettoolkit.pool.internal.HostPool;
import io.nettoolkit.pool.internal.Permits;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.pool.ChannelPool;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one host, opened when they are needed and used again.
 *
 * <pre>{@code
 * ConnectionPool pool = ConnectionPool.builder(Endpoint.parse("orders:7000"), client::connectChannel)
 *         .config(PoolConfig.builder().maxSize(32).build())
 *         .build();
 *
 * pool.acquire(Deadline.after(Duration.ofSeconds(1))).thenAccept(lease -> {
 *     lease.channel().writeAndFlush(request);
 *     …
 *     lease.release();
 * });
 * }</pre>
 *
 * <p>Who comes when a connection is idle has it at once, preferably one of its own event loop and the one used last, without
 * a lock and without allocating anything. All others wait in one line, first come, first served. Connections are opened by
 * the pool, a few at a time, and no more than the line needs.
 *
 * <p><b>Threading.</b> Any thread may call every method; nothing blocks but {@link #acquireBlocking}, which event loops may
 * not call. A future completes on the event loop of the caller if that has one, else on that of the connection, never within
 * the call that caused it; where a connection is idle it is complete when it is returned.
 *
 * <p><b>Ownership.</b> Who acquires a {@link Lease} ends it. A future that was cancelled or timed out has no lease. Close the
 * pool before the event loops.
 *
 * <p><b>Failure.</b> Waiting in vain is a {@link io.nettoolkit.core.NetException} of kind ACQUIRE_TIMEOUT whose message tells
 * what the connections were doing. While the host has no open connection, a failed connect fails the caller that has waited
 * longest with its cause; the third in a row fails all of them, and until a connect in the background succeeds others fail at
 * once. Refusals ({@link io.nettoolkit.core.RejectedException}): PENDING_LIMIT, SUSPENDED, SHUTTING_DOWN.
 *
 * <p><b>Sources.</b> The order of the waiters and the entry words follow HikariCP's ConcurrentBag and Stormpot's BlazePool; the
 * slow path follows the combiner of Vert.x.
 */
public final class ConnectionPool implements AutoCloseable {

    private final HostPool<?> host;

    private ConnectionPool(HostPool<?> host) {
        this.host = host;
    }

    /**
     * Begins with the defaults.
     *
     * @param key names the host, for the connector, the listener and messages
     * @param connector opens connections to it
     */
    public static <K> Builder builder(K key, Connector<? super K> connector) {
        Objects.requireNonNull(key, "key: must not be null");
        Objects.requireNonNull(connector, "connector: must not be null");
        return new Builder(String.valueOf(key), parts -> new HostPool<>(key, connector, parts, Permits.UNLIMITED));
    }

    /**
     * A connection that is idle and needs no check, or {@code null}. Never waits, connects or allocates; one that needs a
     * health check is passed over and checked.
     */
    public @Nullable Lease tryAcquire() {
        return host.tryAcquire();
    }

    /**
     * A connection, as soon as there is one. Cancel the future to give up. Where a connection is idle nothing is allocated:
     * the future belongs to the lease, and is as short-lived.
     *
     * @param deadline on the pool's clock
     */
    public CompletableFuture<Lease> acquire(Deadline deadline) {
        return host.acquire(deadline);
    }

    /**
     * Parks until there is a connection; on platform and virtual threads.
     *
     * @param deadline on the pool's clock
     * @throws io.nettoolkit.core.NetException where there is none in time, or the host is down
     * @throws io.nettoolkit.core.RejectedException where the pool refuses
     * @throws IllegalStateException on an event loop
     */
    public Lease acquireBlocking(Deadline deadline) throws IOException, InterruptedException {
        return host.acquireBlocking(deadline);
    }

    /**
     * Changes the bounds. What is above the new maximum is closed as it becomes idle.
     *
     * @param minIdle as {@link PoolConfig.Builder#minIdle}
     * @param maxSize as {@link PoolConfig.Builder#maxSize}
     */
    public void resize(int minIdle, int maxSize) {
        PoolConfig.Builder checked = PoolConfig.builder();
        checked.maxSize(maxSize).minIdle(minIdle).build();
        host.control().resize(minIdle, maxSize);
    }

    /**
     * Refuses everybody, those who wait now included, with SUSPENDED until {@link #resume}. What is leased may be released,
     * and idle connections stay open; none are opened.
     */
    public void suspend() {
        host.control().suspend();
    }

    /** Ends {@link #suspend}. */
    public void resume() {
        host.control().resume();
    }

    /**
     * Closes every connection that is open now, after a failover for instance: idle ones at once, those in use when they are
     * released. Those being opened now are closed when they are open.
     *
     * @param cause why, for the listener
     */
    public void retireAll(Throwable cause) {
        Objects.requireNonNull(cause, "cause: must not be null");
        host.control().retire(null, cause);
    }

    /**
     * Closes the connections to some addresses as {@link #retireAll} does: for when the name service says that an address is
     * gone.
     *
     * @param addresses tells whether to retire a connection, by its remote address; called on this thread or another, and what
     *     it throws counts as no
     */
    public void retire(Predicate<? super SocketAddress> addresses) {
        Objects.requireNonNull(addresses, "addresses: must not be null");
        host.control().retire(addresses, null);
    }

    /**
     * Opens connections ahead of need until so many are open, within the maximum.
     *
     * @return completes with how many are open when there are enough; fails with the cause when a connect fails first, and
     *     those that are open stay; cancel it to have no more opened
     */
    public CompletableFuture<Integer> warmUp(int connections) {
        if (connections < 0) {
            throw new IllegalArgumentException("connections: " + connections + " (must be 0 or more)");
        }
        return host.control().warmUp(connections);
    }

    /**
     * Refuses new callers and those who wait, closes idle connections, and those in use as they are released; what is still in
     * use when the grace period is over is cut.
     *
     * @param grace how long to wait for leases; zero cuts at once. A later call may shorten it, not lengthen it
     * @return completes when every connection is closed; each call gives the same report
     */
    public CompletableFuture<DrainReport> close(Duration grace) {
        Objects.requireNonNull(grace, "grace: must not be null");
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (must not be negative)");
        }
        return host.control().close(grace);
    }

    /** As {@link #close(Duration)} without grace, and does not wait for the end. */
    @Override
    public void close() {
        host.control().close(Duration.ZERO);
    }

    /**
     * This pool for code that was written for Netty's. An acquire waits for 5 s at most; {@code close} closes this pool; a channel
     * that is released twice, or that this pool has not given out, fails the release and is left alone.
     */
    public ChannelPool asChannelPool() {
        return new ChannelPoolAdapter(this, host.eventLoops(), host.timeSource());
    }

    /** What it does, and did so far. */
    public Stats stats() {
        return host.stats();
    }

    @Override
    public String toString() {
        return "ConnectionPool[" + host + "]";
    }

    /** Why the pool closed a connection, or lost it. */
    public enum CloseCause {
        /** Nobody used it for so long. */
        IDLE_TIMEOUT,
        /** It was old enough. */
        LIFETIME,
        /** {@link ConnectionPool#retireAll} or {@link ConnectionPool#retire}. */
        RETIRED,
        /** {@link ConnectionPool#resize} left no place for it. */
        SURPLUS,
        /** It made room for a connection to another host. */
        EVICTED,
        /** The health check said no, or nothing in time. */
        UNHEALTHY,
        /** Bytes came while nobody used it. */
        DESYNCHRONISED,
        /** {@link Lease#discard}. */
        DISCARDED,
        /** Its lease was lost to the garbage collector. */
        LEAKED,
        /** The peer, the network, or whoever had it closed it. */
        LOST,
        /** It was open when nobody needed it any more: too late, or in a pool that was closed or retired meanwhile. */
        UNWANTED,
        /** The pool was closed. */
        POOL_CLOSED
    }

    /**
     * What a pool does, and did so far. Each connection is counted once:
     * {@code total = idle + active + validating + connecting + closing}.
     *
     * @param maxSize connections at most
     * @param total connections, being opened and being closed included
     * @param idle ready for use
     * @param active leased
     * @param validating in a health check
     * @param connecting being opened
     * @param closing being closed
     * @param pending callers that wait
     * @param acquired leases so far
     * @param waits how long callers waited that had to and got a lease
     * @param connects how long connects took that succeeded
     * @param uses how long leases lasted, of one in 64
     * @param connectFailures connects that failed
     * @param timeouts callers whose deadline passed
     * @param cancels callers that gave up
     * @param rejections callers that were refused, or told that the host cannot be reached
     * @param closes connections closed, by cause
     * @param doubleReleases calls on leases that were over
     * @param lateCancels leases that came back because their caller had gone at that very moment
     * @param leaks leases that were reported
     */
    public record Stats(
            int maxSize,
            int total,
            int idle,
            int active,
            int validating,
            int connecting,
            int closing,
            int pending,
            long acquired,
            Timing waits,
            Timing connects,
            Timing uses,
            long connectFailures,
            long timeouts,
            long cancels,
            long rejections,
            Map<CloseCause, Long> closes,
            long doubleReleases,
            long lateCancels,
            long leaks) {}

    /**
     * Some durations.
     *
     * @param count how many were measured
     * @param sum of all of them
     * @param longest of all of them
     */
    public record Timing(long count, Duration sum, Duration longest) {}

    /**
     * Hears the rare events of pools; one may serve many pools.
     *
     * <p><b>Threading.</b> Called outside critical sections, on any thread, by several threads at once; must not block.
     *
     * <p><b>Failure.</b> What it throws is logged (rate limited), and changes nothing else.
     */
    public interface Listener {

        /** A listener that ignores everything. */
        Listener NONE = new Listener() {};

        /** A connection is open. */
        default void onConnect(Object key, Channel channel, Duration elapsed) {}

        /** A connect failed. */
        default void onConnectFailure(Object key, Throwable cause, Duration elapsed) {}

        /** A connection is closed. */
        default void onClose(Object key, Channel channel, CloseCause cause, @Nullable Throwable failure) {}

        /** The host counts as down: no connection is open, and several connects in a row failed. */
        default void onDown(Object key, Throwable cause) {}

        /** The host is up again. */
        default void onUp(Object key) {}

        /**
         * A lease lasts longer than it should, or was lost.
         *
         * @param acquiredAt has the stack that acquired it
         */
        default void onLeak(Object key, Channel channel, Duration held, Throwable acquiredAt) {}

        /** The pool is closed. */
        default void onDrain(Object key, DrainReport report) {}
    }

    /** Puts a pool together. Not thread-safe. */
    public static final class Builder {

        private final Function<HostPool.Parts, HostPool<?>> host;
        private String name;
        private PoolConfig config = PoolConfig.defaults();
        private @Nullable EventLoopGroup eventLoops;
        private @Nullable HealthCheck healthCheck;
        private Listener listener = Listener.NONE;
        private TimeSource timeSource = TimeSource.system();
        private @Nullable RandomGenerator random;

        private Builder(String name, Function<HostPool.Parts, HostPool<?>> host) {
            this.name = name;
            this.host = host;
        }

        /** What messages and events call it. Default: the key's text. */
        public Builder name(String name) {
            if (Objects.requireNonNull(name, "name: must not be null").isBlank()) {
                throw new IllegalArgumentException("name: \"" + name + "\" (must not be blank)");
            }
            this.name = name;
            return this;
        }

        /** Sizes, times and rules. Default {@link PoolConfig#defaults()}. */
        public Builder config(PoolConfig config) {
            this.config = Objects.requireNonNull(config, "config: must not be null");
            return this;
        }

        /** Where connections live, and the pool's timers. Default the {@linkplain EventLoops#shared() shared loops}. */
        public Builder eventLoops(EventLoopGroup eventLoops) {
            this.eventLoops = Objects.requireNonNull(eventLoops, "eventLoops: must not be null");
            return this;
        }

        /** Asks connections that were idle whether they still work. Default none: nobody is asked. */
        public Builder healthCheck(HealthCheck healthCheck) {
            this.healthCheck = Objects.requireNonNull(healthCheck, "healthCheck: must not be null");
            return this;
        }

        /** Who hears of what happens. Default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** The clock. Default {@link TimeSource#system()}. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        /** Where jitter comes from; used by one thread at a time. Default one of its own. */
        public Builder random(RandomGenerator random) {
            this.random = Objects.requireNonNull(random, "random: must not be null");
            return this;
        }

        /** The pool; it opens {@link PoolConfig#minIdle} connections. */
        public ConnectionPool build() {
            EventLoopGroup loops =
                    eventLoops != null ? eventLoops : EventLoops.shared().group();
            RandomGenerator jitter = random != null ? random : new SplittableRandom();
            HostPool<?> built =
                    host.apply(new HostPool.Parts(name, config, loops, healthCheck, listener, timeSource, jitter));
            built.start();
            return new ConnectionPool(built);
        }
    }
}

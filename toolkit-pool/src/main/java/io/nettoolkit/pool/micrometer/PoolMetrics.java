package io.nettoolkit.pool.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Stats;
import io.nettoolkit.pool.ConnectionPool.Timing;
import io.nettoolkit.pool.KeyedConnectionPool;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Micrometer meters of connection pools. They are read from {@code stats()} when the registry asks, so an acquire costs nothing
 * more for being metered.
 *
 * <pre>{@code
 * PoolMetrics.of(registry, "service", "shop").bind("orders", ordersPool).bind("shards", shardPools);
 * }</pre>
 *
 * <p>Every meter has the tag {@code pool.name}. The meters, all beginning with {@code toolkit.pool.connection.}:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code count}</td><td>gauge</td><td>{@code state}: idle, used, validating, connecting, closing</td></tr>
 * <tr><td>{@code max}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code pending_requests}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code wait_time}</td><td>timer, of those who had to wait and got one</td><td></td></tr>
 * <tr><td>{@code create_time}</td><td>timer, of connects that succeeded</td><td></td></tr>
 * <tr><td>{@code use_time}</td><td>timer, of one lease in 64</td><td></td></tr>
 * <tr><td>{@code requests}</td><td>counter</td><td>{@code outcome}: acquired, timeout, cancelled, rejected</td></tr>
 * <tr><td>{@code create_failures}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code closed}</td><td>counter</td><td>{@code cause}, as {@link CloseCause} in lower case</td></tr>
 * <tr><td>{@code misuses}</td><td>counter</td><td>{@code kind}: double_release, leak</td></tr>
 * </table>
 *
 * <p>A keyed pool has these for all its hosts together, no key is ever a tag; they are added up once a second at most. It has in
 * addition {@code toolkit.pool.hosts} (gauge; {@code state}: all, waiting).
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep a weak reference to their pool, so a pool that is gone
 * reports no more.
 *
 * <p><b>Sources.</b> The names follow OpenTelemetry's semantic conventions {@code db.client.connection.*}.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class PoolMetrics {

    private static final String PREFIX = "toolkit.pool.";
    private static final String STATE = "state";
    private static final String OUTCOME = "outcome";
    private static final long OVERVIEW_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final MeterRegistry registry;
    private final Tags common;

    private PoolMetrics(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    /**
     * Meters in this registry.
     *
     * @param tags keys and values by turns, for every meter
     */
    public static PoolMetrics of(MeterRegistry registry, String... tags) {
        return new PoolMetrics(Objects.requireNonNull(registry, "registry: must not be null"), Tags.of(tags));
    }

    /** The meters of the pool of one host. */
    public PoolMetrics bind(String name, ConnectionPool pool) {
        new Meters<>(name, pool, ConnectionPool::stats).register();
        return this;
    }

    /** The meters of a pool of many hosts. */
    public PoolMetrics bind(String name, KeyedConnectionPool<?> pool) {
        Overview overview = new Overview();
        Meters<KeyedConnectionPool<?>> meters =
                new Meters<>(name, pool, it -> overview.of(it).sum());
        meters.register();
        meters.hosts("all", it -> overview.of(it).hosts());
        meters.hosts("waiting", it -> overview.of(it).waitingHosts());
        return this;
    }

    /** The figures of a pool that may have thousands of hosts, for all of its meters. */
    private static final class Overview {

        private final TimeSource time = TimeSource.system();
        private KeyedConnectionPool.@Nullable Stats last;
        private long atNanos;

        synchronized KeyedConnectionPool.Stats of(KeyedConnectionPool<?> pool) {
            KeyedConnectionPool.Stats stats = last;
            long now = time.nanoTime();
            if (stats == null || now - atNanos >= OVERVIEW_NANOS) {
                stats = pool.stats();
                last = stats;
                atNanos = now;
            }
            return stats;
        }
    }

    /** The meters of one pool. */
    private final class Meters<T> {

        private final Tags tags;
        private final T pool;
        private final Function<T, Stats> stats;

        Meters(String name, T pool, Function<T, Stats> stats) {
            this.pool = Objects.requireNonNull(pool, "pool: must not be null");
            this.stats = stats;
            tags = common.and("pool.name", Objects.requireNonNull(name, "name: must not be null"));
        }

        void register() {
            gauge("count", Tags.of(STATE, "idle"), Stats::idle);
            gauge("count", Tags.of(STATE, "used"), Stats::active);
            gauge("count", Tags.of(STATE, "validating"), Stats::validating);
            gauge("count", Tags.of(STATE, "connecting"), Stats::connecting);
            gauge("count", Tags.of(STATE, "closing"), Stats::closing);
            gauge("max", Tags.empty(), Stats::maxSize);
            gauge("pending_requests", Tags.empty(), Stats::pending);
            timer("wait_time", Stats::waits);
            timer("create_time", Stats::connects);
            timer("use_time", Stats::uses);
            count("requests", Tags.of(OUTCOME, "acquired"), Stats::acquired);
            count("requests", Tags.of(OUTCOME, "timeout"), Stats::timeouts);
            count("requests", Tags.of(OUTCOME, "cancelled"), Stats::cancels);
            count("requests", Tags.of(OUTCOME, "rejected"), Stats::rejections);
            count("create_failures", Tags.empty(), Stats::connectFailures);
            for (CloseCause cause : CloseCause.values()) {
                Tags tag = Tags.of("cause", cause.name().toLowerCase(Locale.ROOT));
                count("closed", tag, it -> it.closes().getOrDefault(cause, 0L));
            }
            count("misuses", Tags.of("kind", "double_release"), Stats::doubleReleases);
            count("misuses", Tags.of("kind", "leak"), Stats::leaks);
        }

        void hosts(String state, ToDoubleFunction<T> figure) {
            Gauge.builder(PREFIX + "hosts", pool, figure)
                    .tags(tags.and(STATE, state))
                    .register(registry);
        }

        private void gauge(String meter, Tags more, ToDoubleFunction<Stats> figure) {
            Gauge.builder(PREFIX + "connection." + meter, pool, read(figure))
                    .tags(tags.and(more))
                    .register(registry);
        }

        private void count(String meter, Tags more, ToDoubleFunction<Stats> figure) {
            FunctionCounter.builder(PREFIX + "connection." + meter, pool, read(figure))
                    .tags(tags.and(more))
                    .register(registry);
        }

        private void timer(String meter, Function<Stats, Timing> timing) {
            Function<T, Stats> its = stats;
            FunctionTimer.builder(
                            PREFIX + "connection." + meter,
                            pool,
                            it -> timing.apply(its.apply(it)).count(),
                            it -> timing.apply(its.apply(it)).sum().toNanos(),
                            TimeUnit.NANOSECONDS)
                    .tags(tags)
                    .register(registry);
        }

        /** Without a reference to this object, which holds the pool. */
        private ToDoubleFunction<T> read(ToDoubleFunction<Stats> figure) {
            Function<T, Stats> its = stats;
            return it -> figure.applyAsDouble(its.apply(it));
        }
    }
}

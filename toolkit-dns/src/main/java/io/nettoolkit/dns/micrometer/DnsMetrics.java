package io.nettoolkit.dns.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.nettoolkit.dns.DnsResolver;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Micrometer meters of resolvers. They are read from {@code stats()} when the registry asks, so a lookup costs nothing more
 * for being metered.
 *
 * <pre>{@code
 * DnsMetrics.of(registry, "service", "orders").bind("system", resolver);
 * }</pre>
 *
 * <p>Every meter has the tag {@code name}. The meters:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code dns.lookup.duration}</td><td>timer: count and total time of lookups at name servers</td><td></td></tr>
 * <tr><td>{@code toolkit.dns.lookups}</td><td>counter</td><td>{@code outcome}: answered, failed, cancelled</td></tr>
 * <tr><td>{@code toolkit.dns.queries}</td><td>counter</td>
 *   <td>{@code kind}: all, retry, hedge, tcp_fallback</td></tr>
 * <tr><td>{@code toolkit.dns.timeouts}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code toolkit.dns.answers.dropped}</td><td>counter</td><td>{@code kind}: mismatch, malformed</td></tr>
 * <tr><td>{@code toolkit.dns.pending}, {@code toolkit.dns.servers.up}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code toolkit.dns.cache.gets}</td><td>counter</td>
 *   <td>{@code result}: hit, miss, stale, failure, coalesced</td></tr>
 * <tr><td>{@code toolkit.dns.cache.refreshes}, {@code .stored}, {@code .evictions}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code toolkit.dns.cache.entries}, {@code .negatives}, {@code .memory}</td>
 *   <td>gauge; entries, entries, bytes</td><td></td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep a weak reference to their resolver, so a resolver that
 * is gone reports no more.
 *
 * <p>Sources: the name {@code dns.lookup.duration} is OpenTelemetry's.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class DnsMetrics {

    private static final String CACHE_GETS = "toolkit.dns.cache.gets";
    private static final String RESULT = "result";
    private static final String KIND = "kind";
    private static final String OUTCOME = "outcome";

    private final MeterRegistry registry;
    private final Tags common;

    private DnsMetrics(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    /**
     * Meters in this registry.
     *
     * @param tags keys and values by turns, for every meter
     */
    public static DnsMetrics of(MeterRegistry registry, String... tags) {
        return new DnsMetrics(Objects.requireNonNull(registry, "registry: must not be null"), Tags.of(tags));
    }

    /** The meters of a resolver. */
    public DnsMetrics bind(String name, DnsResolver resolver) {
        Tags tags = common.and("name", Objects.requireNonNull(name, "name: must not be null"));
        FunctionTimer.builder(
                        "dns.lookup.duration",
                        resolver,
                        it -> it.stats().answers() + it.stats().failures(),
                        it -> it.stats().lookupTime().toNanos(),
                        TimeUnit.NANOSECONDS)
                .tags(tags)
                .register(registry);
        Meters meters = new Meters(tags, resolver);
        meters.count(
                "toolkit.dns.lookups",
                Tags.of(OUTCOME, "answered"),
                it -> it.stats().answers());
        meters.count(
                "toolkit.dns.lookups",
                Tags.of(OUTCOME, "failed"),
                it -> it.stats().failures());
        meters.count(
                "toolkit.dns.lookups",
                Tags.of(OUTCOME, "cancelled"),
                it -> it.stats().cancelled());
        meters.count(
                "toolkit.dns.queries", Tags.of(KIND, "all"), it -> it.stats().queries());
        meters.count(
                "toolkit.dns.queries", Tags.of(KIND, "retry"), it -> it.stats().retries());
        meters.count(
                "toolkit.dns.queries", Tags.of(KIND, "hedge"), it -> it.stats().hedges());
        meters.count(
                "toolkit.dns.queries",
                Tags.of(KIND, "tcp_fallback"),
                it -> it.stats().tcpFallbacks());
        meters.count("toolkit.dns.timeouts", Tags.empty(), it -> it.stats().timeouts());
        meters.count(
                "toolkit.dns.answers.dropped",
                Tags.of(KIND, "mismatch"),
                it -> it.stats().mismatches());
        meters.count(
                "toolkit.dns.answers.dropped",
                Tags.of(KIND, "malformed"),
                it -> it.stats().malformed());
        meters.gauge("toolkit.dns.pending", it -> it.stats().pending());
        meters.gauge(
                "toolkit.dns.servers.up",
                it -> it.stats().servers().stream()
                        .filter(DnsResolver.ServerStats::up)
                        .count());
        bindCache(meters);
        return this;
    }

    private static void bindCache(Meters meters) {
        meters.count(
                CACHE_GETS, Tags.of(RESULT, "hit"), it -> it.cache().stats().hits());
        meters.count(
                CACHE_GETS, Tags.of(RESULT, "miss"), it -> it.cache().stats().misses());
        meters.count(
                CACHE_GETS, Tags.of(RESULT, "stale"), it -> it.cache().stats().staleAnswers());
        meters.count(
                CACHE_GETS, Tags.of(RESULT, "failure"), it -> it.cache().stats().cachedFailures());
        meters.count(
                CACHE_GETS,
                Tags.of(RESULT, "coalesced"),
                it -> it.cache().stats().coalesced());
        meters.count(
                "toolkit.dns.cache.refreshes",
                Tags.empty(),
                it -> it.cache().stats().refreshes());
        meters.count(
                "toolkit.dns.cache.stored",
                Tags.empty(),
                it -> it.cache().stats().stored());
        meters.count(
                "toolkit.dns.cache.evictions",
                Tags.empty(),
                it -> it.cache().stats().evicted());
        meters.gauge("toolkit.dns.cache.entries", it -> it.cache().stats().entries());
        meters.gauge("toolkit.dns.cache.negatives", it -> it.cache().stats().negatives());
        meters.gauge("toolkit.dns.cache.memory", it -> it.cache().stats().bytes());
    }

    /** Of one resolver. */
    private final class Meters {
        private final Tags tags;
        private final DnsResolver resolver;

        Meters(Tags tags, DnsResolver resolver) {
            this.tags = tags;
            this.resolver = resolver;
        }

        void count(String meter, Tags own, ToDoubleFunction<DnsResolver> figure) {
            FunctionCounter.builder(meter, resolver, figure).tags(tags.and(own)).register(registry);
        }

        void gauge(String meter, ToDoubleFunction<DnsResolver> figure) {
            Gauge.builder(meter, resolver, figure).tags(tags).register(registry);
        }
    }
}

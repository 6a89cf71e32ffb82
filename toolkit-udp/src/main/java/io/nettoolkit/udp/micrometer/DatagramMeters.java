package io.nettoolkit.udp.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.nettoolkit.udp.DatagramEndpoint;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * Micrometer meters of plain UDP. They are read from {@code stats()} when the registry asks, so a datagram costs nothing more
 * for being metered.
 *
 * <pre>{@code
 * DatagramMeters.of(registry, "service", "telemetry").bind("samples", endpoint);
 * }</pre>
 *
 * <p>Every meter has the tag {@code name}. The meters:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code toolkit.udp.datagrams}</td><td>counter</td><td>{@code direction}: received, sent</td></tr>
 * <tr><td>{@code toolkit.udp.bytes}</td><td>counter</td><td>{@code direction}: received, sent</td></tr>
 * <tr><td>{@code toolkit.udp.drops}</td><td>counter</td>
 *   <td>{@code reason}: oversized, overflowed, refused, send_failed</td></tr>
 * <tr><td>{@code toolkit.udp.receive.failures}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code toolkit.udp.callback.failures}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code toolkit.udp.pending}</td><td>gauge, bytes</td><td></td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep a weak reference to their endpoint, so an endpoint that
 * is gone reports no more.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class DatagramMeters {

    private static final String DATAGRAMS = "toolkit.udp.datagrams";
    private static final String BYTES = "toolkit.udp.bytes";
    private static final String DROPS = "toolkit.udp.drops";
    private static final String DIRECTION = "direction";
    private static final String REASON = "reason";

    private final MeterRegistry registry;
    private final Tags common;

    private DatagramMeters(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    /**
     * Meters in this registry.
     *
     * @param tags keys and values by turns, for every meter
     */
    public static DatagramMeters of(MeterRegistry registry, String... tags) {
        return new DatagramMeters(Objects.requireNonNull(registry, "registry: must not be null"), Tags.of(tags));
    }

    /** The meters of an endpoint. */
    public DatagramMeters bind(String name, DatagramEndpoint endpoint) {
        Objects.requireNonNull(endpoint, "endpoint: must not be null");
        Tags tags = common.and("name", Objects.requireNonNull(name, "name: must not be null"));
        count(
                DATAGRAMS,
                tags.and(DIRECTION, "received"),
                endpoint,
                it -> it.stats().received());
        count(DATAGRAMS, tags.and(DIRECTION, "sent"), endpoint, it -> it.stats().sent());
        count(BYTES, tags.and(DIRECTION, "received"), endpoint, it -> it.stats().receivedBytes());
        count(BYTES, tags.and(DIRECTION, "sent"), endpoint, it -> it.stats().sentBytes());
        count(DROPS, tags.and(REASON, "oversized"), endpoint, it -> it.stats().oversized());
        count(DROPS, tags.and(REASON, "overflowed"), endpoint, it -> it.stats().overflowed());
        count(DROPS, tags.and(REASON, "refused"), endpoint, it -> it.stats().refusedSends());
        count(DROPS, tags.and(REASON, "send_failed"), endpoint, it -> it.stats().sendFailures());
        count("toolkit.udp.receive.failures", tags, endpoint, it -> it.stats().receiveFailures());
        count("toolkit.udp.callback.failures", tags, endpoint, it -> it.stats().callbackFailures());
        Gauge.builder("toolkit.udp.pending", endpoint, it -> it.stats().pendingBytes())
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
        return this;
    }

    private void count(String name, Tags tags, DatagramEndpoint endpoint, ToDoubleFunction<DatagramEndpoint> value) {
        FunctionCounter.builder(name, endpoint, value).tags(tags).register(registry);
    }
}

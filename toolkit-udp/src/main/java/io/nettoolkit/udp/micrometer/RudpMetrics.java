package io.nettoolkit.udp.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpServer;
import io.nettoolkit.udp.RudpServerChannel;
import io.nettoolkit.udp.RudpStats.Received;
import io.nettoolkit.udp.RudpStats.Sent;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Micrometer meters of servers and clients. They are read from {@code stats()} when the registry asks, so a message costs
 * nothing more for being metered. How long connecting takes and why connections end are told by
 * {@link io.nettoolkit.core.micrometer.ConnectionMetrics}, as a listener.
 *
 * <pre>{@code
 * RudpMetrics.of(registry, "service", "game").bind("players", server);
 * }</pre>
 *
 * <p>Every meter has the tag {@code rudp.name}. The meters, all beginning with {@code toolkit.rudp.}:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code connections}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code connections.opened}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code connections.refused}, of servers</td><td>counter</td><td></td></tr>
 * <tr><td>{@code datagrams}, {@code bytes}</td><td>counter</td><td>{@code direction}: sent, received</td></tr>
 * <tr><td>{@code messages}</td><td>counter</td><td>{@code direction}: sent, received</td></tr>
 * <tr><td>{@code messages.dropped}</td><td>counter</td><td>{@code direction}: sent, received</td></tr>
 * <tr><td>{@code packets.lost}, {@code packets.spurious}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code retransmitted.bytes}</td><td>counter</td><td></td></tr>
 * <tr><td>{@code datagrams.rejected}</td><td>counter</td><td>{@code reason}: duplicate, invalid, and of servers stray</td></tr>
 * <tr><td>{@code datagrams.handed_over}, of servers</td><td>counter</td><td></td></tr>
 * <tr><td>{@code buffered.bytes}</td><td>gauge</td><td>{@code direction}: sent, received</td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep a weak reference to what they measure.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class RudpMetrics {

    private static final String PREFIX = "toolkit.rudp.";
    private static final Tags SENT = Tags.of("direction", "sent");
    private static final Tags RECEIVED = Tags.of("direction", "received");

    private final MeterRegistry registry;
    private final Tags common;

    private RudpMetrics(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    /**
     * Meters in this registry.
     *
     * @param tags keys and values by turns, for every meter
     */
    public static RudpMetrics of(MeterRegistry registry, String... tags) {
        return new RudpMetrics(Objects.requireNonNull(registry, "registry: must not be null"), Tags.of(tags));
    }

    /** The meters of a server. */
    public RudpMetrics bind(String name, RudpServer server) {
        Meters<RudpServer> meters = new Meters<>(name, server);
        meters.gauge("connections", Tags.empty(), it -> it.stats().connections());
        meters.server("connections.opened", Tags.empty(), RudpServerChannel.Stats::opened);
        meters.server("connections.refused", Tags.empty(), RudpServerChannel.Stats::refused);
        meters.server("datagrams", SENT, RudpServerChannel.Stats::datagramsOut);
        meters.server("datagrams", RECEIVED, RudpServerChannel.Stats::datagramsIn);
        meters.server("bytes", SENT, RudpServerChannel.Stats::bytesOut);
        meters.server("bytes", RECEIVED, RudpServerChannel.Stats::bytesIn);
        meters.server("datagrams.rejected", Tags.of("reason", "stray"), RudpServerChannel.Stats::strays);
        meters.server("datagrams.handed_over", Tags.empty(), RudpServerChannel.Stats::handedOver);
        meters.traffic(it -> it.stats().sent(), it -> it.stats().received());
        return this;
    }

    /** The meters of a client. */
    public RudpMetrics bind(String name, RudpClient client) {
        Meters<RudpClient> meters = new Meters<>(name, client);
        meters.gauge("connections", Tags.empty(), it -> it.stats().connections());
        meters.count("connections.opened", Tags.empty(), it -> it.stats().opened());
        meters.count("datagrams", SENT, it -> it.stats().sent().datagrams());
        meters.count("datagrams", RECEIVED, it -> it.stats().received().datagrams());
        meters.count("bytes", SENT, it -> it.stats().sent().bytes());
        meters.count("bytes", RECEIVED, it -> it.stats().received().bytes());
        meters.traffic(it -> it.stats().sent(), it -> it.stats().received());
        return this;
    }

    /** The meters of one server or client; the functions they keep hold no reference to it. */
    private final class Meters<T> {

        private final Tags tags;
        private final T subject;

        Meters(String name, T subject) {
            this.subject = Objects.requireNonNull(subject, "subject: must not be null");
            tags = common.and("rudp.name", Objects.requireNonNull(name, "name: must not be null"));
        }

        void traffic(Function<T, Sent> sent, Function<T, Received> received) {
            count("messages", SENT, it -> sent.apply(it).messages());
            count("messages", RECEIVED, it -> received.apply(it).messages());
            count("messages.dropped", SENT, it -> sent.apply(it).givenUp());
            count("messages.dropped", RECEIVED, it -> received.apply(it).dropped());
            count("packets.lost", Tags.empty(), it -> sent.apply(it).lost());
            count("packets.spurious", Tags.empty(), it -> sent.apply(it).spurious());
            count("retransmitted.bytes", Tags.empty(), it -> sent.apply(it).retransmittedBytes());
            count(
                    "datagrams.rejected",
                    Tags.of("reason", "duplicate"),
                    it -> received.apply(it).duplicates());
            count(
                    "datagrams.rejected",
                    Tags.of("reason", "invalid"),
                    it -> received.apply(it).invalid());
            gauge("buffered.bytes", SENT, it -> sent.apply(it).unacknowledgedBytes());
            gauge("buffered.bytes", RECEIVED, it -> received.apply(it).bufferedBytes());
        }

        void server(String meter, Tags more, ToDoubleFunction<RudpServerChannel.Stats> figure) {
            count(meter, more, it -> figure.applyAsDouble(((RudpServer) it).stats()));
        }

        void gauge(String meter, Tags more, ToDoubleFunction<T> figure) {
            Gauge.builder(PREFIX + meter, subject, figure).tags(tags.and(more)).register(registry);
        }

        void count(String meter, Tags more, ToDoubleFunction<T> figure) {
            FunctionCounter.builder(PREFIX + meter, subject, figure)
                    .tags(tags.and(more))
                    .register(registry);
        }
    }
}

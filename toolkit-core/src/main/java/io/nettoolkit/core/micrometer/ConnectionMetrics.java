package io.nettoolkit.core.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ConnectionListener} that keeps Micrometer meters of the connections of one server or client.
 *
 * <pre>{@code
 * ConnectionMetrics metrics = ConnectionMetrics.builder(registry).tag("server", "orders").build();
 * }</pre>
 *
 * <p>With the prefix {@code toolkit.tcp.server} the meters are:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th></tr>
 * <tr><td>{@code .active_connections}</td><td>gauge</td><td></td></tr>
 * <tr><td>{@code .connection.duration}</td><td>timer</td><td></td></tr>
 * <tr><td>{@code .closed_connections}</td><td>counter</td><td>{@code kind}, {@code initiator}</td></tr>
 * <tr><td>{@code .rejected_connections}</td><td>counter</td><td>{@code reason}</td></tr>
 * <tr><td>{@code .tls_handshake.duration}</td><td>timer</td><td>{@code error.type}</td></tr>
 * <tr><td>{@code .dns.duration}, {@code .connect.duration}, {@code .time_to_first_byte}</td><td>timer</td><td></td></tr>
 * <tr><td>{@code .bytes.in}, {@code .bytes.out}</td><td>counter, of closed connections</td><td></td></tr>
 * <tr><td>{@code .drain.duration}, {@code .drain.forced}</td><td>timer, counter</td><td></td></tr>
 * </table>
 *
 * <p>Tag values are the constants of the toolkit's enums in lower case ({@code none} for no error), so their
 * number is bounded; no address is ever a tag.
 *
 * <p><b>Threading.</b> One instance serves any number of loops at once.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good. Give several products one instance to count them
 * together, and different tags (or prefixes) to tell them apart.
 *
 * <p><b>Sources.</b> The names follow OpenTelemetry's semantic conventions for Kestrel where those have a counterpart.
 */
@SuppressWarnings("exports") // whoever uses this package brings Micrometer; nobody else has to
public final class ConnectionMetrics implements ConnectionListener {

    private static final String ERROR_TYPE = "error.type";
    private static final String NONE = "none";

    private final MeterRegistry registry;
    private final String prefix;
    private final Tags tags;
    private final AtomicLong active = new AtomicLong();
    private final Timer lifetime;
    private final Timer resolve;
    private final Timer connect;
    private final Timer firstByte;
    private final Counter bytesIn;
    private final Counter bytesOut;

    private ConnectionMetrics(Builder builder) {
        registry = builder.registry;
        prefix = builder.prefix;
        tags = builder.tags;
        Gauge.builder(prefix + ".active_connections", active, AtomicLong::doubleValue)
                .description("Connections open now")
                .tags(tags)
                .strongReference(true)
                .register(registry);
        lifetime = timer("connection.duration", "How long connections lived", Tags.empty());
        resolve = timer("dns.duration", "Name lookups", Tags.empty());
        connect = timer("connect.duration", "From the first connect attempt to the connection", Tags.empty());
        firstByte = timer("time_to_first_byte", "From the open connection to the peer's first byte", Tags.empty());
        bytesIn = bytes("bytes.in", "Bytes received by closed connections");
        bytesOut = bytes("bytes.out", "Bytes written by closed connections");
    }

    /** Starts metrics in this registry. */
    @SuppressWarnings("exports") // transitive, Micrometer would be forced on every module that uses the core
    public static Builder builder(MeterRegistry registry) {
        return new Builder(registry);
    }

    @Override
    public void onOpen(Channel channel, ConnectionTimeline timeline) {
        active.incrementAndGet();
        record(resolve, timeline.resolve());
        record(connect, timeline.connect());
    }

    @Override
    public void onTlsHandshake(Channel channel, Duration elapsed, @Nullable Throwable failure) {
        String error = failure == null ? NONE : lower(NetFailure.Kind.of(failure));
        timer("tls_handshake.duration", "TLS handshakes", Tags.of(ERROR_TYPE, error))
                .record(elapsed);
    }

    @Override
    public void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {
        active.decrementAndGet();
        lifetime.record(timeline.lifetime());
        record(firstByte, timeline.firstByte());
        bytesIn.increment((double) timeline.bytesIn());
        bytesOut.increment((double) timeline.bytesOut());
        counter(
                        "closed_connections",
                        "Connections that ended",
                        Tags.of("kind", lower(reason.kind()), "initiator", lower(reason.initiator())))
                .increment();
    }

    @Override
    public void onReject(@Nullable SocketAddress remote, Exception cause) {
        String reason = JfrEvents.reasonOf(cause).toLowerCase(Locale.ROOT);
        counter("rejected_connections", "Connections refused at accept", Tags.of("reason", reason))
                .increment();
    }

    @Override
    public void onDrain(DrainReport report) {
        timer("drain.duration", "Graceful stops", Tags.empty()).record(report.elapsed());
        counter("drain.forced", "Connections cut at the end of a grace period", Tags.empty())
                .increment(report.forced());
    }

    @Override
    public String toString() {
        return "ConnectionMetrics[prefix=" + prefix + ", tags=" + tags + "]";
    }

    private static void record(Timer timer, @Nullable Duration elapsed) {
        if (elapsed != null) {
            timer.record(elapsed);
        }
    }

    /** Finds the meter again where it exists: what is looked up here is as rare as connections. */
    private Timer timer(String name, String description, Tags more) {
        return Timer.builder(prefix + "." + name)
                .description(description)
                .tags(tags.and(more))
                .register(registry);
    }

    private Counter counter(String name, String description, Tags more) {
        return Counter.builder(prefix + "." + name)
                .description(description)
                .tags(tags.and(more))
                .register(registry);
    }

    private Counter bytes(String name, String description) {
        return Counter.builder(prefix + "." + name)
                .description(description)
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Puts metrics together. Not thread-safe. */
    public static final class Builder {
        private final MeterRegistry registry;
        private String prefix = "toolkit.tcp.server";
        private Tags tags = Tags.empty();

        private Builder(MeterRegistry registry) {
            this.registry = Objects.requireNonNull(registry, "registry: must not be null");
        }

        /** What meter names begin with. Default "toolkit.tcp.server"; use "toolkit.tcp.client" for clients. */
        public Builder prefix(String prefix) {
            if (Objects.requireNonNull(prefix, "prefix: must not be null").isBlank()) {
                throw new IllegalArgumentException("prefix: \"" + prefix + "\" (must not be blank)");
            }
            this.prefix = prefix;
            return this;
        }

        /** One more tag on every meter, such as the name of the server. Default none. */
        public Builder tag(String key, String value) {
            tags = tags.and(Tag.of(key, value));
            return this;
        }

        /** The listener; its meters are registered now or when they first have something to say. */
        public ConnectionMetrics build() {
            return new ConnectionMetrics(this);
        }
    }
}

package io.nettoolkit.core.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionMetricsTest {

    private static final String PREFIX = "toolkit.tcp.server";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ConnectionMetrics metrics =
            ConnectionMetrics.builder(registry).build();

    @AfterEach
    void closeChannel() {
        channel.finishAndReleaseAll();
        registry.close();
    }

    @Test
    void countsConnectionsThatAreOpenNow() {
        metrics.onOpen(channel, timeline(0, 0));
        metrics.onOpen(channel, timeline(0, 0));
        assertThat(gauge("active_connections")).isEqualTo(2);
        metrics.onClose(channel, CloseReason.local(), timeline(0, 0));
        assertThat(gauge("active_connections")).isEqualTo(1);
    }

    @Test
    void tellsClosesApartByKindAndInitiator() {
        metrics.onClose(channel, CloseReason.peer(), timeline(10, 20));
        metrics.onClose(channel, CloseReason.peer(), timeline(1, 2));
        metrics.onClose(
                channel,
                CloseReason.failed(CloseReason.Initiator.NETWORK, failure(NetFailure.Kind.RESET)),
                timeline(0, 0));
        assertThat(count("closed_connections", "kind", "peer_closed", "initiator", "peer"))
                .isEqualTo(2);
        assertThat(count("closed_connections", "kind", "reset", "initiator", "network"))
                .isEqualTo(1);
        assertThat(count("bytes.in")).isEqualTo(11);
        assertThat(count("bytes.out")).isEqualTo(22);
        assertThat(registry.get(PREFIX + ".connection.duration").timer().count())
                .isEqualTo(3);
        assertThat(registry.get(PREFIX + ".connection.duration").timer().max(TimeUnit.SECONDS))
                .isEqualTo(9);
    }

    @Test
    void timesThePhasesThatHappenedAndNoOthers() {
        metrics.onOpen(
                channel,
                new ConnectionTimeline(
                        Duration.ofMillis(3), Duration.ofMillis(4), null, null, Duration.ofMillis(8), 0, 0));
        metrics.onOpen(channel, timeline(0, 0));
        metrics.onClose(
                channel,
                CloseReason.local(),
                new ConnectionTimeline(null, null, null, Duration.ofMillis(5), Duration.ofSeconds(1), 0, 0));
        metrics.onClose(channel, CloseReason.local(), timeline(0, 0));
        for (String phase : List.of("dns.duration", "connect.duration", "time_to_first_byte")) {
            assertThat(registry.get(PREFIX + "." + phase).timer().count())
                    .as(phase)
                    .isEqualTo(1);
        }
        assertThat(registry.get(PREFIX + ".connect.duration").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(4);
    }

    @Test
    void timesTlsHandshakesByOutcome() {
        metrics.onTlsHandshake(channel, Duration.ofMillis(7), null);
        metrics.onTlsHandshake(channel, Duration.ofMillis(9), failure(NetFailure.Kind.TLS_CERTIFICATE));
        assertThat(registry.get(PREFIX + ".tls_handshake.duration")
                        .tag("error.type", "none")
                        .timer()
                        .totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(7);
        assertThat(registry.get(PREFIX + ".tls_handshake.duration")
                        .tag("error.type", "tls_certificate")
                        .timer()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void countsRefusalsByReason() {
        metrics.onReject(
                new InetSocketAddress("127.0.0.1", 1),
                new RejectedException("s", RejectedException.Reason.RATE_LIMITED, Duration.ZERO, ""));
        metrics.onReject(null, failure(NetFailure.Kind.RESOURCE_EXHAUSTED));
        assertThat(count("rejected_connections", "reason", "rate_limited")).isEqualTo(1);
        assertThat(count("rejected_connections", "reason", "resource_exhausted"))
                .isEqualTo(1);
    }

    @Test
    void timesDrainsAndCountsWhatTheyCut() {
        metrics.onDrain(new DrainReport(10, 3, Duration.ofSeconds(2)));
        assertThat(registry.get(PREFIX + ".drain.duration").timer().totalTime(TimeUnit.SECONDS))
                .isEqualTo(2);
        assertThat(count("drain.forced")).isEqualTo(3);
    }

    @Test
    void takesPrefixAndTagsAndAddsNoUnboundedOnes() {
        ConnectionMetrics named = ConnectionMetrics.builder(registry)
                .prefix("shop.tcp")
                .tag("server", "orders")
                .build();
        named.onOpen(channel, timeline(0, 0));
        named.onClose(channel, CloseReason.local(), timeline(0, 0));
        named.onReject(new InetSocketAddress("127.0.0.1", 1), failure(NetFailure.Kind.OTHER));
        List<Meter> meters = registry.getMeters().stream()
                .filter(meter -> meter.getId().getName().startsWith("shop.tcp."))
                .toList();
        assertThat(meters).hasSizeGreaterThan(5).allSatisfy(meter -> {
            assertThat(meter.getId().getTag("server")).isEqualTo("orders");
            assertThat(meter.getId().getTags())
                    .extracting(Tag::getKey)
                    .isSubsetOf("server", "kind", "initiator", "reason", "error.type");
        });
        assertThat(named).hasToString("ConnectionMetrics[prefix=shop.tcp, tags=[tag(server=orders)]]");
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatNullPointerException()
                .isThrownBy(() -> ConnectionMetrics.builder(null))
                .withMessage("registry: must not be null");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectionMetrics.builder(registry).prefix(""))
                .withMessage("prefix: \"\" (must not be blank)");
    }

    private static ConnectionTimeline timeline(long bytesIn, long bytesOut) {
        return new ConnectionTimeline(null, null, null, null, Duration.ofSeconds(9), bytesIn, bytesOut);
    }

    private static NetException failure(NetFailure.Kind kind) {
        return NetException.builder(kind, NetFailure.Operation.READ).build();
    }

    private double gauge(String name) {
        return registry.get(PREFIX + "." + name).gauge().value();
    }

    private double count(String name, String... tags) {
        return registry.get(PREFIX + "." + name).tags(tags).counter().count();
    }
}

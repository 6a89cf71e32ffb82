package io.nettoolkit.dns.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.FakeDnsServer.Reply;
import io.nettoolkit.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What lookups leave behind in meters and in the flight recorder. */
@ExtendWith(LeakCheck.class)
class DnsMetricsIT {

    @Test
    void metersFollowLookupsAndTheCache() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (FakeDnsServer dns = FakeDnsServer.start();
                DnsResolver resolver = resolver(dns)) {
            dns.records("a.example. 300 A 192.0.2.1");
            DnsMetrics.of(registry, "service", "orders").bind("system", resolver);
            resolver.query("a.example", DnsType.A).get(10, TimeUnit.SECONDS);
            resolver.query("a.example", DnsType.A).get(10, TimeUnit.SECONDS);

            assertThat(registry.get("dns.lookup.duration")
                            .tags("name", "system", "service", "orders")
                            .functionTimer())
                    .satisfies(timer -> assertThat(timer.count()).isEqualTo(1))
                    .satisfies(timer ->
                            assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive());
            assertThat(registry.get("toolkit.dns.lookups")
                            .tag("outcome", "answered")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("toolkit.dns.cache.gets")
                            .tag("result", "hit")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("toolkit.dns.servers.up").gauge().value()).isEqualTo(1);
        }
    }

    @Test
    void theFlightRecorderHasEveryLookupAtTheServers(@TempDir Path directory) throws Exception {
        List<RecordedEvent> events = recorded(directory, "io.nettoolkit.DnsLookup", () -> {
            try (FakeDnsServer dns = FakeDnsServer.start();
                    DnsResolver resolver = resolver(dns)) {
                dns.records("a.example. 300 A 192.0.2.1");
                resolver.query("a.example", DnsType.A).get(10, TimeUnit.SECONDS);
            }
        });
        assertThat(events).hasSize(1);
        assertThat(events.get(0).getString("name")).isEqualTo("a.example.");
        assertThat(events.get(0).getString("outcome")).isEqualTo("ANSWER");
    }

    @Test
    void theFlightRecorderHasWhatBecomesOfServers(@TempDir Path directory) throws Exception {
        AtomicReference<InetSocketAddress> server = new AtomicReference<>();
        List<RecordedEvent> events = recorded(directory, "io.nettoolkit.DnsServer", () -> {
            try (FakeDnsServer dns = FakeDnsServer.start();
                    DnsResolver resolver = builder(dns)
                            .tryTimeout(Duration.ofMillis(100))
                            .attempts(1)
                            .build()) {
                server.set(dns.address());
                dns.onAny().reply(Reply.nothing());
                askUntil(resolver, () -> !isUp(resolver));
                dns.onAny().reply(Reply.zone());
                askUntil(resolver, () -> isUp(resolver));
                dns.onAny().reply(Reply.zone().withWrongId().copies(1000).then(Reply.zone()));
                askUntil(resolver, () -> dns.connections() > 0);
            }
        });
        assertThat(events)
                .extracting(event -> event.getString("state"))
                .startsWith("DOWN", "UP")
                .contains("FORGERY_SUSPECTED");
        assertThat(events)
                .allSatisfy(event -> assertThat(event.getString("server"))
                        .contains(":" + server.get().getPort()));
    }

    private static boolean isUp(DnsResolver resolver) {
        return resolver.stats().servers().get(0).up();
    }

    /** For another name each time, whatever comes of it. */
    private static void askUntil(DnsResolver resolver, BooleanSupplier condition) throws Exception {
        int i = 0;
        do {
            resolver.query("n" + i++ + ".example", DnsType.A)
                    .handle((answer, failure) -> 0)
                    .get(10, TimeUnit.SECONDS);
        } while (!condition.getAsBoolean());
    }

    private interface Work {
        void run() throws Exception;
    }

    /** The events of this name while something is done, in the order of time, which that of the file is not. */
    private static List<RecordedEvent> recorded(Path directory, String name, Work work) throws Exception {
        Path file = directory.resolve("dns.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(name);
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
    }

    private static DnsResolver resolver(FakeDnsServer dns) {
        return builder(dns).build();
    }

    private static DnsResolver.Builder builder(FakeDnsServer dns) {
        return DnsResolver.builder().nameServers(List.of(dns.address()));
    }
}

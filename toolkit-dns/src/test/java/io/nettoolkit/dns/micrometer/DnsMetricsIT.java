package io.nettoolkit.dns.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lookups leave behind in meters and in the flight recorder. */
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
        Path file = directory.resolve("dns.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("io.nettoolkit.DnsLookup");
            recording.start();
            try (FakeDnsServer dns = FakeDnsServer.start();
                    DnsResolver resolver = resolver(dns)) {
                dns.records("a.example. 300 A 192.0.2.1");
                resolver.query("a.example", DnsType.A).get(10, TimeUnit.SECONDS);
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("io.nettoolkit.DnsLookup"))
                .toList();
        assertThat(Files.exists(file)).isTrue();
        assertThat(events).hasSize(1);
        assertThat(events.get(0).getString("name")).isEqualTo("a.example.");
        assertThat(events.get(0).getString("outcome")).isEqualTo("ANSWER");
    }

    private static DnsResolver resolver(FakeDnsServer dns) {
        return DnsResolver.builder().nameServers(List.of(dns.address())).build();
    }
}

package io.nettoolkit.udp.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.CloseReason;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.DatagramEndpoint;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What datagrams leave behind in meters and in the flight recorder. */
@ExtendWith(LeakCheck.class)
class DatagramMetersIT {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    @SuppressWarnings("try") // closed before its block ends
    void metersAndEventsFollowTheDatagrams(@TempDir Path directory) throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        CountDownLatch arrived = new CountDownLatch(1);
        try (Recording recording = new Recording();
                DatagramEndpoint server = DatagramEndpoint.builder((it, datagram, sender) -> arrived.countDown())
                        .maxDatagramBytes(10)
                        .name("samples")
                        .build();
                DatagramEndpoint client =
                        DatagramEndpoint.builder((it, datagram, sender) -> {}).build()) {
            DatagramMeters.of(registry, "service", "telemetry")
                    .bind("in", server)
                    .bind("out", client);
            recording.enable("io.nettoolkit.DatagramDrop");
            recording.enable("io.nettoolkit.Drain");
            recording.start();
            InetSocketAddress address = server.bind(ANY_PORT).join();
            client.connect(address).join();
            client.send(Unpooled.wrappedBuffer(new byte[20])).join();
            client.send(Unpooled.wrappedBuffer(new byte[5])).join();
            assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();

            assertThat(count(registry, "toolkit.udp.datagrams", "out", "direction", "sent"))
                    .isEqualTo(2);
            assertThat(count(registry, "toolkit.udp.bytes", "out", "direction", "sent"))
                    .isEqualTo(25);
            assertThat(count(registry, "toolkit.udp.datagrams", "in", "direction", "received"))
                    .isEqualTo(1);
            assertThat(count(registry, "toolkit.udp.drops", "in", "reason", "oversized"))
                    .isEqualTo(1);
            assertThat(registry.get("toolkit.udp.pending")
                            .tags("name", "out", "service", "telemetry")
                            .gauge()
                            .value())
                    .isZero();

            client.close();
            assertThat(client.closed().join()).isEqualTo(CloseReason.local());
            List<RecordedEvent> events = events(recording, directory);
            assertThat(events)
                    .filteredOn(event -> event.getEventType().getName().endsWith("DatagramDrop"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getString("endpoint")).isEqualTo("samples"))
                    .satisfies(event -> assertThat(event.getString("reason")).isEqualTo("TOO_LARGE"))
                    .satisfies(event -> assertThat(event.getString("remote")).startsWith("127.0.0.1:"))
                    .satisfies(event -> assertThat(event.getInt("bytes")).isEqualTo(11));
            assertThat(events)
                    .filteredOn(event -> event.getEventType().getName().endsWith("Drain"))
                    .hasSize(1);
        }
    }

    private static double count(SimpleMeterRegistry registry, String meter, String name, String key, String value) {
        return registry.get(meter)
                .tags("name", name, key, value)
                .functionCounter()
                .count();
    }

    private static List<RecordedEvent> events(Recording recording, Path directory) throws Exception {
        recording.stop();
        Path file = Files.createFile(directory.resolve("datagrams.jfr"));
        recording.dump(file);
        return RecordingFile.readAllEvents(file);
    }
}

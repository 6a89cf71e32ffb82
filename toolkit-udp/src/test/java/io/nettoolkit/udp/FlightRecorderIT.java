package io.nettoolkit.udp;

import static io.nettoolkit.udp.DatagramRig.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the flight recorder hears of datagrams and of reliable connections; RudpServerIT has what it hears of moves. */
@ExtendWith(LeakCheck.class)
class FlightRecorderIT {

    @TempDir
    private Path directory;

    private final Recording recording = new Recording();

    private void record(String... events) {
        for (String event : events) {
            recording.enable("io.nettoolkit." + event);
        }
        recording.start();
    }

    private List<RecordedEvent> recorded() throws Exception {
        try (recording) {
            recording.stop();
            Path file = Files.createFile(directory.resolve("udp.jfr"));
            recording.dump(file);
            return RecordingFile.readAllEvents(file);
        }
    }

    private static List<RecordedEvent> only(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("io.nettoolkit." + name))
                .toList();
    }

    private static String text(InetSocketAddress address) {
        return "127.0.0.1:" + address.getPort();
    }

    @Test
    void recordsHowConnectionsOpenCloseAreRefusedAndDrained() throws Exception {
        record("ConnectionOpen", "ConnectionClose", "ConnectionReject", "Drain");
        RudpConfig config = Rig.plain();
        InetSocketAddress clientAddress;
        InetSocketAddress serverAddress;
        try (EventLoops loops = TransportMatrix.loops(Transport.NIO, 1);
                RudpServer server = RudpServer.builder(config, (channel, message) -> {})
                        .eventLoops(loops)
                        .maxConnections(1)
                        .build();
                RudpClient client = RudpClient.builder(config, (channel, message) -> {})
                        .eventLoops(loops)
                        .build()) {
            serverAddress = server.bind(Endpoint.of("127.0.0.1", 0)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            RudpChannel channel = connect(client, serverAddress).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            clientAddress = (InetSocketAddress) channel.localAddress();
            assertThatThrownBy(() -> connect(client, serverAddress).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isNotNull();
            channel.send(RudpMessage.of(bytes("a message"))).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            server.drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            channel.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        List<RecordedEvent> events = recorded();
        assertThat(only(events, "ConnectionOpen"))
                .extracting(event -> event.getString("remote"))
                .containsExactlyInAnyOrder(text(serverAddress), text(clientAddress));
        assertThat(only(events, "ConnectionOpen"))
                .filteredOn(event -> event.getString("remote").equals(text(serverAddress)))
                .singleElement()
                .satisfies(dialled -> assertThat(dialled.getDuration("connect")).isPositive());
        // More than one where the client asked again before it heard: the server remembers nothing of whom it refuses.
        assertThat(only(events, "ConnectionReject"))
                .isNotEmpty()
                .allSatisfy(refused -> assertThat(refused.getString("reason")).isEqualTo("CONNECTION_LIMIT"))
                .allSatisfy(refused -> assertThat(refused.getString("remote"))
                        .startsWith("127.0.0.1:")
                        .isNotEqualTo(text(clientAddress)));
        List<RecordedEvent> closes = only(events, "ConnectionClose");
        assertThat(closes)
                .filteredOn(event -> text(clientAddress).equals(event.getString("remote")))
                .singleElement()
                .satisfies(close -> assertThat(close.getString("kind")).isEqualTo("LOCAL_CLOSED"))
                .satisfies(close -> assertThat(close.getString("initiator")).isEqualTo("LOCAL"))
                .satisfies(close -> assertThat(close.getLong("bytesIn")).isPositive())
                .satisfies(close -> assertThat(close.getDuration("lifetime")).isPositive());
        assertThat(closes)
                .filteredOn(event -> event.getString("kind").equals("PEER_CLOSED"))
                .singleElement()
                .satisfies(close -> assertThat(close.getString("remote")).isEqualTo(text(serverAddress)))
                .satisfies(close -> assertThat(close.getLong("bytesOut")).isPositive());
        assertThat(only(events, "Drain"))
                .as("of the server, and of the client as it is closed")
                .hasSize(2)
                .anySatisfy(drain -> assertThat(drain.getInt("drained")).isOne())
                .allSatisfy(drain -> assertThat(drain.getInt("forced")).isZero());
    }

    private static CompletableFuture<RudpChannel> connect(RudpClient client, InetSocketAddress server) {
        return client.connect(
                Endpoint.of("127.0.0.1", server.getPort()), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)));
    }

    @Test
    void recordsWhyDatagramsWereDroppedAndHowAnEndpointDrained() throws Exception {
        record("DatagramDrop", "Drain");
        ExecutorService executor = Executors.newSingleThreadExecutor();
        CountDownLatch held = new CountDownLatch(1);
        InetSocketAddress everybody = new InetSocketAddress("255.255.255.255", 9);
        InetSocketAddress sender;
        try (DatagramRig server = DatagramRig.bound(
                        Transport.NIO,
                        it -> it.name("busy").executor(executor, 1).maxDatagramBytes(100));
                DatagramRig client = new DatagramRig(Transport.NIO, it -> it.name("out"))) {
            server.handler = (it, datagram, from) -> held.await();
            client.endpoint.bind(DatagramRig.ANY_PORT).join();
            sender = client.address();
            for (int bytes : new int[] {101, 10, 10}) {
                client.endpoint.send(bytes("x".repeat(bytes)), server.address()).join();
            }
            DatagramRig.awaitTrue(() -> server.endpoint.stats().overflowed() == 1);
            assertThatThrownBy(client.endpoint.send(bytes("hear ye"), everybody)::join)
                    .isNotNull();
            held.countDown();
            client.endpoint.drain(Duration.ofSeconds(1)).join();
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
        List<RecordedEvent> events = recorded();
        assertThat(only(events, "DatagramDrop"))
                .extracting(
                        event -> event.getString("endpoint"),
                        event -> event.getString("remote"),
                        event -> event.getString("reason"),
                        event -> event.getInt("bytes"))
                .containsExactlyInAnyOrder(
                        tuple("busy", text(sender), "TOO_LARGE", 101),
                        tuple("busy", text(sender), "HANDLER_BUSY", 10),
                        tuple("out", "255.255.255.255:9", "PERMISSION", 7));
        assertThat(only(events, "Drain")).hasSize(2);
    }
}

package io.nettoolkit.core.internal.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JfrEventsTest {

    private static final SocketAddress REMOTE = InetSocketAddress.createUnresolved("2001:db8::1", 443);
    private static final ConnectionTimeline OPENED = new ConnectionTimeline(
            Duration.ofNanos(11), Duration.ofNanos(22), Duration.ofNanos(33), null, Duration.ofNanos(70), 0, 0);
    private static final ConnectionTimeline CLOSED =
            new ConnectionTimeline(null, null, null, Duration.ofNanos(44), Duration.ofNanos(55), 66, 77);

    @TempDir
    private Path directory;

    @Test
    void recordsHowAConnectionOpened() throws Exception {
        RecordedEvent event = record("ConnectionOpen", () -> JfrEvents.connectionOpen(REMOTE, OPENED));
        assertThat(event.getString("remote")).isEqualTo("[2001:db8::1]:443");
        assertThat(event.getDuration("resolve")).isEqualTo(Duration.ofNanos(11));
        assertThat(event.getDuration("connect")).isEqualTo(Duration.ofNanos(22));
        assertThat(event.getDuration("tls")).isEqualTo(Duration.ofNanos(33));
    }

    @Test
    void recordsPhasesThatDidNotHappenAsZero() throws Exception {
        RecordedEvent event = record("ConnectionOpen", () -> JfrEvents.connectionOpen(null, CLOSED));
        assertThat(event.getString("remote")).isNull();
        assertThat(event.getDuration("resolve")).isZero();
        assertThat(event.getDuration("connect")).isZero();
        assertThat(event.getDuration("tls")).isZero();
    }

    @Test
    void recordsWhyAConnectionClosed() throws Exception {
        CloseReason reason =
                new CloseReason(CloseReason.Initiator.NETWORK, NetFailure.Kind.RESET, new java.io.IOException("reset"));
        RecordedEvent event = record("ConnectionClose", () -> JfrEvents.connectionClose(REMOTE, reason, CLOSED));
        assertThat(event.getString("kind")).isEqualTo("RESET");
        assertThat(event.getString("initiator")).isEqualTo("NETWORK");
        assertThat(event.getLong("bytesIn")).isEqualTo(66);
        assertThat(event.getLong("bytesOut")).isEqualTo(77);
        assertThat(event.getDuration("lifetime")).isEqualTo(Duration.ofNanos(55));
    }

    @Test
    void recordsARefusalByItsReasonAndAFailedAcceptByItsKind() throws Exception {
        RejectedException limit =
                new RejectedException("server", RejectedException.Reason.CONNECTION_LIMIT, Duration.ZERO, "");
        NetException noDescriptors = NetException.builder(
                        NetFailure.Kind.RESOURCE_EXHAUSTED, NetFailure.Operation.ACCEPT)
                .build();
        assertThat(record("ConnectionReject", () -> JfrEvents.connectionReject(REMOTE, limit))
                        .getString("reason"))
                .isEqualTo("CONNECTION_LIMIT");
        assertThat(record("ConnectionReject", () -> JfrEvents.connectionReject(null, noDescriptors))
                        .getString("reason"))
                .isEqualTo("RESOURCE_EXHAUSTED");
    }

    @Test
    void recordsADrain() throws Exception {
        RecordedEvent event = record("Drain", () -> JfrEvents.drain(new DrainReport(5, 2, Duration.ofNanos(88))));
        assertThat(event.getInt("drained")).isEqualTo(5);
        assertThat(event.getInt("forced")).isEqualTo(2);
        assertThat(event.getDuration("elapsed")).isEqualTo(Duration.ofNanos(88));
    }

    @Test
    void recordsADroppedDatagram() throws Exception {
        RecordedEvent event = record("DatagramDrop", () -> JfrEvents.datagramDrop("samples", REMOTE, "TOO_LARGE", 99));
        assertThat(event.getString("endpoint")).isEqualTo("samples");
        assertThat(event.getString("remote")).isEqualTo("[2001:db8::1]:443");
        assertThat(event.getString("reason")).isEqualTo("TOO_LARGE");
        assertThat(event.getInt("bytes")).isEqualTo(99);
    }

    @Test
    void recordsAStall() throws Exception {
        StackTraceElement[] stack = {new StackTraceElement("shop.Orders", "load", "Orders.java", 7)};
        RecordedEvent event = record("LoopStall", () -> JfrEvents.loopStall("loop-1", 99, stack, JfrEvents.Stall.OVER));
        assertThat(event.getString("loop")).isEqualTo("loop-1");
        assertThat(event.getDuration("blocked")).isEqualTo(Duration.ofNanos(99));
        assertThat(event.getBoolean("over")).isTrue();
        assertThat(event.getString("stack")).isEqualTo("shop.Orders.load(Orders.java:7)\n");
    }

    @Test
    void recordsNothingThatIsSwitchedOff() throws Exception {
        try (Recording recording = new Recording()) {
            recording.disable("io.nettoolkit.Drain");
            recording.enable("io.nettoolkit.ConnectionOpen");
            recording.start();
            JfrEvents.drain(new DrainReport(1, 1, Duration.ZERO));
            JfrEvents.connectionOpen(REMOTE, OPENED);
            assertThat(events(recording))
                    .extracting(event -> event.getEventType().getName())
                    .containsExactly("io.nettoolkit.ConnectionOpen");
        }
    }

    /** Runs the code under a recording of this one event; the event, with what holds for all of them checked. */
    private RecordedEvent record(String name, Runnable code) throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("io.nettoolkit." + name);
            recording.start();
            code.run();
            List<RecordedEvent> events = events(recording);
            assertThat(events).hasSize(1);
            RecordedEvent event = events.get(0);
            assertThat(event.getEventType().getName()).isEqualTo("io.nettoolkit." + name);
            assertThat(event.getEventType().getCategoryNames()).containsExactly("Net Toolkit");
            assertThat(event.getStackTrace()).isNull();
            return event;
        }
    }

    private List<RecordedEvent> events(Recording recording) throws Exception {
        recording.stop();
        Path file = directory.resolve("recording-" + recording.getId() + ".jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.nettoolkit."))
                .toList();
    }
}

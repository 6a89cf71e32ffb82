package io.nettoolkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.internal.jfr.JfrEvents;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoolJfrTest {

    @TempDir
    Path directory;

    @Test
    void recordsConnectsAndCloses() throws Exception {
        JfrEvents.register();
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording();
                PoolRig rig = new PoolRig(1)) {
            recording.enable("io.nettoolkit.PoolConnect");
            recording.enable("io.nettoolkit.PoolClose");
            recording.start();
            ConnectionPool pool =
                    rig.pool(PoolConfig.builder()).name("recorded").build();
            rig.lease(pool).discard(new Exception());
            rig.settle();
            ConnectionPool failing = rig.pool(
                            PoolConfig.builder(),
                            (key, loop, deadline) -> CompletableFuture.failedFuture(new ConnectException("refused")))
                    .name("failing")
                    .build();
            failing.acquire(rig.soon());
            rig.settle();
            recording.stop();
            recording.dump(file);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events)
                .filteredOn(event -> "recorded".equals(event.getString("pool")))
                .extracting(event -> event.hasField("cause") ? event.getString("cause") : event.getString("failure"))
                .containsExactly(null, "DISCARDED");
        assertThat(events)
                .filteredOn(event -> "failing".equals(event.getString("pool")))
                .singleElement()
                .satisfies(event -> assertThat(event.getString("failure")).contains("CONNECT_REFUSED"));
    }
}

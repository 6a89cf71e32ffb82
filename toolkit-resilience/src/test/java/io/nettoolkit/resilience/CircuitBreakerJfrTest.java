package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.internal.jfr.JfrEvents;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CircuitBreakerJfrTest {

    @TempDir
    Path directory;

    @Test
    void recordsItsTransitionsAndRefusals() throws Exception {
        JfrEvents.register();
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("io.nettoolkit.PolicyState");
            recording.enable("io.nettoolkit.PolicyShed");
            recording.start();
            CircuitBreaker breaker = CircuitBreaker.builder().name("recorded").build();
            breaker.forceOpen();
            assertThat(breaker.tryAcquire()).isNegative();
            breaker.reset();
            breaker.reset();
            recording.stop();
            recording.dump(file);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> "recorded".equals(event.getString("policy")))
                .toList();
        assertThat(events)
                .extracting(event -> event.hasField("reason")
                        ? event.getString("reason")
                        : event.getString("from") + " " + event.getString("to"))
                .containsExactly("CLOSED FORCED_OPEN", "CIRCUIT_OPEN", "FORCED_OPEN CLOSED");
    }
}

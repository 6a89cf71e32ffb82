package io.nettoolkit.resilience;

import io.nettoolkit.core.internal.jfr.JfrEvents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** What policies tell the flight recorder. */
final class PolicyRecording {

    private PolicyRecording() {}

    /** Told while this ran, by policies whose names begin with "recorded"; in the order of time, which a file need not have. */
    static List<RecordedEvent> of(Path directory, Runnable use) throws IOException {
        JfrEvents.register();
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("io.nettoolkit.PolicyState");
            recording.enable("io.nettoolkit.PolicyShed");
            recording.start();
            use.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getString("policy").startsWith("recorded"))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
    }

    /** Whether it tells of a refusal, and not of a change of state. */
    static boolean isShed(RecordedEvent event) {
        return event.hasField("reason");
    }
}

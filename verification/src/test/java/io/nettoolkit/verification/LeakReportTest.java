package io.nettoolkit.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Netty reports a leaked buffer in the log, when the garbage collector finds it: mostly long after the test that leaked it
 * has passed. So what the modules before this one wrote while testing is read here.
 */
class LeakReportTest {

    @Test
    void noTestOfAnyModuleLeaked() throws IOException {
        List<String> leaks = new ArrayList<>();
        for (Reactor.Module module : Reactor.modules()) {
            Path target = Reactor.ROOT.resolve(module.name()).resolve("target");
            for (String reports : List.of("surefire-reports", "failsafe-reports")) {
                if (Files.isDirectory(target.resolve(reports))) {
                    try (Stream<Path> files = Files.list(target.resolve(reports))) {
                        files.filter(file -> file.toString().endsWith(".txt")).forEach(file -> collect(file, leaks));
                    }
                }
            }
        }
        assertThat(leaks)
                .as("leak reports (of an earlier build, if it was not cleaned)")
                .isEmpty();
    }

    private static void collect(Path file, List<String> leaks) {
        // Tests may have written anything: bytes that are no text must not end the search.
        try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            lines.filter(line -> line.contains("LEAK:"))
                    .map(line -> Reactor.ROOT.relativize(file) + ": " + line)
                    .forEach(leaks::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

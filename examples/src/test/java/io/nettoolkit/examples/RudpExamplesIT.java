package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two halves of the examples over reliable UDP, each in a process of its own. */
class RudpExamplesIT {

    @Test
    void sendsAFileToAServerThatKeepsItInTheCurrentDirectory(@TempDir Path directory) throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(6).nextBytes(bytes);
        Path sent = Files.write(directory.resolve("rudp-file-it.tmp"), bytes);
        Path received = ChildProgram.ROOT.resolve(sent.getFileName());
        try (ChildProgram server = ChildProgram.jar("rudp-file", "--serve", "--port", "0", "--dir", ".");
                ChildProgram client =
                        ChildProgram.jar("rudp-file", "--send", sent.toString(), "--to", server.awaitLine("ready "))) {
            ChildProgram.Result result = client.finish();

            assertThat(result.status()).as(result.toString()).isZero();
            assertThat(result.out()).last().asString().isEqualTo("received  0.3 MB, SHA-256 agrees");
            assertThat(received).hasBinaryContent(bytes);
        } finally {
            Files.deleteIfExists(received);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cubic", "newreno"})
    void measuresBetweenTwoProcesses(String congestion) throws Exception {
        try (ChildProgram server = ChildProgram.jar("rudp-bulk", "--serve", "--port", "0");
                ChildProgram client = ChildProgram.jar(
                        "rudp-bulk",
                        "--connect",
                        server.awaitLine("ready "),
                        "--seconds",
                        "1",
                        "--congestion",
                        congestion)) {
            ChildProgram.Result result = client.finish();

            assertThat(result.status()).as(result.toString()).isZero();
            assertThat(result.out()).last().asString().matches("goodput [0-9][0-9.,]* Mbit/s");
        }
    }
}

package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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

    /** What is wrong with a command line, what the program says to it, and its status. */
    record Wrong(List<String> arguments, String says, int status) {}

    static List<Wrong> wrongCommandLines() {
        return List.of(
                new Wrong(List.of("--frobnicate"), "Unknown option: '--frobnicate'", 2),
                new Wrong(List.of("--serve", "--port", "x"), "'--port': 'x' is not an int", 2),
                new Wrong(List.of("--serve", "--port", "65536"), "port: 65536 (must be", 1),
                new Wrong(List.of("--serve", "--port", "-1"), "port: -1 (must be", 1),
                new Wrong(List.of("--serve", "--dir", "pom.xml"), "--dir pom.xml is not a directory", 1),
                new Wrong(List.of("--serve", "--dir", "pom.xml/below"), "--dir pom.xml/below cannot be made", 1),
                new Wrong(List.of("--send", "pom.xml"), "--to=HOST:PORT", 2),
                new Wrong(List.of("--send", "pom.xml", "--to", "nonsense"), "'--to'", 2),
                new Wrong(List.of("--send", "pom.xml", "--to", "127.0.0.1:70000"), "'--to'", 2),
                new Wrong(List.of("--send", "no-such-file", "--to", "127.0.0.1:9"), "no-such-file does not exist", 1),
                new Wrong(List.of("--send", ".", "--to", "127.0.0.1:9"), ". is not a file", 1));
    }

    @ParameterizedTest
    @MethodSource("wrongCommandLines")
    void saysWhatIsWrongWithACommandLine(Wrong wrong) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("rudp-file"));
        arguments.addAll(wrong.arguments());
        try (ChildProgram program = ChildProgram.jar(arguments.toArray(String[]::new))) {
            ChildProgram.Result result = program.finish();
            assertThat(result.err()).contains(wrong.says()).doesNotContain("\tat ");
            assertThat(result.status()).isEqualTo(wrong.status());
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

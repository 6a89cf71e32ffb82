package io.nettoolkit.verification;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.verification.Reactor.Module;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's application with a {@code module-info} of its own, compiled and run on the module path by the JDK's tools. The
 * tests of the modules run on the class path, where a missing {@code requires} or {@code exports} does not show.
 */
class ModulePathTest {

    private static final Path SOURCES = Path.of("src/test/consumer");

    @TempDir
    Path directory;

    @Test
    void consumerCompilesAndRunsOnTheModulePath() throws Exception {
        Result compiled = compile(sources(SOURCES));
        assertThat(compiled.exit).as(compiled.output).isZero();

        Result run = run(
                "java",
                List.of(
                        "--module-path",
                        directory + File.pathSeparator + modulePath(),
                        "--module",
                        "io.example.consumer/io.example.consumer.Consumer"));
        assertThat(run.exit).as(run.output).isZero();
        assertThat(run.output.lines())
                .contains("modules: "
                        + String.join(
                                " ",
                                Reactor.publishedModules().stream()
                                        .map(Module::apiPackage)
                                        .sorted()
                                        .toList()));
    }

    @Test
    void consumerCannotReachInternals() throws Exception {
        List<String> sources = new ArrayList<>(sources(SOURCES));
        Path intruder = Files.writeString(directory.resolve("Intruder.java"), """
                package io.example.consumer;

                final class Intruder {
                    Class<?> reached = io.nettoolkit.core.internal.CoarseClock.class;
                }
                """);
        sources.add(intruder.toString());

        Result compiled = compile(sources);

        assertThat(compiled.exit).isNotZero();
        assertThat(compiled.output).contains("package io.nettoolkit.core.internal is not visible");
    }

    private Result compile(List<String> sources) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--release", "17", "-Xlint:all", "-Werror", "-d", directory.toString(), "--module-path", modulePath()));
        arguments.addAll(sources);
        return run("javac", arguments);
    }

    private static List<String> sources(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(Path::toString)
                    .filter(file -> file.endsWith(".java"))
                    .toList();
        }
    }

    /** Our modules as they were just built, jars or directories, with what users get beside them: no test library. */
    private static String modulePath() {
        List<String> entries = Arrays.stream(
                        System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry ->
                        entry.matches(".*/(toolkit-[^/]*/target/classes|(toolkit|netty|slf4j-api|jspecify)-[^/]*jar)"))
                .toList();
        assertThat(entries).as("the class path of this test").hasSizeGreaterThan(8);
        return String.join(File.pathSeparator, entries);
    }

    private record Result(int exit, String output) {}

    private static Result run(String tool, List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(arguments);
        command.add(0, Path.of(System.getProperty("java.home"), "bin", tool).toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }
}

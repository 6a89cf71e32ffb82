package io.nettoolkit.benchmarks.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The parts that are not Java: their sources come with the jar and are compiled into a directory of this run where the
 * compiler is installed.
 *
 * <p><b>Threading.</b> One thread.
 *
 * <p><b>Failure.</b> A missing compiler is an empty answer, a source that does not compile an
 * {@link IllegalStateException} with the compiler's words.
 */
public final class NativePrograms {

    /** Why the C load generator is left out, where it is. */
    public static final String NO_GCC = "gcc is not installed";

    /** Why the Go server is left out, where it is. */
    public static final String NO_GO = "go is not installed";

    private final Path directory;

    /** Compiles into a fresh directory that is deleted when the JVM ends. */
    public NativePrograms() {
        try {
            directory = Files.createTempDirectory("benchmarks-native");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::delete));
    }

    /** The C load generator. */
    public Optional<Path> echoLoad() {
        return Programs.find("gcc").map(gcc -> {
            extract("echoload.c");
            return compile(directory.resolve("echoload"), gcc.toString(), "-O2", "-o", "echoload", "echoload.c");
        });
    }

    /** The Go echo server. */
    public Optional<Path> goEcho() {
        return Programs.find("go").map(go -> {
            extract("goecho/go.mod");
            extract("goecho/main.go");
            return compile(directory.resolve("goecho/goecho"), go.toString(), "build", "-o", "goecho", ".");
        });
    }

    private static Path compile(Path program, String... command) {
        if (!Files.exists(program)) {
            Programs.require(program.resolveSibling(""), List.of(command));
        }
        return program;
    }

    private void extract(String name) {
        Path file = directory.resolve(name);
        try (InputStream source = NativePrograms.class.getResourceAsStream("/native/" + name)) {
            if (source == null) {
                throw new IllegalStateException("/native/" + name + " is missing from the class path");
            }
            Files.createDirectories(file.getParent());
            if (!Files.exists(file)) {
                Files.copy(source, file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void delete() {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            System.err.println("left behind: " + directory + " (" + e + ")");
        }
    }
}

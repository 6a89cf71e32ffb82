package io.nettoolkit.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A program in a JVM of its own, with its two outputs apart. A program that hangs is killed. */
final class ChildProgram implements AutoCloseable {

    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final Path JAR = Path.of("target/examples.jar").toAbsolutePath();

    private static final int LONGEST_SECONDS = 180;

    private final Path errors;
    private final Process process;
    private final BufferedReader out;
    private final List<String> lines = new ArrayList<>();

    private ChildProgram(List<String> command) throws IOException {
        errors = Files.createTempFile("child", ".err");
        process = new ProcessBuilder(command)
                .directory(ROOT.toFile())
                .redirectError(errors.toFile())
                .start();
        out = process.inputReader(StandardCharsets.UTF_8);
        CompletableFuture.delayedExecutor(LONGEST_SECONDS, TimeUnit.SECONDS).execute(process::destroyForcibly);
    }

    /** {@code java -jar target/examples.jar}: the program as users get it. */
    static ChildProgram jar(String... arguments) throws IOException {
        return new ChildProgram(java(List.of("-jar", JAR.toString()), arguments));
    }

    /** A main class on a class path. */
    static ChildProgram main(String classPath, String main, String... arguments) throws IOException {
        return new ChildProgram(java(List.of("-cp", classPath, main), arguments));
    }

    /** Any command. */
    static ChildProgram command(List<String> command) throws IOException {
        return new ChildProgram(command);
    }

    static List<String> java(List<String> program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Dio.netty.leakDetection.level=paranoid");
        command.addAll(program);
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** The first line that begins like this, without that beginning; what comes before it is read as well. */
    String awaitLine(String beginning) throws IOException, InterruptedException {
        String line;
        while ((line = nextLine()) != null) {
            if (line.startsWith(beginning)) {
                return line.substring(beginning.length());
            }
        }
        throw new AssertionError("no line \"" + beginning + "...\" came: " + finish());
    }

    private @Nullable String nextLine() throws IOException {
        String line = out.readLine();
        if (line != null) {
            lines.add(line);
        }
        return line;
    }

    /** SIGTERM; {@code Process.destroy} would also close our end of the output. */
    ChildProgram terminate() {
        process.toHandle().destroy();
        return this;
    }

    /** Reads to the end of the program. */
    Result finish() throws IOException, InterruptedException {
        while (nextLine() != null) {
            // Collected.
        }
        int status = process.waitFor();
        Result result = new Result(status, List.copyOf(lines), Files.readString(errors));
        if (result.err().contains("LEAK:")) {
            throw new AssertionError("the program leaked a buffer: " + result.err());
        }
        return result;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        out.close();
        Files.deleteIfExists(errors);
    }

    /** How a program ended. */
    record Result(int status, List<String> out, String err) {}
}

package io.nettoolkit.benchmarks.run;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that is spoken to in lines: servers, generators, idle clients. Ending its standard input ends it.
 *
 * <p><b>Threading.</b> One thread.
 *
 * <p><b>Failure.</b> A process that ends before it answered is an {@link UncheckedIOException} that names its command;
 * its own words are on standard error.
 */
final class ChildProcess implements AutoCloseable {

    private static final long GRACE_SECONDS = 10;

    private final List<String> command;
    private final Process process;
    private final BufferedReader lines;

    private ChildProcess(List<String> command, Process process) {
        this.command = command;
        this.process = process;
        this.lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static ChildProcess start(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(Map.of("GOMAXPROCS", "1"));
        try {
            return new ChildProcess(command, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command that runs {@code mainClass} of this class path with this Java. */
    static List<String> java(List<String> flags, String mainClass, List<String> arguments) {
        return java(flags, System.getProperty("java.class.path"), mainClass, arguments);
    }

    /** The command that runs {@code mainClass} of that class path with this Java. */
    static List<String> java(List<String> flags, String classPath, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, mainClass));
        command.addAll(arguments);
        return command;
    }

    /** The next line that starts with {@code mark}, without it; other lines are passed over. */
    String await(String mark) {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(mark)) {
                    return line.substring(mark.length()).strip();
                }
            }
            throw new EOFException("ended without saying \"" + mark + "\": " + String.join(" ", command));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void tell(String line) {
        try {
            OutputStream input = process.getOutputStream();
            input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell \"" + line + "\" to " + String.join(" ", command), e);
        }
    }

    /** Processor time so far; the kernel counts it in steps of 10 ms. */
    Duration cpuTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Bytes of physical memory, or 0 where the kernel does not tell. */
    long residentBytes() {
        return Programs.lineOf(Path.of("/proc/" + process.pid() + "/status"), "VmRSS:")
                .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .orElse(0L);
    }

    @Override
    public void close() {
        stop();
    }

    /** Ends its standard input and waits until it has ended, or ends it; again does nothing. */
    void stop() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package io.nettoolkit.core.internal.tls;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The openssl command, a foreign reader and writer of everything TLS; tests skip where it is not installed. */
final class OpenSslTool {

    private OpenSslTool() {}

    static void assumeInstalled() {
        boolean installed;
        try {
            installed = start("version").waitFor() == 0;
        } catch (IOException e) {
            installed = false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assumeTrue(installed, "the openssl command is not installed");
    }

    static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Runs to the end with this input; both outputs together. */
    static String run(String input, String... arguments) throws IOException, InterruptedException {
        Process process = start(arguments);
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.US_ASCII));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("openssl " + List.of(arguments) + " failed: " + output);
        }
        return output;
    }
}

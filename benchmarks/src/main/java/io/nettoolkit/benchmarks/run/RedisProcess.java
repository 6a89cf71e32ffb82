package io.nettoolkit.benchmarks.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * A Redis server of the machine's on a free port of loopback, that a run may kill and start again.
 *
 * <p><b>Threading.</b> One thread.
 */
final class RedisProcess implements AutoCloseable {

    static final String PROGRAM = "redis-server";

    private static final String READY = "eady to accept connections";
    private static final long GRACE_SECONDS = 10;

    private final int port;
    private Process process;

    RedisProcess() {
        port = freePort();
        process = start();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process start() {
        String[] command = {
            PROGRAM, "--port", Integer.toString(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"
        };
        try {
            Process started =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains(READY)) {
                    return started;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("ended before it was ready: " + String.join(" ", command));
    }

    int port() {
        return port;
    }

    void kill() {
        try {
            process.destroyForcibly();
            process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void restart() {
        process = start();
    }

    @Override
    public void close() {
        kill();
    }
}

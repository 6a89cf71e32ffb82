package io.nettoolkit.resilience.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A Redis of the machine's, on a port of its own, that a test may kill. */
final class RedisServer implements AutoCloseable {

    private final int port;
    private Process process;

    private RedisServer(int port) throws IOException {
        this.port = port;
        process = launch();
    }

    /** Skips the test, and says so, where there is no Redis. */
    static RedisServer start() throws IOException {
        if (!isInstalled()) {
            System.err.println("redis-server is not installed: tests of the Redis store are skipped");
        }
        assumeTrue(isInstalled(), "redis-server is not installed");
        return new RedisServer(freePort());
    }

    private static boolean isInstalled() {
        for (String directory : System.getenv("PATH").split(File.pathSeparator, -1)) {
            if (new File(directory, "redis-server").canExecute()) {
                return true;
            }
        }
        return false;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process launch() throws IOException {
        Process started = new ProcessBuilder(
                        "redis-server",
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        "no")
                .redirectErrorStream(true)
                .start();
        BufferedReader lines =
                new BufferedReader(new java.io.InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder output = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.append(line).append('\n');
            if (line.contains("eady to accept connections")) {
                return started;
            }
        }
        throw new IOException("redis-server ended:\n" + output);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** As a crash does. */
    void kill() {
        process.destroyForcibly();
        try {
            process.onExit().get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("redis-server does not die", e);
        }
    }

    /** On the same port, with nothing in it. */
    void restart() throws IOException {
        process = launch();
    }

    void pause() throws Exception {
        signal("STOP");
    }

    void resume() throws Exception {
        signal("CONT");
    }

    private void signal(String name) throws Exception {
        int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IllegalStateException("kill -" + name + " ended with " + status);
        }
    }

    @Override
    public void close() {
        kill();
    }

    /** A client as the store's documentation recommends, that looks for a lost server often. */
    static RedisClient client(InetSocketAddress address, ClientResources resources) {
        RedisClient client = RedisClient.create(
                resources,
                RedisURI.builder()
                        .withHost(address.getHostString())
                        .withPort(address.getPort())
                        .withTimeout(Duration.ofSeconds(10))
                        .build());
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(Duration.ofSeconds(1))
                        .build())
                .build());
        return client;
    }

    static ClientResources resources() {
        return ClientResources.builder()
                .ioThreadPoolSize(2)
                .computationThreadPoolSize(2)
                .reconnectDelay(Delay.constant(Duration.ofMillis(50)))
                .build();
    }
}

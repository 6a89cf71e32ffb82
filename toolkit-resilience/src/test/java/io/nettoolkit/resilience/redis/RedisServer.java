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
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Redis of the machine's, on a port of its own, that a test may kill. */
final class RedisServer implements AutoCloseable {

    /** As the store's documentation recommends. */
    static final ClientOptions OPTIONS = ClientOptions.builder()
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .socketOptions(SocketOptions.builder()
                    .connectTimeout(Duration.ofSeconds(1))
                    .build())
            .build();

    private final int port;
    private final List<String> options;
    private final Path directory;
    private Process process;

    private RedisServer(int port, List<String> options) throws IOException {
        directory = Files.createTempDirectory("redis");
        this.port = port;
        this.options = options;
        process = launch();
    }

    /** Skips the test, and says so, where there is no Redis. */
    static RedisServer start() throws IOException {
        requireInstalled("redis-server");
        return new RedisServer(freePort(), List.of());
    }

    /** One that holds what the primary holds, a moment later. */
    static RedisServer replicaOf(RedisServer primary) throws IOException {
        return new RedisServer(freePort(), List.of("--replicaof", "127.0.0.1 " + primary.port));
    }

    /** One that promotes a replica where the primary, which it calls "primary", is down for 300 ms. */
    static RedisServer sentinelOf(RedisServer primary, Path directory) throws IOException {
        Path file = directory.resolve("sentinel.conf");
        Files.writeString(file, """
                sentinel monitor primary 127.0.0.1 %d 1
                sentinel down-after-milliseconds primary 300
                sentinel failover-timeout primary 3000
                """.formatted(primary.port));
        return new RedisServer(freePort(), List.of(file.toString(), "--sentinel"));
    }

    /** One of a cluster that is yet to be made. */
    static RedisServer clusterNode(Path directory) throws IOException {
        requireInstalled("redis-server");
        requireInstalled("redis-cli");
        int port = freePort();
        while (port > 55_535) {
            // The nodes talk to each other on a port 10,000 further on.
            port = freePort();
        }
        return new RedisServer(
                port,
                List.of(
                        "--cluster-enabled",
                        "yes",
                        "--cluster-config-file",
                        directory.resolve("nodes-" + port + ".conf").toString(),
                        "--cluster-node-timeout",
                        "1000",
                        "--cluster-require-full-coverage",
                        "no"));
    }

    private static void requireInstalled(String program) {
        boolean installed = false;
        for (String directory : System.getenv("PATH").split(File.pathSeparator, -1)) {
            installed |= new File(directory, program).canExecute();
        }
        if (!installed) {
            System.err.println(program + " is not installed: tests of the Redis store are skipped");
        }
        assumeTrue(installed, program + " is not installed");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>();
        command.add("redis-server");
        command.addAll(options);
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        // A replica leaves a file there, which the next server would load.
        command.addAll(List.of("--dir", directory.toString(), "--dbfilename", port + ".rdb"));
        if (!options.contains("--sentinel")) {
            command.addAll(List.of("--save", "", "--appendonly", "no"));
        }
        Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder output = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.append(line).append('\n');
            if (line.contains("eady to accept connections") || line.contains("Sentinel ID is")) {
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
        // Deleted the other way round.
        directory.toFile().deleteOnExit();
        directory.resolve(port + ".rdb").toFile().deleteOnExit();
    }

    /** A client that looks for a lost server often. */
    static RedisClient client(InetSocketAddress address, ClientResources resources) {
        RedisClient client = RedisClient.create(
                resources,
                RedisURI.builder()
                        .withHost(address.getHostString())
                        .withPort(address.getPort())
                        .withTimeout(Duration.ofSeconds(10))
                        .build());
        client.setOptions(OPTIONS);
        return client;
    }

    static ClientResources resources() {
        return resourcesBuilder().build();
    }

    static ClientResources.Builder resourcesBuilder() {
        return ClientResources.builder()
                .ioThreadPoolSize(2)
                .computationThreadPoolSize(2)
                .reconnectDelay(Delay.constant(Duration.ofMillis(50)));
    }
}

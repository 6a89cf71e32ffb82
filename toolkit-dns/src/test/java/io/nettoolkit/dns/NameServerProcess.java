package io.nettoolkit.dns;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A real name server with a configuration of the test's, on a free port. */
final class NameServerProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final List<String> command;
    private final Path log;
    private final InetSocketAddress address;
    private Process process;

    private NameServerProcess(List<String> command, Path log, int port) throws IOException {
        this.command = command;
        this.log = log;
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        process = launch();
    }

    /** The authoritative server, which has these zones. */
    static NameServerProcess nsd(Path directory, int port, List<String> options, List<Zone> zones) throws IOException {
        need("nsd");
        StringBuilder config = new StringBuilder("server:\n")
                .append("  ip-address: 127.0.0.1@" + port + "\n")
                .append("  port: " + port + "\n")
                .append("  username: \"\"\n  chroot: \"\"\n  rrl-ratelimit: 0\n  server-count: 1\n")
                .append("  zonesdir: \"" + directory + "\"\n")
                .append("  pidfile: \"" + directory.resolve("nsd.pid") + "\"\n")
                .append("  database: \"\"\n")
                .append("  xfrdfile: \"" + directory.resolve("xfrd.state") + "\"\n")
                .append("  zonelistfile: \"" + directory.resolve("zone.list") + "\"\n")
                .append("  xfrdir: \"" + directory + "\"\n");
        options.forEach(option -> config.append("  ").append(option).append('\n'));
        config.append("remote-control:\n  control-enable: no\n");
        for (Zone zone : zones) {
            Path file = directory.resolve(zone.name() + "zone");
            Files.writeString(file, zone.content());
            config.append("zone:\n  name: \"" + zone.name() + "\"\n  zonefile: \"" + file + "\"\n");
        }
        Path file = Files.writeString(directory.resolve("nsd.conf"), config);
        return new NameServerProcess(List.of("nsd", "-d", "-c", file.toString()), directory.resolve("nsd.log"), port);
    }

    /** The recursive server, which asks others as the options say. */
    static NameServerProcess unbound(Path directory, int port, String options) throws IOException {
        need("unbound");
        String config = "server:\n"
                + "  interface: 127.0.0.1@" + port + "\n"
                + "  port: " + port + "\n"
                + "  username: \"\"\n  chroot: \"\"\n  do-daemonize: no\n  use-syslog: no\n  logfile: \"\"\n"
                + "  directory: \"" + directory + "\"\n"
                + "  pidfile: \"" + directory.resolve("unbound.pid") + "\"\n"
                + "  do-not-query-localhost: no\n  module-config: \"iterator\"\n  num-threads: 1\n"
                + options
                + "remote-control:\n  control-enable: no\n";
        Path file = Files.writeString(directory.resolve("unbound.conf"), config);
        return new NameServerProcess(
                List.of("unbound", "-d", "-c", file.toString()), directory.resolve("unbound.log"), port);
    }

    /** A zone and what its file says. */
    record Zone(String name, String content) {}

    /** Skips the test, and says so, where the program is missing. */
    static void need(String program) {
        if (!isInstalled(program)) {
            System.err.println(program + " is not installed: tests against it are skipped");
        }
        assumeTrue(isInstalled(program), program + " is not installed");
    }

    private static boolean isInstalled(String program) {
        List<String> directories = new ArrayList<>(List.of(System.getenv("PATH").split(File.pathSeparator, -1)));
        directories.addAll(List.of("/usr/sbin", "/usr/local/sbin"));
        return directories.stream().anyMatch(directory -> new File(directory, program).canExecute());
    }

    /** A port that is free for datagrams and connections. */
    static int freePort() throws IOException {
        while (true) {
            try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket udp = new DatagramSocket(tcp.getLocalPort(), InetAddress.getLoopbackAddress())) {
                return udp.getLocalPort();
            } catch (IOException taken) {
                // Another one, then.
            }
        }
    }

    private Process launch() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().merge("PATH", "/usr/sbin", (path, sbin) -> path + File.pathSeparator + sbin);
        Process started = builder.start();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!accepts()) {
            if (!started.isAlive() || System.nanoTime() - end > 0) {
                started.destroyForcibly();
                throw new IOException(
                        command.get(0) + " did not start:\n" + Files.readString(log, StandardCharsets.UTF_8));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return started;
    }

    private boolean accepts() {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    InetSocketAddress address() {
        return address;
    }

    void stop() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(command.get(0) + " does not end", e);
        }
    }

    /** On the same port again. */
    void restart() throws IOException {
        process = launch();
    }

    @Override
    public void close() {
        stop();
    }
}

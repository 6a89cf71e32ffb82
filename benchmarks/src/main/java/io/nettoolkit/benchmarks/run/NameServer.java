package io.nettoolkit.benchmarks.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A name server (nsd) on a free port of loopback that has an address for every name below {@code bench.test}.
 *
 * <p><b>Threading.</b> One thread.
 */
final class NameServer implements AutoCloseable {

    static final String PROGRAM = "nsd";

    private static final int MOST_PROCESSES = 3;
    private static final int START_ATTEMPTS = 1000;
    private static final long GRACE_SECONDS = 10;

    private final Path directory;
    private final int port;
    private final Process process;

    /** {@code cores}: those it runs on, with a process for each up to {@link #MOST_PROCESSES}; none for one on any. */
    NameServer(List<Integer> cores) {
        try {
            directory = Files.createTempDirectory("dns-qps");
            port = freePort();
            Path zone = Files.writeString(directory.resolve("bench.zone"), """
                    $ORIGIN bench.test.
                    @ 300 SOA ns hostmaster 1 7200 3600 86400 60
                    @ 300 NS ns
                    ns 300 A 127.0.0.1
                    * 300 A 192.0.2.1
                    """);
            Path config = Files.writeString(
                    directory.resolve("nsd.conf"), config(zone, Math.max(1, Math.min(MOST_PROCESSES, cores.size()))));
            process = new ProcessBuilder(Cores.pin(cores, List.of(PROGRAM, "-d", "-c", config.toString())))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("nsd.log").toFile())
                    .start();
            awaitStart();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String config(Path zone, int processes) {
        return "server:\n  ip-address: 127.0.0.1@" + port + "\n  port: " + port
                + "\n  username: \"\"\n  chroot: \"\"\n  rrl-ratelimit: 0\n  server-count: " + processes
                + "\n  database: \"\"\n"
                + "  zonesdir: \"" + directory + "\"\n  xfrdir: \"" + directory + "\"\n"
                + "  pidfile: \"" + directory.resolve("nsd.pid") + "\"\n"
                + "  xfrdfile: \"" + directory.resolve("xfrd.state") + "\"\n"
                + "  zonelistfile: \"" + directory.resolve("zone.list") + "\"\n"
                + "remote-control:\n  control-enable: no\n"
                + "zone:\n  name: \"bench.test.\"\n  zonefile: \"" + zone + "\"\n";
    }

    private static int freePort() throws IOException {
        while (true) {
            try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket udp = new DatagramSocket(tcp.getLocalPort(), InetAddress.getLoopbackAddress())) {
                return udp.getLocalPort();
            } catch (java.net.BindException taken) {
                // Another one, then.
            }
        }
    }

    private void awaitStart() throws IOException {
        for (int attempt = 0; attempt < START_ATTEMPTS && process.isAlive(); attempt++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException notYet) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
        }
        throw new IOException("nsd did not start: " + Files.readString(directory.resolve("nsd.log")));
    }

    int port() {
        return port;
    }

    /** Processor time of all of its processes since they began. */
    Duration processorTime() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .map(each -> each.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** Ends it and removes its files; again does nothing. */
    @Override
    public void close() {
        if (Files.notExists(directory)) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

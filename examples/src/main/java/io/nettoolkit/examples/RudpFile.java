package io.nettoolkit.examples;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.testkit.BadNetwork;
import io.nettoolkit.testkit.BadNetworkRelay;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   java -jar examples/target/examples.jar rudp-file
 * Output:
 *   ready 127.0.0.1:<port>
 *   sending   8.0 MB through a link that loses 10 %
 *   ...
 *   broken off on purpose with <n> MB sent
 *   resuming  at <n> of 8.0 MB
 *   ...
 *   received  8.0 MB, SHA-256 agrees
 *
 * Other ways to run it:
 *   ... rudp-file --serve --port 7000 --dir DIR                            keeps what is sent to it in DIR
 *   ... rudp-file --send FILE --to HOST:7000                               run it again after a break: it resumes
 *
 * A client offers name, size and SHA-256; the server answers how much of exactly that file it has from an earlier attempt,
 * and gets the rest. What is incomplete stands in DIR as NAME.SHA256.part; the file appears under its name when its sum is
 * right. A name is one step below DIR, or it is refused. RudpFileClient and RudpFileServer are the two halves.
 */

/** Sends a file over reliable UDP: resumable, and checked by its SHA-256. */
@Command(
        name = "rudp-file",
        description = "Sends files, resumes them and checks their sums; alone through a bad link.",
        mixinStandardHelpOptions = true)
public final class RudpFile implements Callable<Integer> {

    static final RudpConfig CONFIG = RudpConfig.bulk(RudpSecurity.plaintext().withChecksum());
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
    private static final double LOSS = 0.1;
    private static final Duration DELAY = Duration.ofMillis(1);
    private static final BadNetwork NETWORK =
            BadNetwork.builder().loss(LOSS).delay(DELAY).seed(1).build();
    private static final int DEMO_BYTES = 8_000_000;

    @ArgGroup(exclusive = false)
    private @Nullable Serving serving;

    @ArgGroup(exclusive = false)
    private @Nullable Sending sending;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new RudpFile(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        ExecutorService disk = Executors.newSingleThreadExecutor();
        try (EventLoops loops = EventLoops.builder().threads(2).build()) {
            if (sending != null) {
                try (RudpFileClient file = RudpFileClient.offer(sending.file)) {
                    send(loops, sending.to, file, Long.MAX_VALUE);
                }
            } else if (serving != null) {
                requireDirectory(serving.directory);
                try (RudpServer server = serve(loops, serving.directory, disk, serving.host, serving.port)) {
                    new CountDownLatch(1).await();
                    System.out.println("stopping " + server);
                }
            } else {
                demonstrate(loops, disk);
            }
        } finally {
            disk.shutdownNow();
        }
        return 0;
    }

    /** What can be known before the first file comes. */
    private static void requireDirectory(Path directory) throws IOException {
        try {
            Files.createDirectories(directory);
        } catch (FileAlreadyExistsException exists) {
            throw new IOException("--dir " + directory + " is not a directory", exists);
        } catch (IOException failure) {
            throw new IOException("--dir " + directory + " cannot be made: " + failure, failure);
        }
        if (!Files.isWritable(directory)) {
            throw new IOException("--dir " + directory + " is not writable");
        }
    }

    private static RudpServer serve(EventLoops loops, Path directory, ExecutorService disk, String host, int port) {
        RudpServer server = RudpServer.builder(CONFIG, new RudpFileServer(directory, disk))
                .eventLoops(loops)
                .build();
        InetSocketAddress address = server.bind(Endpoint.of(host, port)).join();
        System.out.println("ready " + Endpoint.of(address.getAddress().getHostAddress(), address.getPort()));
        return server;
    }

    /** Sends the file; breaks off on purpose once so many bytes were sent. */
    private static void send(EventLoops loops, Endpoint to, RudpFileClient file, long breakAt) throws Exception {
        try (RudpClient client =
                RudpClient.builder(CONFIG, file).eventLoops(loops).build()) {
            RudpChannel channel =
                    client.connect(to, Deadline.after(CONNECT_TIMEOUT)).join();
            long resumedAt = file.awaitOffset(channel);
            if (resumedAt > 0) {
                System.out.printf(Locale.ROOT, "resuming  at %.1f of %.1f MB%n", resumedAt / 1e6, file.size() / 1e6);
            }
            try (FileProgress progress = new FileProgress(file.size())) {
                long sent = file.sendFrom(channel, resumedAt, breakAt, progress::show);
                if (sent < file.size()) {
                    System.out.printf(Locale.ROOT, "broken off on purpose with %.1f MB sent%n", sent / 1e6);
                    channel.abort();
                    return;
                }
            }
            file.awaitVerdict();
            System.out.printf(Locale.ROOT, "received  %.1f MB, SHA-256 agrees%n", file.size() / 1e6);
            channel.close().sync();
        }
    }

    private static void demonstrate(EventLoops loops, ExecutorService disk) throws Exception {
        Path directory = Files.createTempDirectory("rudp-file");
        Path original = directory.resolve("original");
        Path received = directory.resolve("received");
        Files.createDirectories(received);
        writeRandom(original);
        try (RudpServer server = serve(loops, received, disk, "127.0.0.1", 0);
                BadNetworkRelay link = BadNetworkRelay.to(server.localAddress(), NETWORK)) {
            System.out.printf(
                    Locale.ROOT, "sending   %.1f MB through a link that loses %.0f %%%n", DEMO_BYTES / 1e6, 100 * LOSS);
            try (RudpFileClient first = RudpFileClient.offer(original)) {
                send(loops, Endpoint.of(link.address()), first, DEMO_BYTES / 2);
            }
            try (RudpFileClient second = RudpFileClient.offer(original)) {
                send(loops, Endpoint.of(link.address()), second, Long.MAX_VALUE);
            }
            if (Files.mismatch(original, received.resolve("original")) >= 0) {
                throw new IOException("what was received differs");
            }
        } finally {
            Files.deleteIfExists(received.resolve("original"));
            Files.deleteIfExists(original);
            Files.deleteIfExists(received);
            Files.deleteIfExists(directory);
        }
    }

    private static void writeRandom(Path file) throws IOException {
        byte[] bytes = new byte[DEMO_BYTES];
        new Random(1).nextBytes(bytes);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(bytes);
        }
    }

    private static final class Serving {
        @Option(names = "--serve", required = true, description = "Take files, until SIGTERM.")
        private boolean serve;

        @Option(names = "--host", description = "Where to listen, by default 127.0.0.1; 0.0.0.0 for everywhere.")
        private String host = "127.0.0.1";

        @Option(names = "--port", description = "Where to listen, by default a free port.")
        private int port;

        @Option(names = "--dir", paramLabel = "DIR", description = "Where files go, by default the current directory.")
        private Path directory = Path.of(".");
    }

    private static final class Sending {
        @Option(names = "--send", required = true, paramLabel = "FILE", description = "Send this file.")
        private Path file = Path.of("");

        @Option(names = "--to", required = true, paramLabel = "HOST:PORT", description = "Where to.")
        private Endpoint to = Endpoint.of("127.0.0.1", 1);
    }
}

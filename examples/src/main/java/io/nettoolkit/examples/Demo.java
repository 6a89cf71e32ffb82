package io.nettoolkit.examples;

import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   mvn -q -Pdemo [-Dinput=DIR]
 *   java -jar examples/target/examples.jar demo [--input DIR]
 * Output:
 *   input     <n> files, <n> MB in <dir>
 *   server    127.0.0.1:<port>, TLS, <transport>, frames of at most 65,537 bytes with CRC32C, at most 8 connections
 *   progress  <n> of <n> MB
 *   ...
 *   answers   <n> of <n> files: size and SHA-256 agree
 *   speed     <n> files/s, <n> MB/s over <n> connections
 *   latency   p50 <n> ms, p99 <n> ms, from a file's first byte to its answer
 *   timeline  connect <n> ms, TLS <n> ms, first byte after <n> ms, open for <n> ms, <n> bytes out, <n> bytes in
 *   drain     <n> connections ended in order, 0 cut, in <n> ms
 */

/**
 * The main job: streams every file of a directory over TLS to a server in the same JVM, which answers each with its size
 * and SHA-256, and checks every answer. Its exit status is 1 where a file could not be sent or an answer is wrong.
 *
 * <p>{@link FileServer} and {@link FileClient} are the two halves.
 */
@Command(
        name = "demo",
        description = "Streams every file of a directory to a TLS server and checks its answers.",
        mixinStandardHelpOptions = true)
public final class Demo implements Callable<Integer> {

    private static final int MOST_CONNECTIONS = 8;
    private static final Framing FRAMING = Framing.lengthField()
            .maxFrameBytes(1 + FileClient.PIECE_BYTES)
            .build()
            .withChecksum();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(10);
    private static final int PROGRESS_MILLIS = 50;

    @Option(
            names = "--input",
            paramLabel = "DIR",
            defaultValue = "${sys:input}",
            description = "What to send, by default the sources of this repository.")
    private @Nullable String input;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final FrameHandler serverHandler;

    /** A demo whose server does what it should. */
    public Demo() {
        this(new FileServer());
    }

    /** A demo with another server, which may answer wrongly. */
    Demo(FrameHandler serverHandler) {
        this.serverHandler = serverHandler;
    }

    /** Runs the demo and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new Demo(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        FileTree tree = input == null || input.isEmpty() ? FileTree.ofThisRepository() : FileTree.of(Path.of(input));
        out.printf(
                Locale.ROOT,
                "input     %,d files, %.1f MB in %s%n",
                tree.files().size(),
                tree.bytes() / 1e6,
                tree.root());
        FileReport report = new FileReport(tree.root());
        tree.unreadable().forEach(report::failed);
        send(tree, report);
        report.notes().forEach(note -> out.println("note      " + note));
        List<String> failures = report.failures();
        if (!failures.isEmpty()) {
            err.printf(
                    Locale.ROOT,
                    "demo: FAILED for %,d of %,d files%n",
                    failures.size(),
                    tree.files().size() + tree.unreadable().size());
            failures.forEach(failure -> err.println("    " + failure));
            return 1;
        }
        return 0;
    }

    private void send(FileTree tree, FileReport report) throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=Net Toolkit demo")
                .addSanIpAddress("127.0.0.1")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        int connections = Math.max(1, Math.min(MOST_CONNECTIONS, tree.files().size()));
        ExecutorService readers = Executors.newFixedThreadPool(connections);
        ConcurrentLinkedQueue<Path> files = new ConcurrentLinkedQueue<>(tree.files());
        try (EventLoops loops = EventLoops.builder().name("demo").build();
                TcpServer server = TcpServer.builder(FRAMING, serverHandler)
                        .eventLoops(loops)
                        .limits(Limits.builder()
                                .maxConnections(MOST_CONNECTIONS)
                                .build())
                        .tls(TlsConfig.server(
                                        certificate.getCertificatePathList(),
                                        certificate.getKeyPair().getPrivate())
                                .build())
                        .build();
                TcpClient client = TcpClient.builder(FRAMING, new FileClient(files, readers, report))
                        .eventLoops(loops)
                        .limits(Limits.builder().writeQueueBytes(1 << 20).build())
                        .tls(TlsConfig.client()
                                .trust(List.of(certificate.getCertificate()))
                                .build())
                        .build()) {
            server.bind(Endpoint.of("127.0.0.1", 0)).join();
            printServer(server, loops);

            Connection first = connect(client, server, connections);
            readers.shutdown();
            showProgress(readers, report, tree.bytes());
            files.forEach(file -> report.failed(file, "not sent: no connection was left"));
            printFigures(report, tree.files().size(), connections);

            DrainReport drained = server.drain(DRAIN_GRACE).join();
            first.closed().join();
            printTimeline(first.timeline());
            out.printf(
                    "drain     %d connections ended in order, %d cut, in %s%n",
                    drained.drained(), drained.forced(), millis(drained.elapsed()));
        } finally {
            readers.shutdownNow();
        }
    }

    private void printServer(TcpServer server, EventLoops loops) {
        out.printf(
                Locale.ROOT,
                "server    127.0.0.1:%d, TLS, %s, frames of at most %,d bytes with CRC32C, at most %d connections%n",
                server.localAddress().getPort(),
                loops.transport(),
                FRAMING.maxFrameBytes(),
                MOST_CONNECTIONS);
    }

    /** All connections at once; the first of them. Each begins to send when it is open. */
    private static Connection connect(TcpClient client, TcpServer server, int connections) {
        Endpoint endpoint = Endpoint.of("127.0.0.1", server.localAddress().getPort());
        Deadline deadline = Deadline.after(CONNECT_TIMEOUT);
        List<CompletableFuture<Connection>> opening = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            opening.add(client.connect(endpoint, deadline));
        }
        return opening.stream().map(CompletableFuture::join).toList().get(0);
    }

    private void showProgress(ExecutorService readers, FileReport report, long totalBytes) throws InterruptedException {
        try (FileProgress progress = new FileProgress(out, totalBytes)) {
            while (!readers.awaitTermination(PROGRESS_MILLIS, TimeUnit.MILLISECONDS)) {
                progress.show(report.bytesSent());
            }
            progress.show(report.bytesSent());
        }
    }

    private void printFigures(FileReport report, int files, int connections) {
        boolean all = report.failures().isEmpty();
        double seconds = Math.max(report.seconds(), 1e-9);
        out.printf(
                Locale.ROOT,
                "answers   %,d of %,d files%s%n",
                report.answers(),
                files,
                all ? ": size and SHA-256 agree" : ", not all as they should be");
        out.printf(
                Locale.ROOT,
                "speed     %,.0f files/s, %,.1f MB/s over %d connections%n",
                report.answers() / seconds,
                report.bytesSent() / 1e6 / seconds,
                connections);
        out.printf(
                Locale.ROOT,
                "latency   p50 %.2f ms, p99 %.2f ms, from a file's first byte to its answer%n",
                report.latencyMillis(50),
                report.latencyMillis(99));
    }

    private void printTimeline(ConnectionTimeline timeline) {
        out.printf(
                Locale.ROOT,
                "timeline  connect %s, TLS %s, first byte after %s, open for %s, %,d bytes out, %,d bytes in%n",
                millis(timeline.connect()),
                millis(timeline.tls()),
                millis(timeline.firstByte()),
                millis(timeline.lifetime()),
                timeline.bytesOut(),
                timeline.bytesIn());
    }

    private static String millis(@Nullable Duration duration) {
        return duration == null ? "-" : String.format(Locale.ROOT, "%.2f ms", duration.toNanos() / 1e6);
    }
}

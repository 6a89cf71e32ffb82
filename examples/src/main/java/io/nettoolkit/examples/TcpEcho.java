package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.Transport;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   java -jar examples/target/examples.jar tcp-echo
 * Output:
 *   ready 127.0.0.1:<port>
 *   hello -> hello in <n> ms
 *   10,000 frames came back unchanged and in order in <n> ms
 *   drained: 1 ended in order, 0 cut
 *
 * Other ways to run it:
 *   ... tcp-echo --serve --port 7000 --threads 1 --transport epoll     until SIGTERM or Ctrl-C
 *   ... tcp-echo --connect 127.0.0.1:7000                              the client's half alone
 *   ... tcp-echo --serve --tls --certificate cert.pem                  writes the certificate it made, for
 *   ... tcp-echo --connect 127.0.0.1:7000 --tls --certificate cert.pem
 *
 * On the wire: a 4-byte big-endian length, then as many bytes, at most 1 MiB. On SIGTERM the server drains: it answers
 * what it has read, says goodbye to every connection, and prints a line. The exit status is then 143 (128 + 15), as
 * that of any JVM that ends by SIGTERM.
 */

/** A server that sends every frame back, and a client that checks that it does. */
@Command(
        name = "tcp-echo",
        description = "Sends every frame back; alone it serves and asks itself.",
        mixinStandardHelpOptions = true)
public final class TcpEcho implements Callable<Integer> {

    private static final Framing FRAMING =
            Framing.lengthField().width(4).maxFrameBytes(1 << 20).build();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(10);
    private static final int ANSWER_TIMEOUT_SECONDS = 10;
    private static final int FRAMES = 10_000;

    @ArgGroup
    private @Nullable Mode mode;

    @Option(names = "--host", description = "Where to listen, by default 127.0.0.1; 0.0.0.0 for everywhere.")
    private String host = "127.0.0.1";

    @Option(names = "--port", description = "Where to listen, by default a free port.")
    private int port;

    @Option(names = "--threads", description = "Event loops, by default one for each processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--transport", paramLabel = "nio|epoll|io_uring|kqueue", description = "By default the best here.")
    private Transport transport = Transport.best();

    @Option(names = "--tls", description = "Speak TLS; a server makes itself a certificate.")
    private boolean tls;

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            description = "With --tls: where a server writes its certificate, and what a client trusts.")
    private @Nullable Path certificate;

    private final Answers answers = new Answers();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new TcpEcho(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        try (EventLoops loops =
                EventLoops.builder().transport(transport).threads(threads).build()) {
            if (mode != null && mode.connect != null) {
                TlsConfig trust = tls ? clientTls() : null;
                try (TcpClient client = client(loops, trust)) {
                    ask(client, mode.connect);
                }
            } else {
                serve(loops);
            }
        }
        return 0;
    }

    // ---- the server

    private void serve(EventLoops loops) throws Exception {
        X509Bundle identity = tls ? makeCertificate() : null;
        TcpServer.Builder builder = TcpServer.builder(FRAMING, TcpEcho::echo).eventLoops(loops);
        if (identity != null) {
            builder.tls(TlsConfig.server(
                            identity.getCertificatePathList(),
                            identity.getKeyPair().getPrivate())
                    .build());
        }
        TcpServer server = builder.build();
        InetSocketAddress address = server.bind(Endpoint.of(host, port)).join();
        Endpoint endpoint = Endpoint.of(address.getAddress().getHostAddress(), address.getPort());
        System.out.println("ready " + endpoint);
        if (mode != null && mode.serve) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(server), "drain"));
            new CountDownLatch(1).await();
        }
        TlsConfig trust = identity == null
                ? null
                : TlsConfig.client().trust(identity.getCertificatePathList()).build();
        try (TcpClient client = client(loops, trust)) {
            ask(client, endpoint);
            drain(server);
        }
    }

    /** The hot path: the frame's own bytes go back, nothing is allocated, and a burst of frames leaves as one write. */
    private static void echo(Connection connection, ByteBuf frame) {
        if (!connection.trySend(frame.retain())) {
            // The queue has no room, though reading stops when it is half full. An echo with a gap is none.
            frame.release();
            connection.abort();
        }
    }

    private static void drain(TcpServer server) {
        DrainReport report = server.drain(DRAIN_GRACE).join();
        System.out.println("drained: " + report.drained() + " ended in order, " + report.forced() + " cut");
    }

    private X509Bundle makeCertificate() throws Exception {
        X509Bundle made = new CertificateBuilder()
                .subject("CN=tcp-echo")
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        if (certificate != null) {
            Files.writeString(certificate, made.getCertificatePEM());
        }
        return made;
    }

    // ---- the client

    private TlsConfig clientTls() {
        TlsConfig.Builder builder = TlsConfig.client();
        return certificate == null
                ? builder.build()
                : builder.trust(certificate).build();
    }

    private TcpClient client(EventLoops loops, @Nullable TlsConfig trust) {
        TcpClient.Builder builder = TcpClient.builder(FRAMING, answers).eventLoops(loops);
        if (trust != null) {
            builder.tls(trust);
        }
        return builder.build();
    }

    private void ask(TcpClient client, Endpoint server) throws IOException, InterruptedException {
        TimeSource time = TimeSource.system();
        Connection connection =
                client.connect(server, Deadline.after(CONNECT_TIMEOUT)).join();
        long start = time.nanoTime();
        connection.send(Unpooled.copiedBuffer("hello", UTF_8));
        answers.expect("hello");
        System.out.println("hello -> hello in " + millis(time.nanoTime() - start));

        start = time.nanoTime();
        for (int i = 0; i < FRAMES; i++) {
            connection.send(Unpooled.copiedBuffer("frame " + i, UTF_8));
        }
        for (int i = 0; i < FRAMES; i++) {
            answers.expect("frame " + i);
        }
        System.out.printf(
                Locale.ROOT,
                "%,d frames came back unchanged and in order in %s%n",
                FRAMES,
                millis(time.nanoTime() - start));
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }

    /** Hands the frames from the event loop to the thread that waits for them. */
    private static final class Answers implements FrameHandler {

        private final BlockingQueue<String> received = new LinkedTransferQueue<>();

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            received.add(frame.toString(UTF_8));
        }

        @Override
        public void onClose(Connection connection, CloseReason reason) {
            received.add("the end of the connection: " + reason);
        }

        void expect(String frame) throws IOException, InterruptedException {
            String answer = received.poll(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (!frame.equals(answer)) {
                throw new IOException("sent \"" + frame + "\", got "
                        + (answer == null ? "nothing for " + ANSWER_TIMEOUT_SECONDS + " s" : "\"" + answer + "\""));
            }
        }
    }

    private static final class Mode {
        @Option(names = "--serve", description = "Only serve, until SIGTERM.")
        private boolean serve;

        @Option(names = "--connect", paramLabel = "HOST:PORT", description = "Only ask a server that runs elsewhere.")
        private @Nullable Endpoint connect;
    }
}

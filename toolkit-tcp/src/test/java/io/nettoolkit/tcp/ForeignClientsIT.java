package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that share no line of code with us. */
class ForeignClientsIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck().withAllowedThreads("process reaper");

    private static final Framing LINES = Framing.line(1_000);

    @TempDir
    Path directory;

    private final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void ncTalksInLines(Transport transport) throws Exception {
        needs("nc", "-h");
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = shouting(LINES, loops, options -> options)) {
            String answers = run("hello\nworld\r\n\n", "nc", "-N", "127.0.0.1", port(server));

            assertThat(answers).isEqualTo("HELLO\nWORLD\n\n");
            assertThat(nextClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void ncTalksInLengthPrefixedFrames(Transport transport) throws Exception {
        needs("nc", "-h");
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(frames);
        for (String word : List.of("one", "two", "three")) {
            out.writeInt(word.length());
            out.writeBytes(word);
        }
        String sent = frames.toString(StandardCharsets.ISO_8859_1);
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = shouting(Rig.FRAMING, loops, options -> options)) {
            String answers = run(sent, "nc", "-N", "127.0.0.1", port(server));

            assertThat(answers)
                    .isEqualTo(sent.replace("one", "ONE").replace("two", "TWO").replace("three", "THREE"));
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void opensslTalksInLinesOverTls(Transport transport) throws Exception {
        needs("openssl", "version");
        Certificates certificates = new Certificates();
        Path authority = certificates.writeAuthority(directory);
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = shouting(LINES, loops, options -> options.tls(tls(certificates)))) {
            for (String version : List.of("-tls1_3", "-tls1_2")) {
                Process openssl = new ProcessBuilder(
                                "openssl",
                                "s_client",
                                "-quiet",
                                "-verify_return_error",
                                "-CAfile",
                                authority.toString(),
                                "-verify_hostname",
                                "localhost",
                                version,
                                "-connect",
                                "127.0.0.1:" + port(server))
                        .redirectError(directory.resolve("openssl.err").toFile())
                        .start();
                try (OutputStream in = openssl.getOutputStream()) {
                    in.write("hello over tls\n".getBytes(StandardCharsets.US_ASCII));
                    in.flush();
                    assertThat(new String(openssl.getInputStream().readNBytes(15), StandardCharsets.US_ASCII))
                            .as(Files.readString(directory.resolve("openssl.err")))
                            .isEqualTo("HELLO OVER TLS\n");
                } finally {
                    openssl.destroyForcibly().waitFor();
                }
                assertThat(nextClose().kind()).isIn(Kind.PEER_CLOSED, Kind.RESET);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aPythonClientOfTenLinesTalks(Transport transport) throws Exception {
        needs("python3", "--version");
        Path script = directory.resolve("client.py");
        try (InputStream source = ForeignClientsIT.class.getResourceAsStream("client.py")) {
            Files.copy(source, script);
        }
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = shouting(Rig.FRAMING, loops, options -> options)) {
            String answers = run(
                    "", "python3", script.toString(), "127.0.0.1", port(server), "hello", "world", "x".repeat(60_000));

            assertThat(answers).isEqualTo("HELLO\nWORLD\n" + "X".repeat(60_000) + "\n");
            assertThat(nextClose().kind()).isEqualTo(Kind.PEER_CLOSED);
        }
    }

    private TcpServer shouting(Framing framing, EventLoops loops, UnaryOperator<TcpServer.Builder> more) {
        FrameHandler shout = new FrameHandler() {
            @Override
            public void onFrame(Connection connection, ByteBuf frame) {
                String text = frame.toString(StandardCharsets.ISO_8859_1).toUpperCase(Locale.ROOT);
                connection.send(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
            }

            @Override
            public void onClose(Connection connection, CloseReason reason) {
                closes.add(reason);
            }
        };
        TcpServer server =
                more.apply(TcpServer.builder(framing, shout).eventLoops(loops)).build();
        server.bind(Endpoint.of("127.0.0.1", 0)).join();
        return server;
    }

    private static TlsConfig tls(Certificates certificates) {
        try {
            return certificates.server();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static String port(TcpServer server) {
        return Integer.toString(server.localAddress().getPort());
    }

    private CloseReason nextClose() throws InterruptedException {
        CloseReason next = closes.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("the close of the connection").isNotNull();
        return next;
    }

    /** What it printed; it must end well by itself. */
    private static String run(String input, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.ISO_8859_1));
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(process.waitFor(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("ended")
                    .isTrue();
            assertThat(process.exitValue()).as("exit status of %s", command[0]).isZero();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    /** Skips where the tool is missing, and says so. */
    private static void needs(String... command) throws InterruptedException {
        boolean there;
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            there = process.waitFor(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            process.destroyForcibly();
        } catch (IOException missing) {
            System.err.println("not tested with " + command[0] + ": " + missing.getMessage());
            there = false;
        }
        assumeTrue(there, command[0] + " is not installed");
    }
}

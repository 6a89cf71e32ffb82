package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.SocketOptions;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("try") // the tests end connections early: that is what they are about
class TlsIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private static Certificates certificates;

    private final Handshakes handshakes = new Handshakes();
    private final BlockingQueue<byte[]> answers = new LinkedTransferQueue<>();

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = new Certificates();
    }

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void echoesFramesOfEverySizeAndTimesTheHandshake(Transport transport) throws Exception {
        Random random = new Random(5);
        try (Rig rig = tlsRig(transport, options -> options.listener(handshakes));
                TcpClient client = client(rig, certificates.client())) {
            Connection connection = connect(client, rig);
            for (int size : new int[] {0, 1, 64, 8_192, 8_193, 16_384, 16_385, 60_000, 64 * 1024, 3}) {
                byte[] payload = new byte[size];
                random.nextBytes(payload);
                connection.send(Unpooled.wrappedBuffer(payload)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(nextAnswer()).as("%d bytes", size).isEqualTo(payload);
            }

            assertThat(connection.timeline().tls()).isPositive();
            assertThat(connection.timeline().connect()).isPositive();
            assertThat(connection.timeline().firstByte()).isNotNull();
            assertThat(connection.timeline().bytesIn())
                    .isEqualTo(connection.timeline().bytesOut());
            assertThat(handshakes.next().failure).isNull();
            assertThat(connection
                            .close()
                            .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .kind())
                    .isEqualTo(Kind.LOCAL_CLOSED);
            ConnectionTimeline ofServer = handshakes.closed.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(ofServer).isNotNull();
            assertThat(ofServer.tls()).isPositive();
            assertThat(ofServer.connect()).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void manyFramesAtOnceKeepTheirOrder(Transport transport) throws Exception {
        try (Rig rig = tlsRig(transport, options -> options);
                TcpClient client = client(rig, certificates.client())) {
            Connection connection = connect(client, rig);
            for (int i = 0; i < 5_000; i++) {
                connection.send(text("frame " + i));
            }
            for (int i = 0; i < 5_000; i++) {
                assertThat(new String(nextAnswer(), StandardCharsets.UTF_8)).isEqualTo("frame " + i);
            }
        }
    }

    /** Without close_notify a peer could not tell the end from an attacker's cut. */
    @ParameterizedTest
    @MethodSource("transports")
    void aDrainEndsTheStreamWithCloseNotify(Transport transport) throws Exception {
        try (Rig rig = tlsRig(transport, options -> options);
                TcpClient client = client(rig, certificates.client())) {
            Connection connection = connect(client, rig);
            SslHandler tls = connection.channel().pipeline().get(SslHandler.class);
            connection.send(text("hello")).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(nextAnswer()).hasSize(5);

            DrainReport report = rig.server
                    .drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS))
                    .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);

            assertThat(report.drained()).isEqualTo(1);
            assertThat(report.forced()).isZero();
            CloseReason reason = connection.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(reason.kind()).isEqualTo(Kind.PEER_CLOSED);
            assertThat(reason.isOrderly()).isTrue();
            assertThat(tls.sslCloseFuture().isSuccess()).as("close_notify came").isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aPeerThatSaysNothingMeetsTheHandshakeTimeout(Transport transport) throws Exception {
        Timeouts timeouts = Timeouts.forServers().toBuilder()
                .tlsHandshake(Duration.ofMillis(200))
                .build();
        try (Rig rig = tlsRig(transport, options -> options.timeouts(timeouts).listener(handshakes));
                Socket silent = rig.connect()) {
            assertThat(NetException.of(handshakes.next().failure(), Operation.TLS, null, null, null)
                            .kind())
                    .isEqualTo(Kind.TLS_TIMEOUT);
            assertThat(silent.getInputStream().readAllBytes()).hasSizeLessThan(100);
            assertThat(handshakes.closed).as("never opened, so never closed").isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void plaintextOnATlsPortIsNamed(Transport transport) throws Exception {
        try (Rig rig = tlsRig(transport, options -> options.listener(handshakes));
                Socket plain = rig.connect()) {
            Rig.send(plain, "hello");

            NetException failure = NetException.of(handshakes.next().failure(), Operation.TLS, null, null, null);
            assertThat(failure.kind()).isEqualTo(Kind.NOT_TLS);
            try (TcpClient client = client(rig, certificates.client())) {
                connect(client, rig).send(text("others are served")).join();
                assertThat(nextAnswer()).hasSize(17);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aClientThatMeetsPlaintextIsTold(Transport transport) throws Exception {
        FrameHandler greet = new FrameHandler() {
            @Override
            public void onFrame(Connection connection, ByteBuf frame) {}

            @Override
            public void onOpen(Connection connection) {
                connection.trySend(text("220 welcome"));
            }
        };
        try (Rig rig = new Rig(transport, greet);
                TcpClient client = client(rig, certificates.client())) {
            NetException failure = failure(client, rig);

            assertThat(failure.kind()).isEqualTo(Kind.NOT_TLS);
            assertThat(failure.operation()).isEqualTo(Operation.TLS);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aServerThatIsNotTrustedFailsTheConnect(Transport transport) throws Exception {
        try (Rig rig = tlsRig(transport, options -> options);
                TcpClient client = client(rig, new Certificates().client())) {
            NetException failure = failure(client, rig);

            assertThat(failure.kind()).isEqualTo(Kind.TLS_CERTIFICATE);
            assertThat(failure.operation()).isEqualTo(Operation.TLS);
            assertThat(failure.isRetryable()).isFalse();
            assertThat(failure.remote()).isEqualTo(rig.address);
            assertThat(client.stats().opened()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aReloadChangesNewConnectionsAndLeavesOldOnes(Transport transport, @TempDir Path directory) throws Exception {
        BlockingQueue<Instant> reloads = new LinkedTransferQueue<>();
        TlsConfig.Listener heard = new TlsConfig.Listener() {
            @Override
            public void onReload(@Nullable Instant expires) {
                reloads.add(expires == null ? Instant.MAX : expires);
            }
        };
        Certificates.write(directory, certificates.issue("first"));
        TlsConfig files = TlsConfig.server(directory.resolve("chain.pem"), directory.resolve("key.pem"))
                .reloadEvery(Duration.ofMillis(100))
                .listener(heard)
                .build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.tls(files));
                TcpClient client = client(rig, certificates.client())) {
            Connection old = connect(client, rig);
            assertThat(serverName(old)).isEqualTo("CN=first");

            Certificates.write(directory, certificates.issue("second"));
            assertThat(reloads.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isNotNull();

            assertThat(serverName(connect(client, rig))).isEqualTo("CN=second");
            old.send(text("still here")).join();
            assertThat(nextAnswer()).hasSize(10);
            assertThat(serverName(old)).isEqualTo("CN=first");
        }
    }

    /** The SslHandler would wait for its close_notify to leave, which a peer that does not read keeps it from. */
    @ParameterizedTest
    @MethodSource("transports")
    void anAbortDoesNotWaitForAPeerThatDoesNotRead(Transport transport) throws Exception {
        BlockingQueue<Connection> opened = new LinkedTransferQueue<>();
        FrameHandler open = new FrameHandler() {
            @Override
            public void onFrame(Connection connection, ByteBuf frame) {}

            @Override
            public void onOpen(Connection connection) {
                opened.add(connection);
            }
        };
        SocketOptions small = SocketOptions.builder()
                .sendBufferBytes(16 * 1024)
                .receiveBufferBytes(16 * 1024)
                .build();
        try (Rig rig = new Rig(transport, open, options -> options.tls(server()).socketOptions(small));
                TcpClient client = TcpClient.builder(Rig.FRAMING, (connection, frame) -> {})
                        .eventLoops(rig.loops)
                        .tls(certificates.client())
                        .socketOptions(small)
                        .build()) {
            Connection deaf = connect(client, rig);
            deaf.pauseReading();
            deaf.channel().config().setAutoRead(false);
            Connection connection = opened.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(connection).isNotNull();
            connection.channel().pipeline().get(SslHandler.class).setCloseNotifyFlushTimeout(1, TimeUnit.HOURS);
            byte[] payload = new byte[60_000];
            while (connection.trySend(Unpooled.wrappedBuffer(payload))) {
                // until the queue is full
            }
            for (int turn = 0; turn < 3; turn++) {
                // The frames have reached the loop, then been flushed: now the socket is full as well.
                connection.eventLoop().submit(() -> {}).get();
            }

            connection.abort();

            assertThat(connection
                            .closed()
                            .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .kind())
                    .isEqualTo(Kind.LOCAL_CLOSED);
        }
    }

    private static String serverName(Connection connection) throws Exception {
        SslHandler tls = connection.channel().pipeline().get(SslHandler.class);
        X509Certificate certificate =
                (X509Certificate) tls.engine().getSession().getPeerCertificates()[0];
        return certificate.getSubjectX500Principal().getName();
    }

    private static TlsConfig server() {
        try {
            return certificates.server();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Rig tlsRig(Transport transport, UnaryOperator<TcpServer.Builder> more) {
        return new Rig(transport, Rig.ECHO, options -> more.apply(options.tls(server())));
    }

    private TcpClient client(Rig rig, TlsConfig tls) {
        return TcpClient.builder(Rig.FRAMING, (connection, frame) -> answers.add(ByteBufUtil.getBytes(frame)))
                .eventLoops(rig.loops)
                .tls(tls)
                .build();
    }

    private static Connection connect(TcpClient client, Rig rig) throws Exception {
        return client.connect(rig.endpoint(), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)))
                .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static NetException failure(TcpClient client, Rig rig) {
        CompletableFuture<Connection> attempt =
                client.connect(rig.endpoint(), Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS)));
        CompletionException failed = catchThrowableOfType(CompletionException.class, attempt::join);
        assertThat(failed).as("connect").isNotNull();
        assertThat(failed.getCause()).isInstanceOf(NetException.class);
        return (NetException) failed.getCause();
    }

    private byte[] nextAnswer() throws InterruptedException {
        byte[] next = answers.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("an answer within %d s", Rig.PATIENCE_SECONDS).isNotNull();
        return next;
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** Hears of handshakes. */
    private static final class Handshakes implements ConnectionListener {

        final BlockingQueue<Outcome> outcomes = new LinkedTransferQueue<>();
        final BlockingQueue<ConnectionTimeline> closed = new LinkedTransferQueue<>();

        @Override
        public void onTlsHandshake(Channel channel, Duration elapsed, @Nullable Throwable failure) {
            outcomes.add(new Outcome(failure));
        }

        @Override
        public void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {
            closed.add(timeline);
        }

        Outcome next() throws InterruptedException {
            Outcome next = outcomes.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("the end of a handshake").isNotNull();
            return next;
        }
    }

    private record Outcome(@Nullable Throwable failure) {}
}

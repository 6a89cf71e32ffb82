package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.Transport;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.KeyedConnectionPool;
import io.nettoolkit.pool.Lease;
import io.nettoolkit.pool.PoolConfig;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.nettoolkit.testkit.FaultProxy;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A pool of the toolkit's own connections: the client is the connector by method reference, TLS and all. */
@ExtendWith(LeakCheck.class)
class PooledTcpClientIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 16).build();
    private static final AttributeKey<CompletableFuture<String>> ANSWER =
            AttributeKey.valueOf(PooledTcpClientIT.class, "answer");

    private EventLoops loops;

    static Stream<Transport> transports() {
        return Stream.of(Transport.values()).filter(Transport::isAvailable);
    }

    @AfterEach
    void end() {
        loops.close();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void callsOverTlsAgainAndAgainOnOneConnection(Transport transport) throws Exception {
        loops = EventLoops.builder().transport(transport).threads(2).build();
        X509Bundle bundle = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanIpAddress("127.0.0.1")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        TlsConfig identity = TlsConfig.server(
                        bundle.getCertificatePathList(), bundle.getKeyPair().getPrivate())
                .build();
        TlsConfig trust =
                TlsConfig.client().trust(bundle.getCertificatePathList()).build();
        try (TcpServer server = echo(identity);
                TcpClient client = client(trust);
                ConnectionPool pool = ConnectionPool.builder(endpoint(server), client::connectChannel)
                        .eventLoops(loops.group())
                        .build()) {
            for (int i = 0; i < 100; i++) {
                assertThat(call(pool, "question " + i)).isEqualTo("question " + i);
            }
            assertThat(server.stats().accepted()).isEqualTo(1);
            assertThat(pool.stats().acquired()).isEqualTo(100);

            DrainReport report = pool.close(PATIENCE).get(20, TimeUnit.SECONDS);
            assertThat(report.drained()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void tellsWhyThereIsNoConnection(Transport transport) throws Exception {
        loops = EventLoops.builder().transport(transport).threads(1).build();
        try (TcpServer server = echo(null);
                TcpClient client = client(null);
                FaultProxy proxy = FaultProxy.to(server.localAddress())) {
            proxy.refuseConnections();
            Endpoint refusing = Endpoint.of(proxy.address());
            try (ConnectionPool pool = ConnectionPool.builder(refusing, client::connectChannel)
                    .eventLoops(loops.group())
                    .build()) {
                assertThatThrownBy(() -> pool.acquireBlocking(Deadline.after(PATIENCE)))
                        .isInstanceOfSatisfying(
                                NetException.class,
                                failure -> assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED));
                pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void replacesConnectionsThatTheNetworkBroke(Transport transport) throws Exception {
        loops = EventLoops.builder().transport(transport).threads(2).build();
        try (TcpServer server = echo(null);
                TcpClient client = client(null);
                FaultProxy proxy = FaultProxy.to(server.localAddress());
                KeyedConnectionPool<Endpoint> pool = KeyedConnectionPool.<Endpoint>builder(client::connectChannel)
                        .eventLoops(loops.group())
                        .config(PoolConfig.builder().maxSize(2).build())
                        .build()) {
            Endpoint endpoint = Endpoint.of(proxy.address());
            for (int i = 1; i <= 5; i++) {
                try (Lease lease = pool.acquireBlocking(endpoint, Deadline.after(PATIENCE))) {
                    assertThat(ask(lease, "round " + i).get(20, TimeUnit.SECONDS))
                            .isEqualTo("round " + i);
                }
                proxy.resetAll();
                long lost = i;
                await(() -> pool.stats().sum().closes().getOrDefault(CloseCause.LOST, 0L) == lost);
            }
            pool.close(Duration.ZERO).get(20, TimeUnit.SECONDS);
        }
    }

    private TcpServer echo(TlsConfig tls) {
        TcpServer.Builder server = TcpServer.builder(FRAMING, (connection, frame) -> connection.send(frame.retain()))
                .eventLoops(loops);
        TcpServer built = (tls == null ? server : server.tls(tls)).build();
        built.bind(Endpoint.of("127.0.0.1", 0)).join();
        return built;
    }

    private TcpClient client(TlsConfig tls) {
        TcpClient.Builder client =
                TcpClient.builder(FRAMING, PooledTcpClientIT::onAnswer).eventLoops(loops);
        return (tls == null ? client : client.tls(tls)).build();
    }

    private static Endpoint endpoint(TcpServer server) {
        return Endpoint.of(server.localAddress());
    }

    private static String call(ConnectionPool pool, String question) throws Exception {
        try (Lease lease = pool.acquireBlocking(Deadline.after(PATIENCE))) {
            return ask(lease, question).get(20, TimeUnit.SECONDS);
        }
    }

    private static CompletableFuture<String> ask(Lease lease, String question) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        lease.channel().attr(ANSWER).set(answer);
        Connection.of(lease.channel()).send(Unpooled.copiedBuffer(question, UTF_8));
        return answer;
    }

    private static void onAnswer(Connection connection, ByteBuf frame) {
        connection.channel().attr(ANSWER).get().complete(frame.toString(UTF_8));
    }

    private static void await(BooleanSupplier condition) {
        long end = TimeSource.system().nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(TimeSource.system().nanoTime() - end)
                    .as("waited in vain")
                    .isNegative();
            Thread.onSpinWait();
        }
    }
}

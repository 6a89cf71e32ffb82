package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("try") // the tests end connections early: that is what they are about
class TcpClientIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    private final BlockingQueue<String> answers = new LinkedTransferQueue<>();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aClosedPortIsRefusedAndMayBeTriedAgain(Transport transport) throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            free = socket.getLocalPort();
        }
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            NetException failure = failure(client.connect(Endpoint.of("127.0.0.1", free), patience()));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED);
            assertThat(failure.operation()).isEqualTo(Operation.CONNECT);
            assertThat(failure.isRetryable()).isTrue();
            assertThat(failure.elapsed()).isNotNull();
            assertThat(failure).hasMessageContaining("127.0.0.1").hasMessageContaining(Integer.toString(free));
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aDeadlineThatHasPassedOpensNothing(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            NetException failure = failure(client.connect(rig.endpoint(), Deadline.after(Duration.ZERO)));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT_TIMEOUT);
            assertThat(failure.isTimeout()).isTrue();
            assertThat(failure.isRetryable()).isTrue();
            assertThat(rig.server.stats().accepted()).isZero();
            assertThat(client.stats().connections()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aPeerThatDoesNotAnswerMeetsTheDeadline(Transport transport) throws Exception {
        try (Deaf deaf = new Deaf();
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            NetException failure = failure(client.connect(deaf.endpoint(), Deadline.after(Duration.ofMillis(300))));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT_TIMEOUT);
            assertThat(failure.operation()).isEqualTo(Operation.CONNECT);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void theTimeoutOfOneAddressLeavesTimeForTheNext(Transport transport) throws Exception {
        Timeouts timeouts =
                Timeouts.builder().connectAddress(Duration.ofMillis(300)).build();
        try (Deaf deaf = new Deaf();
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig)
                        .timeouts(timeouts)
                        .resolver(new ScriptedResolver(deaf.address(), rig.address))
                        .build()) {
            Connection connection = client.connect(Endpoint.of("service.test", 1), patience())
                    .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);

            assertThat(connection.remoteAddress()).isEqualTo(rig.address);
            assertThat(connection.timeline().resolve()).isNotNull();
            assertThat(connection.timeline().connect()).isGreaterThanOrEqualTo(Duration.ofMillis(299));
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whenEveryAddressFailsTheLastIsReportedWithTheOthers(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO)) {
            int port = rig.address.getPort();
            InetSocketAddress[] refusing = {
                new InetSocketAddress("127.0.0.2", port),
                new InetSocketAddress("127.0.0.3", port),
                new InetSocketAddress("127.0.0.4", port)
            };
            try (TcpClient client =
                    client(rig).resolver(new ScriptedResolver(refusing)).build()) {
                NetException failure = failure(client.connect(Endpoint.of("service.test", port), patience()));

                assertThat(failure.kind()).isEqualTo(Kind.CONNECT_REFUSED);
                assertThat(failure.remote()).isEqualTo(refusing[2]);
                assertThat(allSuppressed(failure))
                        .extracting(NetException::remote)
                        .containsExactlyInAnyOrder(refusing[0], refusing[1]);
            }
        }
    }

    private static List<NetException> allSuppressed(Throwable failure) {
        List<NetException> all = new ArrayList<>();
        for (Throwable suppressed : failure.getSuppressed()) {
            all.add((NetException) suppressed);
            all.addAll(allSuppressed(suppressed));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void lookupsThatFailHaveTheirKinds(Transport transport) throws Exception {
        Endpoint name = Endpoint.of("service.test", 1);
        try (Rig rig = new Rig(transport, Rig.ECHO)) {
            try (TcpClient client = client(rig)
                    .resolver(ScriptedResolver.failing(new UnknownHostException("service.test")))
                    .build()) {
                NetException failure = failure(client.connect(name, patience()));
                assertThat(failure.kind()).isEqualTo(Kind.DNS_NO_SUCH_NAME);
                assertThat(failure.operation()).isEqualTo(Operation.RESOLVE);
            }
            try (TcpClient client = client(rig).resolver(new ScriptedResolver()).build()) {
                assertThat(failure(client.connect(name, patience())).kind()).isEqualTo(Kind.DNS_NO_DATA);
            }
            try (TcpClient client =
                    client(rig).resolver(ScriptedResolver.silent()).build()) {
                NetException failure = failure(client.connect(name, Deadline.after(Duration.ofMillis(200))));
                assertThat(failure.kind()).isEqualTo(Kind.DNS_TIMEOUT);
                assertThat(failure.operation()).isEqualTo(Operation.RESOLVE);
                assertThat(failure.isRetryable()).isTrue();
            }
        }
    }

    /** A resolver's bug is the caller's failure at once, not a wait for the deadline. */
    @ParameterizedTest
    @MethodSource("transports")
    void aResolverThatThrowsFailsTheConnect(Transport transport) throws Exception {
        IllegalStateException bug = new IllegalStateException("deliberate");
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client =
                        client(rig).resolver(ScriptedResolver.throwing(bug)).build()) {
            NetException failure = failure(client.connect(Endpoint.of("service.test", 1), patience()));

            assertThat(failure.operation()).isEqualTo(Operation.RESOLVE);
            assertThat(failure).hasRootCause(bug);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aCancelDuringTheConnectLeavesNothingOpen(Transport transport) throws Exception {
        try (Deaf deaf = new Deaf();
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            CompletableFuture<Connection> attempt = client.connect(deaf.endpoint(), patience());

            assertThat(attempt.cancel(true)).isTrue();

            assertThatThrownBy(attempt::get).isInstanceOf(CancellationException.class);
            client.drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(client.stats().connections()).isZero();
        }
    }

    /** On the loop itself the cancel comes before the attempt has begun. */
    @ParameterizedTest
    @MethodSource("transports")
    void aCancelBeforeTheAttemptBeganOpensNothing(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            EventLoop loop = rig.loops.next();
            loop.submit(() -> client.connectChannel(rig.endpoint(), loop, patience())
                            .cancel(false))
                    .get();
            loop.submit(() -> {}).get();
            loop.submit(() -> {}).get();

            assertThat(client.connect(rig.endpoint(), patience()).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isNotNull();
            assertThat(client.stats().opened()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aCancelDuringTheHandshakeClosesTheSocket(Transport transport) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).tls(new Certificates().client()).build()) {
            CompletableFuture<Connection> attempt =
                    client.connect(Endpoint.of("127.0.0.1", silent.getLocalPort()), patience());
            try (Socket socket = silent.accept()) {
                socket.setSoTimeout(Rig.PATIENCE_SECONDS * 1000);
                assertThat(socket.getInputStream().read())
                        .as("a handshake record")
                        .isEqualTo(22);

                assertThat(attempt.cancel(true)).isTrue();

                assertThat(catchThrowable(() -> socket.getInputStream().readAllBytes()))
                        .as("the end of the stream, or a reset")
                        .satisfiesAnyOf(
                                end -> assertThat(end).isNull(),
                                reset -> assertThat(reset)
                                        .isInstanceOf(IOException.class)
                                        .isNotInstanceOf(java.net.SocketTimeoutException.class));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aServerThatDoesNotShakeHandsMeetsTheDeadline(Transport transport) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).tls(new Certificates().client()).build()) {
            NetException failure = failure(client.connect(
                    Endpoint.of("127.0.0.1", silent.getLocalPort()), Deadline.after(Duration.ofMillis(500))));

            assertThat(failure.kind()).isEqualTo(Kind.TLS_TIMEOUT);
            assertThat(failure.operation()).isEqualTo(Operation.TLS);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aBareChannelOnAGivenLoopCarriesItsConnection(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            for (int i = 0; i < 4; i++) {
                EventLoop loop = rig.loops.next();
                Channel channel = client.connectChannel(rig.endpoint(), loop, patience())
                        .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);

                assertThat(channel.eventLoop()).isSameAs(loop);
                Connection connection = Connection.of(channel);
                assertThat(connection.channel()).isSameAs(channel);
                assertThat(connection.eventLoop()).isSameAs(loop);
                connection.send(text("hello " + i)).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(answers.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("hello " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aDeadlineOfAnotherClockIsRefusedAtTheCall(Transport transport) {
        Deadline other = Deadline.after(Duration.ofSeconds(1), TimeSource.of(Ticker.newMockTicker()));
        try (Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client = client(rig).build()) {
            assertThatThrownBy(() -> client.connect(rig.endpoint(), other))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("TimeSource");
            assertThatThrownBy(() -> client.connect(Endpoint.unix("/tmp/x.sock"), patience()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("host and port");
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aClosedClientEndsItsConnectionsAndOpensNoMore(Transport transport) throws Exception {
        try (Rig rig = new Rig(transport, Rig.ECHO)) {
            TcpClient client = client(rig).build();
            Connection connection =
                    client.connect(rig.endpoint(), patience()).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);

            client.close();

            assertThat(connection.closed()).isCompleted();
            assertThat(connection.closed().join().kind()).isEqualTo(Kind.LOCAL_CLOSED);
            assertThat(client.stats().connections()).isZero();
            assertThatThrownBy(() -> client.connect(rig.endpoint(), patience()).get())
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            refused -> assertThat(refused.reason()).isEqualTo(RejectedException.Reason.SHUTTING_DOWN));
            client.close();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void connectsUnderWayWhenTheClientClosesAreRefused(Transport transport) throws Exception {
        try (Deaf deaf = new Deaf();
                Rig rig = new Rig(transport, Rig.ECHO);
                TcpClient client =
                        client(rig).resolver(ScriptedResolver.silent()).build()) {
            CompletableFuture<Connection> resolving = client.connect(Endpoint.of("service.test", 1), patience());
            CompletableFuture<Connection> connecting = client.connect(deaf.endpoint(), patience());

            client.close();

            for (CompletableFuture<Connection> attempt : List.of(resolving, connecting)) {
                assertThatThrownBy(() -> attempt.get(Rig.PATIENCE_SECONDS / 2, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOfSatisfying(
                                RejectedException.class,
                                refused ->
                                        assertThat(refused.reason()).isEqualTo(RejectedException.Reason.SHUTTING_DOWN));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aDrainLetsEverythingSentArrive(Transport transport) throws Exception {
        BlockingQueue<Integer> arrived = new LinkedTransferQueue<>();
        try (Rig rig = new Rig(transport, (connection, frame) -> arrived.add(frame.readInt()))) {
            TcpClient client = client(rig).build();
            Connection connection =
                    client.connect(rig.endpoint(), patience()).get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            int sent = 0;
            while (sent < 10_000 && connection.trySend(Unpooled.buffer(4).writeInt(sent))) {
                sent++;
            }

            assertThat(client.drain(Duration.ofSeconds(Rig.PATIENCE_SECONDS))
                            .get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .forced())
                    .isZero();

            assertThat(rig.nextClose().kind()).isEqualTo(Kind.PEER_CLOSED);
            assertThat(arrived).hasSize(sent);
        }
    }

    private TcpClient.Builder client(Rig rig) {
        return TcpClient.builder(
                        Rig.FRAMING, (connection, frame) -> answers.add(frame.toString(StandardCharsets.UTF_8)))
                .eventLoops(rig.loops);
    }

    private static Deadline patience() {
        return Deadline.after(Duration.ofSeconds(Rig.PATIENCE_SECONDS));
    }

    private static NetException failure(CompletableFuture<?> attempt) {
        Throwable thrown = catchThrowable(() -> attempt.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS));
        assertThat(thrown).isInstanceOf(ExecutionException.class);
        assertThat(thrown.getCause()).isInstanceOf(NetException.class);
        return (NetException) thrown.getCause();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** A port whose queue of new connections is full: the system drops whatever else knocks. */
    private static final class Deaf implements AutoCloseable {

        private final ServerSocket socket;
        private final List<Socket> queued = new ArrayList<>();

        Deaf() throws IOException {
            socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
            for (int i = 0; i < 2; i++) {
                Socket filler = new Socket();
                queued.add(filler);
                filler.connect(socket.getLocalSocketAddress(), 10_000);
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        Endpoint endpoint() {
            return Endpoint.of("127.0.0.1", socket.getLocalPort());
        }

        @Override
        public void close() throws IOException {
            for (Socket filler : queued) {
                filler.close();
            }
            socket.close();
        }
    }
}

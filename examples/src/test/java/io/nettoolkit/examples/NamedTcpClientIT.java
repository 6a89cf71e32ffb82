package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The toolkit's client connects by names that the toolkit's resolver looks up. */
@ExtendWith(LeakCheck.class)
@ParameterizedClass
@MethodSource("transports")
class NamedTcpClientIT {

    private static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(1 << 16).build();

    private final EventLoops loops;
    private final CompletableFuture<String> echo = new CompletableFuture<>();
    private FakeDnsServer dns;
    private DnsResolver resolver;
    private TcpServer server;
    private TcpClient client;

    NamedTcpClientIT(Transport transport) {
        loops = EventLoops.builder().transport(transport).threads(2).build();
    }

    static Stream<Transport> transports() {
        return Stream.of(Transport.values()).filter(Transport::isAvailable);
    }

    @BeforeEach
    void start() {
        dns = FakeDnsServer.start();
        resolver = DnsResolver.builder()
                .loops(loops)
                .nameServers(List.of(dns.address()))
                .build();
        server = TcpServer.builder(FRAMING, (connection, frame) -> connection.send(frame.retain()))
                .eventLoops(loops)
                .build();
        server.bind(Endpoint.of("127.0.0.1", 0)).join();
        client = TcpClient.builder(FRAMING, (connection, frame) -> echo.complete(frame.toString(UTF_8)))
                .eventLoops(loops)
                .resolver(resolver.asAddressResolverGroup())
                .build();
    }

    @AfterEach
    void end() {
        client.close();
        server.close();
        resolver.close();
        dns.close();
        loops.close();
    }

    private Connection connect(String name) throws Exception {
        Endpoint endpoint = Endpoint.of(name, Endpoint.of(server.localAddress()).port());
        return client.connect(endpoint, Deadline.after(Duration.ofSeconds(20))).get(30, TimeUnit.SECONDS);
    }

    private void echoes(Connection connection) throws Exception {
        connection.send(Unpooled.copiedBuffer("hello", UTF_8));
        assertThat(echo.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
    }

    @Test
    void connectsByNameAndAsksForItOnce() throws Exception {
        dns.records("echo.example. 300 A 127.0.0.1");
        echoes(connect("echo.example"));
        for (int i = 0; i < 20; i++) {
            connect("echo.example");
        }
        assertThat(dns.queries("echo.example")).as("one of each family").isEqualTo(2);
    }

    @Test
    void goesOnToTheNextAddressOfTheName() throws Exception {
        // Nobody listens on the first one: the server has 127.0.0.1 alone.
        dns.records("echo.example. 300 A 127.0.0.3", "echo.example. 300 A 127.0.0.1");
        echoes(connect("echo.example"));
    }

    @Test
    void tellsThatThereIsNoSuchName() {
        assertThatThrownBy(() -> connect("gone.example"))
                .cause()
                .isInstanceOfSatisfying(
                        NetFailure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.DNS_NO_SUCH_NAME));
    }
}

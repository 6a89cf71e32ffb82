package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where a server listens, and what it says when it cannot. */
class BindIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void bindsToANameWithoutLookingItUpOnTheLoop(Transport transport) {
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = server(loops)) {
            InetSocketAddress address = server.bind(Endpoint.of("localhost", 0)).join();

            assertThat(address.getAddress().isLoopbackAddress()).isTrue();
            assertThat(server.localAddress()).isEqualTo(address);
            assertThat(Endpoint.of(address).port()).isEqualTo(address.getPort());
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aNameThatDoesNotExistFailsTheBindAndTheServerMayTryAgain(Transport transport) {
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer server = server(loops)) {
            CompletionException failed = catchThrowableOfType(
                    CompletionException.class,
                    () -> server.bind(Endpoint.of("no-such-host.invalid", 0)).join());

            assertThat(failed.getCause())
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.operation()).isEqualTo(Operation.RESOLVE))
                    .hasMessageContaining("no-such-host.invalid");
            assertThat(server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort())
                    .isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void anAddressInUseIsToldWithItsPort(Transport transport) {
        try (EventLoops loops = TransportMatrix.loops(transport);
                TcpServer first = server(loops);
                TcpServer second = server(loops)) {
            Endpoint taken = Endpoint.of(first.bind(Endpoint.of("127.0.0.1", 0)).join());

            CompletionException failed = catchThrowableOfType(
                    CompletionException.class, () -> second.bind(taken).join());

            assertThat(failed.getCause())
                    .isInstanceOfSatisfying(
                            NetException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.ADDRESS_IN_USE))
                    .hasMessageContaining(Integer.toString(taken.port()));
        }
    }

    private static TcpServer server(EventLoops loops) {
        return TcpServer.builder(Rig.FRAMING, Rig.ECHO).eventLoops(loops).build();
    }
}

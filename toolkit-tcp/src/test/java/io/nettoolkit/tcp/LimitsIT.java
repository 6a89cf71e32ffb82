package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("try") // the tests end connections early: that is what they are about
class LimitsIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aConnectionOverTheLimitIsResetAndReportedAndRoomIsUsedAgain(Transport transport) throws Exception {
        Limits limits = Limits.builder().maxConnections(2).build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.limits(limits));
                Socket first = served(rig.connect());
                Socket second = served(rig.connect())) {
            assertThatThrownBy(() -> served(rig.connect())).isInstanceOf(IOException.class);
            assertThat(rig.nextReject())
                    .isInstanceOfSatisfying(
                            RejectedException.class,
                            rejected -> assertThat(rejected.reason()).isEqualTo(Reason.CONNECTION_LIMIT))
                    .hasMessageContaining("maxConnections 2");
            assertThat(rig.server.stats().rejected()).isEqualTo(1);
            assertThat(rig.server.stats().accepted()).isEqualTo(2);

            served(first);
            second.close();
            rig.nextClose();
            rig.expectService();
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void oneAddressCannotTakeTheRoomOfOthers(Transport transport) throws Exception {
        Limits limits = Limits.builder().maxConnectionsPerAddress(1).build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.limits(limits));
                Socket first = served(rig.connectFrom("127.0.0.1"));
                Socket other = served(rig.connectFrom("127.0.0.2"))) {
            assertThatThrownBy(() -> served(rig.connectFrom("127.0.0.1"))).isInstanceOf(IOException.class);
            assertThat(rig.nextReject()).hasMessageContaining("maxConnectionsPerAddress 1");

            first.close();
            rig.nextClose();
            served(rig.connectFrom("127.0.0.1")).close();
            served(other);
        }
    }

    /** All are served in the end: those over the rate wait in the backlog. */
    @ParameterizedTest
    @MethodSource("transports")
    void acceptsOverTheRateWait(Transport transport) throws Exception {
        Limits limits = Limits.builder().acceptsPerSecond(20).build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.limits(limits))) {
            long start = TimeSource.system().nanoTime();
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                sockets.add(rig.connect());
            }
            for (Socket socket : sockets) {
                served(socket).close();
            }
            assertThat(TimeSource.system().nanoTime() - start).isGreaterThan(300_000_000);
            assertThat(rig.server.stats().accepted()).isEqualTo(30);
            assertThat(rig.server.stats().rejected()).isZero();
        }
    }

    private static Socket served(Socket socket) throws IOException {
        try {
            Rig.send(socket, "ping");
            assertThat(Rig.receive(socket)).isEqualTo("ping");
            return socket;
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
    }
}

package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** As many connections as the process has descriptors for, and more than that. */
class ManyConnectionsIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck().withAllowedThreads("process reaper", "child-output");

    private static final int CONNECTIONS = 10_000;
    private static final int DESCRIPTORS = 256;
    private static final int TOO_MANY = 400;

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void tenThousandAtOnceAreServedAndGoneAfterwards(Transport transport) throws Exception {
        long descriptors =
                ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getMaxFileDescriptorCount();
        if (descriptors < CONNECTIONS + 500) {
            System.out.println(
                    "not tested with " + CONNECTIONS + " connections: " + descriptors + " descriptors (ulimit -n)");
            assumeTrue(false, "too few descriptors");
        }
        Timeouts timeouts = Timeouts.forServers().toBuilder()
                .firstFrame(Duration.ofMinutes(2))
                .build();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.timeouts(timeouts));
                ChildProcess clients = ChildProcess.start(
                        ManyClients.class, Integer.toString(rig.address.getPort()), Integer.toString(CONNECTIONS))) {
            clients.expect("served");
            assertThat(rig.server.stats().connections()).isEqualTo(CONNECTIONS);
            assertThat(rig.server.stats().framesIn()).isEqualTo(CONNECTIONS);

            clients.tell("close");
            clients.expect("closed");
            for (int i = 0; i < CONNECTIONS; i++) {
                assertThat(rig.nextClose().kind()).isEqualTo(Kind.PEER_CLOSED);
            }
            assertThat(rig.server.stats().accepted()).isEqualTo(CONNECTIONS);
            assertThat(rig.server.stats().rejected()).isZero();
            rig.expectService();
        }
    }

    /** Netty stops accepting for a second then; what waits in the kernel meanwhile is served when there is room again. */
    @ParameterizedTest
    @MethodSource("transports")
    void outOfDescriptorsIsToldAndSurvived(Transport transport) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (ChildProcess server = ChildProcess.startScarce(DESCRIPTORS, EchoServerMain.class, transport.name())) {
            int port = Integer.parseInt(server.expect("ready"));
            try (Socket first = connect(port)) {
                serve(first);
            }
            for (int i = 0; i < TOO_MANY; i++) {
                sockets.add(connect(port));
            }
            serve(sockets.get(0));
            assertThat(server.expect("reject")).isEqualTo(Kind.RESOURCE_EXHAUSTED.name());

            for (Socket socket : sockets.subList(0, TOO_MANY / 2)) {
                socket.close();
            }

            for (Socket socket : sockets.subList(TOO_MANY / 2, TOO_MANY / 2 + 50)) {
                serve(socket);
            }
            try (Socket fresh = connect(port)) {
                serve(fresh);
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(Rig.PATIENCE_SECONDS * 1000);
        socket.connect(new InetSocketAddress("127.0.0.1", port), 10_000);
        return socket;
    }

    private static void serve(Socket socket) throws IOException {
        Rig.send(socket, "ping");
        assertThat(Rig.receive(socket)).isEqualTo("ping");
    }
}

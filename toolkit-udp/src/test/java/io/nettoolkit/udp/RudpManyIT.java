package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Thousands of connections on one loop of a server. */
class RudpManyIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck().withPatience(Duration.ofSeconds(60));

    private static final int CONNECTIONS = 3000;
    /** At once under way: more than a socket's buffer holds would only be tried again. */
    private static final int AT_ONCE = 200;

    static List<Transport> transports() {
        List<Transport> tested = new ArrayList<>(TransportMatrix.available());
        // A ring for each loop, and the kernel's limit on locked memory for thousands of sockets on it.
        tested.remove(Transport.IO_URING);
        return tested;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void servesThousandsOfConnectionsOnOneLoop(Transport transport) throws Exception {
        RudpConfig config =
                Rig.config(RudpSecurity.plaintext(), options -> options.handshakeTimeout(Duration.ofMinutes(1)));
        Semaphore answers = new Semaphore(0);
        try (EventLoops serverLoop = TransportMatrix.loops(transport, 1);
                EventLoops clientLoops = TransportMatrix.loops(transport, 2);
                RudpServer server = RudpServer.builder(config, (channel, message) -> channel.send(message.retain()))
                        .eventLoops(serverLoop)
                        .build();
                RudpClient client = RudpClient.builder(config, (channel, message) -> answers.release())
                        .eventLoops(clientLoops)
                        .build()) {
            int port = server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort();
            Endpoint endpoint = Endpoint.of("127.0.0.1", port);
            List<RudpChannel> channels = new ArrayList<>();
            while (channels.size() < CONNECTIONS) {
                List<CompletableFuture<RudpChannel>> opening = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    opening.add(client.connect(endpoint, Deadline.after(Duration.ofMinutes(1))));
                }
                for (CompletableFuture<RudpChannel> one : opening) {
                    channels.add(one.get(60, TimeUnit.SECONDS));
                }
            }
            // A client is connected with the server's answer, the server's side with the packet that comes back on it.
            Rig.until("the server has them all", () -> server.stats().connections() == CONNECTIONS);
            for (RudpChannel channel : channels) {
                channel.writeAndFlush(Rig.text("from " + channel.id()));
            }
            assertThat(answers.tryAcquire(CONNECTIONS, 60, TimeUnit.SECONDS)).isTrue();
            assertThat(server.stats().received().messages()).isEqualTo(CONNECTIONS);
            assertThat(server.drain(Duration.ofSeconds(30))
                            .get(60, TimeUnit.SECONDS)
                            .drained())
                    .isEqualTo(CONNECTIONS);
        }
    }
}

package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hundreds of connections on one loop of a server; thousands with {@code -Dudp.many.connections=3000}. */
class RudpManyIT {

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck().withPatience(Duration.ofSeconds(60));

    private static final int CONNECTIONS = Integer.getInteger("udp.many.connections", 200);
    /** Dialled at once: more than the server's buffer holds would only be tried again. */
    private static final int AT_ONCE = 100;

    private static final int PATIENCE_SECONDS = 120;

    static List<Transport> transports() {
        List<Transport> tested = new ArrayList<>(TransportMatrix.available());
        // The kernel's limit on locked memory is soon reached by the buffers of so many sockets.
        tested.remove(Transport.IO_URING);
        return tested;
    }

    @ParameterizedTest
    @MethodSource("transports")
    void everyOneOfManyConnectionsOnOneLoopHearsItsOwnAnswerAndDrains(Transport transport) throws Exception {
        // The first ones wait, without a word, until the last ones are there.
        RudpConfig config = Rig.config(
                RudpSecurity.plaintext(),
                options -> options.handshakeTimeout(Duration.ofMinutes(1)).idleTimeout(Duration.ofMinutes(10)));
        LinkedTransferQueue<String> answers = new LinkedTransferQueue<>();
        try (EventLoops serverLoop = TransportMatrix.loops(transport, 1);
                EventLoops clientLoops = TransportMatrix.loops(transport, 2);
                RudpServer server = RudpServer.builder(config, (channel, message) -> channel.send(message.retain()))
                        .eventLoops(serverLoop)
                        .build();
                RudpClient client = RudpClient.builder(
                                config,
                                (channel, message) -> answers.add(channel.id() + " heard "
                                        + message.content().toString(StandardCharsets.UTF_8)))
                        .eventLoops(clientLoops)
                        .build()) {
            int port = server.bind(Endpoint.of("127.0.0.1", 0)).join().getPort();
            List<RudpChannel> channels = dial(client, Endpoint.of("127.0.0.1", port));
            // A client is connected with the server's answer, the server's side with the packet that comes back on it.
            DatagramRig.awaitTrue(() -> server.stats().connections() == CONNECTIONS);
            List<String> expected = new ArrayList<>();
            for (RudpChannel channel : channels) {
                channel.writeAndFlush(Rig.text("hello of " + channel.id()));
                expected.add(channel.id() + " heard hello of " + channel.id());
            }
            List<String> heard = new ArrayList<>();
            while (heard.size() < CONNECTIONS) {
                heard.add(Rig.Collector.next(answers));
            }

            assertThat(heard).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(server.stats().opened()).isEqualTo(CONNECTIONS);
            assertThat(server.stats().received().messages()).isEqualTo(CONNECTIONS);
            DrainReport report =
                    server.drain(Duration.ofSeconds(PATIENCE_SECONDS)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(report.drained()).isEqualTo(CONNECTIONS);
            assertThat(report.forced()).isZero();
            assertThat(answers).as("more than one answer each").isEmpty();
        }
    }

    private static List<RudpChannel> dial(RudpClient client, Endpoint endpoint) throws Exception {
        List<RudpChannel> channels = new ArrayList<>();
        while (channels.size() < CONNECTIONS) {
            List<CompletableFuture<RudpChannel>> opening = new ArrayList<>();
            for (int i = Math.min(AT_ONCE, CONNECTIONS - channels.size()); i > 0; i--) {
                opening.add(client.connect(endpoint, Deadline.after(Duration.ofSeconds(PATIENCE_SECONDS))));
            }
            for (CompletableFuture<RudpChannel> one : opening) {
                channels.add(one.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            }
        }
        return channels;
    }
}

package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reliable connections between two hosts and over a real cable, as far as one machine can have them. */
@ExtendWith(LeakCheck.class)
class RudpNamespaceIT {

    private static final int MESSAGES = 400;
    private static final int LOSS_PERCENT = 20;

    @ParameterizedTest
    @MethodSource("io.nettoolkit.udp.TransportMatrix#available")
    void carriesEverythingOverALossyCableAndTellsWhenItIsCut(Transport transport) throws Exception {
        RudpConfig config = Rig.config(
                NamespaceRudpEcho.SECURITY,
                options -> options.idleTimeout(Duration.ofSeconds(2)).keepAlive(Duration.ofMillis(500)));
        try (NetworkNamespace host = NetworkNamespace.create()) {
            Process server = host.start(NamespaceRudpEcho.class);
            try (BufferedReader out =
                            new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
                    Rig rig = new Rig(transport, config)) {
                String ready = out.readLine();
                assertThat(ready).startsWith("ready ");
                int port = Integer.parseInt(ready.substring("ready ".length()));
                Rig.Collector received = new Rig.Collector();
                RudpChannel channel = (RudpChannel) Rig.await(rig.bootstrap(received)
                                .connect(new InetSocketAddress(NetworkNamespace.ITS_ADDRESS, port)))
                        .channel();

                talk(channel, received);
                if (host.lose(LOSS_PERCENT)) {
                    long lostBefore = channel.stats().sent().lost();
                    talk(channel, received);
                    assertThat(channel.stats().sent().lost()).isGreaterThan(lostBefore);
                }
                host.unplug();

                CloseReason reason = channel.closed().get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(reason.kind()).isIn(Kind.PATH_LOST, Kind.IDLE_TIMEOUT);
            } finally {
                server.getOutputStream().close();
                assertThat(server.waitFor(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isTrue();
            }
        }
    }

    /** Longer messages than one datagram carries are among them. */
    private static void talk(Channel channel, Rig.Collector received) throws Exception {
        for (int i = 0; i < MESSAGES; i++) {
            channel.write(Rig.text(i + " " + "x".repeat(i * 10)));
        }
        channel.flush();
        for (int i = 0; i < MESSAGES; i++) {
            assertThat(received.text()).isEqualTo(i + " " + "x".repeat(i * 10));
        }
    }
}

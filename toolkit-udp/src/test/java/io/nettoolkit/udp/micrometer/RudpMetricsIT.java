package io.nettoolkit.udp.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServer;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class RudpMetricsIT {

    @Test
    void countsWhatServersAndClientsDid() throws Exception {
        RudpConfig config = RudpConfig.lan(RudpSecurity.plaintext());
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (EventLoops loops = EventLoops.builder().threads(1).name("test").build();
                RudpServer server = RudpServer.builder(config, (channel, message) -> {})
                        .eventLoops(loops)
                        .build();
                RudpClient client = RudpClient.builder(config, (channel, message) -> {})
                        .eventLoops(loops)
                        .build()) {
            RudpMetrics.of(registry, "service", "test").bind("in", server).bind("out", client);
            InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).get(30, TimeUnit.SECONDS);
            RudpChannel channel = client.connect(
                            Endpoint.of("127.0.0.1", address.getPort()), Deadline.after(Duration.ofSeconds(30)))
                    .get(30, TimeUnit.SECONDS);
            for (int i = 0; i < 3; i++) {
                channel.send(RudpMessage.of(Unpooled.wrappedBuffer(new byte[100])))
                        .get(30, TimeUnit.SECONDS);
            }
            assertThat(value(registry, "connections", "in")).isOne();
            assertThat(value(registry, "connections.opened", "out")).isOne();
            assertThat(registry.get("toolkit.rudp.messages")
                            .tags("rudp.name", "out", "direction", "sent", "service", "test")
                            .functionCounter()
                            .count())
                    .isEqualTo(3);
            assertThat(registry.get("toolkit.rudp.bytes")
                            .tags("rudp.name", "in", "direction", "received")
                            .functionCounter()
                            .count())
                    .isGreaterThan(300);
            assertThat(registry.get("toolkit.rudp.datagrams.rejected")
                            .tags("rudp.name", "in", "reason", "invalid")
                            .functionCounter()
                            .count())
                    .isZero();
        }
    }

    private static double value(SimpleMeterRegistry registry, String meter, String name) {
        return registry.get("toolkit.rudp." + meter)
                .tags("rudp.name", name)
                .meter()
                .measure()
                .iterator()
                .next()
                .getValue();
    }
}

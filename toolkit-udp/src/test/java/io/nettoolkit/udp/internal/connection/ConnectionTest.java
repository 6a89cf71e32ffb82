package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import org.junit.jupiter.api.Test;

class ConnectionTest {

    private final RudpConfig config = RudpConfig.wan(RudpSecurity.plaintext());
    private final SimNetwork network = new SimNetwork(1, config, config);

    @Test
    void deliversAMessageBothWays() {
        SimNode client = network.dial(2);
        network.clock.runUntil(SimClock.SECONDS);
        assertThat(client.established).isTrue();
        SimNode server = network.accepted.get(0);
        assertThat(server.established).isTrue();
        SimWorkload up = new SimWorkload(network, 1);
        SimWorkload down = new SimWorkload(network, 2);
        up.receiveAt(server);
        down.receiveAt(client);
        up.write(client, DeliveryMode.RELIABLE_ORDERED, 0, 100_000);
        down.write(server, DeliveryMode.RELIABLE_ORDERED, 0, 8);
        network.clock.runUntil(2 * SimClock.SECONDS);
        client.close();
        network.finish(10 * SimClock.SECONDS);
        up.check(client);
        down.check(server);
        assertThat(client.closed.isOrderly()).isTrue();
        assertThat(server.closed.isOrderly()).isTrue();
    }
}

package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How much gets through in virtual time, against what RFC 9438 §5 expects of CUBIC: the larger one of the windows of
 * its own curve and of the Reno-friendly region, or the link where that is less.
 *
 * <p>Where the window is a few datagrams, the model counts fractions of them that cannot be sent: at 5 % loss and 50 ms its
 * window is 5.5, of which five leave, a tenth less. So there is no room for anything else: with one acknowledgement for two
 * packets, and 25 ms for the odd one, that point reached 0.86, and 0.94 with each packet of a small window acknowledged.
 */
class GoodputTest {

    private static final int MESSAGE_BYTES = 16_384;
    private static final int DATAGRAM_BYTES = 1200;
    /** A full datagram less our header and that of one part of a message. */
    private static final int PAYLOAD_BYTES = DATAGRAM_BYTES - 16 - 14;

    private final RudpConfig config = RudpConfig.bulk(RudpSecurity.plaintext());

    /** One direction of bulk: a sender that never runs out, and what its receiver read. */
    private static final class Flow {
        final SimNode sender;
        long received;

        Flow(SimNetwork network, int host) {
            sender = network.dial(host);
            int index = network.accepted.size();
            while (network.accepted.size() == index) {
                network.clock.runUntil(network.clock.now() + SimClock.MILLIS);
            }
            network.accepted.get(index).sink = (channel, mode, content) -> {
                received += content.readableBytes();
                content.release();
            };
            refill(network, Unpooled.wrappedBuffer(new byte[MESSAGE_BYTES]));
        }

        private void refill(SimNetwork network, ByteBuf content) {
            if (sender.closed != null) {
                return;
            }
            while (sender.connection().outbox().queuedBytes() < 1 << 20) {
                sender.connection()
                        .write(network.clock.now(), sender.connection().message(content.retainedDuplicate()));
            }
            sender.pump();
            network.clock.in(5 * SimClock.MILLIS, () -> refill(network, content));
        }
    }

    private SimNetwork network(RudpConfig config, double megabits, long rttMillis, double loss) {
        SimNetwork network = new SimNetwork(7, config, config);
        long bytesPerSecond = (long) (megabits * 1e6 / 8);
        for (SimLink link : List.of(network.toServer, network.toClient)) {
            link.delayNanos = rttMillis * SimClock.MILLIS / 2;
            link.bytesPerSecond = bytesPerSecond;
            link.queueBytes = Math.max(20_000, bytesPerSecond * rttMillis / 1000);
        }
        network.toServer.loss = loss;
        return network;
    }

    /** Bytes of messages a second that the model expects. */
    private static double expected(double megabits, long rttMillis, double loss) {
        double link = megabits * 1e6 / 8 * PAYLOAD_BYTES / DATAGRAM_BYTES * (1 - loss);
        if (loss == 0) {
            return link;
        }
        double rtt = rttMillis / 1e3;
        double cubic = Math.pow(0.4 * 3.7 / (4 * 0.3), 0.25) * Math.pow(rtt / loss, 0.75);
        double reno = Math.sqrt(1.5 / loss);
        return Math.min(link, Math.max(cubic, reno) * PAYLOAD_BYTES / rtt);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 20, 0",
        "2, 100, 0",
        "2, 100, 0.01",
        "10, 20, 0",
        "10, 20, 0.001",
        "10, 20, 0.01",
        "10, 100, 0",
        "10, 100, 0.001",
        "10, 100, 0.01",
        "10, 50, 0.02",
        "10, 50, 0.05",
        "50, 20, 0",
        "50, 20, 0.001",
        "50, 100, 0",
        "50, 100, 0.001"
    })
    void reachesNineTenthsOfTheModel(double megabits, long rttMillis, double loss) {
        SimNetwork network = network(config, megabits, rttMillis, loss);
        Flow flow = new Flow(network, 2);
        network.clock.runUntil(10 * SimClock.SECONDS);
        long before = flow.received;
        double expected = expected(megabits, rttMillis, loss);
        // Long enough for some hundred losses, or forty seconds.
        double seconds = loss == 0 ? 30 : Math.max(40, Math.min(600, 400 / (expected / PAYLOAD_BYTES * loss)));
        network.clock.runUntil(network.clock.now() + (long) (seconds * SimClock.SECONDS));
        double goodput = (flow.received - before) / seconds;
        assertThat(goodput / expected)
                .as(
                        "share of the %.0f kB/s the model expects; %s",
                        expected / 1e3, flow.sender.connection().stats())
                .isGreaterThanOrEqualTo(0.9);
        end(network);
    }

    private static void end(SimNetwork network) {
        network.clients.forEach(node -> {
            node.connection().abort(network.clock.now());
            node.pump();
        });
        network.finish(60 * SimClock.SECONDS);
    }

    @ParameterizedTest
    @CsvSource({"cubic, 10, 50", "cubic, 20, 20", "newReno, 10, 50"})
    void sharesFairly(String control, double megabits, long rttMillis) {
        RudpConfig same = config.toBuilder()
                .congestionControl(control.equals("cubic") ? CongestionControl.cubic() : CongestionControl.newReno())
                .build();
        SimNetwork network = network(same, megabits, rttMillis, 0);
        List<Flow> flows = new ArrayList<>();
        flows.add(new Flow(network, 2));
        network.clock.runUntil(5 * SimClock.SECONDS);
        flows.add(new Flow(network, 3));
        network.clock.runUntil(30 * SimClock.SECONDS);
        long[] before = {flows.get(0).received, flows.get(1).received};
        network.clock.runUntil(150 * SimClock.SECONDS);
        double a = flows.get(0).received - before[0];
        double b = flows.get(1).received - before[1];
        double jain = (a + b) * (a + b) / (2 * (a * a + b * b));
        assertThat(jain).as("Jain's index of %s and %s bytes", a, b).isGreaterThanOrEqualTo(0.95);
        assertThat((a + b) / 120).as("both together").isGreaterThan(0.9 * expected(megabits, rttMillis, 0));
        end(network);
    }

    @Test
    void keepsTheFixedRate() {
        RudpConfig fixed = config.toBuilder()
                .congestionControl(CongestionControl.fixedRate(250_000))
                .build();
        SimNetwork network = network(fixed, 10, 50, 0.05);
        Flow flow = new Flow(network, 2);
        network.clock.runUntil(5 * SimClock.SECONDS);
        long before = flow.received;
        network.clock.runUntil(35 * SimClock.SECONDS);
        double rate = (flow.received - before) / 30.0;
        assertThat(rate).isBetween(0.85 * 250_000, 250_000.0);
        end(network);
    }
}

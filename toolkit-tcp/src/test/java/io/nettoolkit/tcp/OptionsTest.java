package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.Endpoint;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OptionsTest {

    private static final Framing FRAMING = Framing.varint(1 << 20);
    private static final FrameHandler IGNORE = (connection, frame) -> {};

    @Test
    void limitsAreValues() {
        Limits limits = Limits.builder()
                .maxConnections(7)
                .maxConnectionsPerAddress(3)
                .acceptsPerSecond(11)
                .writeQueueBytes(1 << 21)
                .build();

        assertThat(limits.toBuilder().build()).isEqualTo(limits).hasSameHashCodeAs(limits);
        assertThat(limits.toBuilder().maxConnections(8).build()).isNotEqualTo(limits);
        assertThat(limits)
                .hasToString("Limits[maxConnections=7, maxConnectionsPerAddress=3, acceptsPerSecond=11,"
                        + " writeQueueBytes=2097152]");
    }

    @Test
    void limitsOutOfRangeNameParameterValueAndRule() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limits.builder().maxConnections(-1))
                .withMessage("maxConnections: -1 (must be 0 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limits.builder().writeQueueBytes(0))
                .withMessage("writeQueueBytes: 0 (must be 1 or more)");
    }

    @Test
    void timeoutsAreValuesAndServersAreStricter() {
        Timeouts timeouts = Timeouts.builder()
                .connectAddress(Duration.ofSeconds(1))
                .tlsHandshake(Duration.ofSeconds(2))
                .firstFrame(Duration.ofSeconds(3))
                .wholeFrame(Duration.ofSeconds(4))
                .readIdle(Duration.ofSeconds(5))
                .writeStall(Duration.ofSeconds(6))
                .linger(Duration.ofSeconds(7))
                .build();

        assertThat(timeouts.toBuilder().build()).isEqualTo(timeouts).hasSameHashCodeAs(timeouts);
        assertThat(timeouts.toBuilder().linger(Duration.ZERO).build()).isNotEqualTo(timeouts);
        assertThat(timeouts.toString()).contains("firstFrame=PT3S", "readIdle=PT5S", "linger=PT7S");
        assertThat(Timeouts.forServers().firstFrame()).isEqualTo(Duration.ofSeconds(10));
        assertThat(Timeouts.forServers().readIdle()).isEqualTo(Duration.ofMinutes(5));
        assertThat(Timeouts.forClients().firstFrame()).isZero();
        assertThat(Timeouts.forClients().readIdle()).isZero();
    }

    @Test
    void timeoutsOutOfRangeNameParameterValueAndRule() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Timeouts.builder().readIdle(Duration.ofSeconds(-1)))
                .withMessage("readIdle: PT-1S (must be between 0 and 365 days)");
        assertThatIllegalArgumentException().isThrownBy(() -> Timeouts.builder().linger(Duration.ofDays(366)));
    }

    @Test
    void aQueueThatCannotHoldOneFrameIsRefusedWhenTheServerIsBuilt() {
        Limits tooSmall = Limits.builder().writeQueueBytes((1 << 20) - 1).build();

        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        TcpServer.builder(FRAMING, IGNORE).limits(tooSmall).build())
                .withMessageContaining("limits.writeQueueBytes: 1048575")
                .withMessageContaining("maxFrameBytes, 1048576");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        TcpClient.builder(FRAMING, IGNORE).limits(tooSmall).build());
    }

    @Test
    void productsShowTheirOptions() {
        TcpServer server = TcpServer.builder(FRAMING, IGNORE).name("orders").build();

        assertThat(server.toString()).contains("orders", "varint", "maxConnections=100000", "readIdle=PT5M");
        assertThatIllegalStateException().isThrownBy(server::localAddress).withMessageContaining("not bound");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> server.drain(Duration.ofSeconds(-1)))
                .withMessageContaining("grace: PT-1S");
        assertThatIllegalArgumentException().isThrownBy(() -> server.bind(Endpoint.unix("/tmp/x.sock")));
        assertThatNullPointerException().isThrownBy(() -> TcpServer.builder(FRAMING, null));
        server.close();
    }
}

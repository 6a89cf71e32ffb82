package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ConnectionEventsTest {

    private static final ConnectionTimeline TIMELINE =
            new ConnectionTimeline(null, Duration.ofMillis(1), null, null, Duration.ofSeconds(1), 2, 3);

    @Test
    void ignoresEverythingByDefault() {
        EmbeddedChannel channel = new EmbeddedChannel();
        assertThatCode(() -> {
                    ConnectionListener.NONE.onOpen(channel, TIMELINE);
                    ConnectionListener.NONE.onTlsHandshake(channel, Duration.ZERO, null);
                    ConnectionListener.NONE.onClose(channel, CloseReason.local(), TIMELINE);
                    ConnectionListener.NONE.onReject(null, new IllegalStateException());
                    ConnectionListener.NONE.onDrain(new DrainReport(1, 0, Duration.ZERO));
                })
                .doesNotThrowAnyException();
        channel.finishAndReleaseAll();
    }

    @Test
    void keepsWhatWasMeasured() {
        assertThat(TIMELINE.connect()).isEqualTo(Duration.ofMillis(1));
        assertThat(TIMELINE.tls()).isNull();
        assertThat(new DrainReport(4, 2, Duration.ofSeconds(3)).forced()).isEqualTo(2);
    }

    @Test
    void refusesImpossibleNumbers() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DrainReport(-1, 0, Duration.ZERO))
                .withMessage("drained, forced: -1, 0 (must not be negative)");
        assertThatNullPointerException()
                .isThrownBy(() -> new DrainReport(0, 0, null))
                .withMessageContaining("elapsed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ConnectionTimeline(null, null, null, null, Duration.ZERO, 0, -1))
                .withMessage("bytesIn, bytesOut: 0, -1 (must not be negative)");
        assertThatNullPointerException()
                .isThrownBy(() -> new ConnectionTimeline(null, null, null, null, null, 0, 0))
                .withMessageContaining("lifetime");
    }
}

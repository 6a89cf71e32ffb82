package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SocketOptionsTest {

    @Test
    void defaultsTurnNagleOffAndKeepAliveOnAndLeaveTheRestToTheSystem() {
        SocketOptions options = SocketOptions.defaults();
        assertThat(options.tcpNoDelay()).isTrue();
        assertThat(options.keepAlive()).isTrue();
        assertThat(options.keepAliveIdle()).isZero();
        assertThat(options.keepAliveInterval()).isZero();
        assertThat(options.keepAliveCount()).isZero();
        assertThat(options.userTimeout()).isZero();
        assertThat(options.sendBufferBytes()).isZero();
        assertThat(options.receiveBufferBytes()).isZero();
        assertThat(options.notSentLowWaterMarkBytes()).isZero();
        assertThat(options.backlog()).isEqualTo(4096);
        assertThat(options.reuseAddress()).isTrue();
        assertThat(options.reusePort()).isFalse();
        assertThat(options.fastOpenConnect()).isFalse();
        assertThat(options.fastOpenQueue()).isZero();
    }

    @Test
    void everySetterSetsItsOwnOption() {
        SocketOptions options = everything().build();
        assertThat(options.tcpNoDelay()).isFalse();
        assertThat(options.keepAlive()).isFalse();
        assertThat(options.keepAliveIdle()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.keepAliveInterval()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.keepAliveCount()).isEqualTo(3);
        assertThat(options.userTimeout()).isEqualTo(Duration.ofMillis(4));
        assertThat(options.sendBufferBytes()).isEqualTo(5);
        assertThat(options.receiveBufferBytes()).isEqualTo(6);
        assertThat(options.notSentLowWaterMarkBytes()).isEqualTo(7);
        assertThat(options.backlog()).isEqualTo(8);
        assertThat(options.reuseAddress()).isFalse();
        assertThat(options.reusePort()).isTrue();
        assertThat(options.fastOpenConnect()).isTrue();
        assertThat(options.fastOpenQueue()).isEqualTo(9);
        assertThat(options)
                .hasToString("SocketOptions[tcpNoDelay=false, keepAlive=false, keepAliveIdle=PT1S,"
                        + " keepAliveInterval=PT2S, keepAliveCount=3, userTimeout=PT0.004S, sendBufferBytes=5,"
                        + " receiveBufferBytes=6, notSentLowWaterMarkBytes=7, backlog=8, reuseAddress=false,"
                        + " reusePort=true, fastOpenConnect=true, fastOpenQueue=9]");
    }

    @Test
    void toStringLeavesOutWhatIsLeftToTheSystem() {
        assertThat(SocketOptions.defaults())
                .hasToString("SocketOptions[tcpNoDelay=true, keepAlive=true, backlog=4096, reuseAddress=true,"
                        + " reusePort=false, fastOpenConnect=false]");
    }

    @Test
    void isComparedByValue() {
        assertThat(everything().build())
                .isEqualTo(everything().build())
                .hasSameHashCodeAs(everything().build())
                .isNotEqualTo(everything().backlog(10).build())
                .isNotEqualTo("SocketOptions");
        assertThat(SocketOptions.builder().build()).isEqualTo(SocketOptions.defaults());
    }

    @Test
    void toBuilderCopiesAndABuilderCanGoOnAfterBuild() {
        SocketOptions.Builder builder = SocketOptions.latency().toBuilder();
        SocketOptions before = builder.build();
        SocketOptions after = builder.backlog(1).build();
        assertThat(before).isEqualTo(SocketOptions.latency());
        assertThat(after.backlog()).isEqualTo(1);
        assertThat(after.userTimeout()).isEqualTo(before.userTimeout());
    }

    @Test
    void presetsDifferAndAllNoticeADeadPeer() {
        assertThat(java.util.List.of(
                        SocketOptions.latency(),
                        SocketOptions.throughput(),
                        SocketOptions.manyIdle(),
                        SocketOptions.wan()))
                .doesNotHaveDuplicates()
                .allSatisfy(preset -> {
                    assertThat(preset.tcpNoDelay()).isTrue();
                    assertThat(preset.keepAlive()).isTrue();
                    assertThat(preset.keepAliveIdle()).isPositive();
                    assertThat(preset.keepAliveInterval()).isPositive();
                    assertThat(preset.keepAliveCount()).isPositive();
                    assertThat(preset.userTimeout()).isPositive();
                    // data of a fast open may arrive twice: never unless asked for
                    assertThat(preset.fastOpenConnect()).isFalse();
                    assertThat(preset.fastOpenQueue()).isZero();
                });
        assertThat(SocketOptions.throughput().sendBufferBytes()).isZero();
        assertThat(SocketOptions.throughput().receiveBufferBytes()).isZero();
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        SocketOptions.Builder builder = SocketOptions.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.keepAliveIdle(Duration.ofMillis(1_500)))
                .withMessage("keepAliveIdle: PT1.5S (must be whole seconds from 0 to 32767)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.keepAliveIdle(Duration.ofSeconds(32_768)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.keepAliveInterval(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.keepAliveCount(128))
                .withMessage("keepAliveCount: 128 (must be between 0 and 127)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.userTimeout(Duration.ofNanos(1)))
                .withMessage("userTimeout: PT0.000000001S (must be whole milliseconds from 0 to 2147483647)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.userTimeout(Duration.ofDays(25)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.sendBufferBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.receiveBufferBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.notSentLowWaterMarkBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.fastOpenQueue(-1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.backlog(0))
                .withMessage("backlog: 0 (must be 1 or more)");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.userTimeout(null))
                .withMessage("userTimeout: must not be null");
        assertThatNullPointerException().isThrownBy(() -> builder.keepAliveIdle(null));
    }

    private static SocketOptions.Builder everything() {
        return SocketOptions.builder()
                .tcpNoDelay(false)
                .keepAlive(false)
                .keepAliveIdle(Duration.ofSeconds(1))
                .keepAliveInterval(Duration.ofSeconds(2))
                .keepAliveCount(3)
                .userTimeout(Duration.ofMillis(4))
                .sendBufferBytes(5)
                .receiveBufferBytes(6)
                .notSentLowWaterMarkBytes(7)
                .backlog(8)
                .reuseAddress(false)
                .reusePort(true)
                .fastOpenConnect(true)
                .fastOpenQueue(9);
    }
}

package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptionsTest {

    private static final RudpSecurity PLAIN = RudpSecurity.plaintext();

    @Test
    void buildsWhatTheJavadocShows() {
        byte[] key = new byte[16];
        RudpSecurity security = RudpSecurity.psk(key);
        RudpConfig config = RudpConfig.wan(RudpSecurity.psk(key)).toBuilder()
                .maxMessageBytes(64 << 10)
                .idleTimeout(Duration.ofMinutes(2))
                .build();
        assertThat(config.maxMessageBytes()).isEqualTo(65_536);
        assertThat(config.security()).isEqualTo(security);
        RudpConfig reno = RudpConfig.wan(security).toBuilder()
                .congestionControl(CongestionControl.newReno())
                .build();
        assertThat(reno.congestionControl()).isSameAs(CongestionControl.newReno());
    }

    @Test
    void comparesConfigurationsByValue() {
        RudpConfig config = RudpConfig.wan(RudpSecurity.psk(new byte[16]));
        assertThat(config.toBuilder().build()).isEqualTo(config).hasSameHashCodeAs(config);
        assertThat(config)
                .isEqualTo(RudpConfig.builder(RudpSecurity.psk(new byte[16])).build());
        assertThat(config).isNotEqualTo(config.toBuilder().maxChannels(3).build());
        assertThat(config).isNotEqualTo(RudpConfig.wan(RudpSecurity.psk(new byte[17])));
        assertThat(RudpConfig.lan(PLAIN)).isNotEqualTo(RudpConfig.wan(PLAIN));
        assertThat(RudpConfig.bulk(PLAIN)).isNotEqualTo(RudpConfig.realtime(PLAIN));
        assertThat(RudpConfig.wan(PLAIN.withChecksum())).isNotEqualTo(RudpConfig.wan(PLAIN));
    }

    @Test
    void showsEveryOptionButTheKey() {
        byte[] key = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        String text = RudpConfig.realtime(RudpSecurity.psk(key)).toString();
        assertThat(text)
                .contains("security=RudpSecurity[PSK_AES_128_GCM]", "keepAlive=PT5S", "congestionControl=cubic")
                .doesNotContain("0123", "[48,");
        assertThat(CongestionControl.fixedRate(5000)).hasToString("fixedRate(5000 B/s)");
        assertThat(CongestionControl.fixedRate(5000)).isEqualTo(CongestionControl.fixedRate(5000));
    }

    static List<Consumer<RudpConfig.Builder>> refused() {
        return List.of(
                b -> b.datagramBytes(1199),
                b -> b.datagramBytes(65_508),
                b -> b.maxMessageBytes(0),
                b -> b.maxChannels(0),
                b -> b.maxChannels(65_537),
                b -> b.maxUnreadMessages(0),
                b -> b.maxUnreadMessages(32_769),
                b -> b.receiveWindowBytes(0),
                b -> b.maxReceiveWindowBytes(0),
                b -> b.sendBufferBytes(0),
                b -> b.maxAckDelay(Duration.ZERO),
                b -> b.maxAckDelay(Duration.ofMillis(1001)),
                b -> b.initialRtt(Duration.ofNanos(999_999)),
                b -> b.handshakeTimeout(Duration.ZERO),
                b -> b.idleTimeout(Duration.ZERO),
                b -> b.keepAlive(Duration.ofMillis(-1)),
                b -> b.drainTimeout(Duration.ofMillis(-1)));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refusesWhatIsOutOfRange(Consumer<RudpConfig.Builder> setter) {
        assertThatThrownBy(() -> setter.accept(RudpConfig.builder(PLAIN)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("[a-zA-Z]+: \\S+ \\(must be \\S+ to \\S+\\)");
    }

    @Test
    void refusesAWindowThatHoldsNoMessage() {
        assertThatThrownBy(
                        () -> RudpConfig.builder(PLAIN).receiveWindowBytes(1000).build())
                .hasMessage("receiveWindowBytes: 1000 (must be at least maxMessageBytes, 1048576)");
        assertThatThrownBy(() ->
                        RudpConfig.builder(PLAIN).maxReceiveWindowBytes(1000).build())
                .hasMessage("maxReceiveWindowBytes: 1000 (must be at least receiveWindowBytes, 1048576)");
    }

    @Test
    void wantsAKeyOfSixteenBytesAndNoChecksumBesides() {
        assertThatThrownBy(() -> RudpSecurity.psk(new byte[15])).hasMessage("key: 15 bytes (must be 16 or more)");
        assertThatThrownBy(() -> RudpSecurity.psk(new byte[16]).withChecksum())
                .isInstanceOf(IllegalStateException.class);
        byte[] key = new byte[16];
        RudpSecurity security = RudpSecurity.psk(key);
        key[0] = 1;
        security.key()[1] = 1;
        assertThat(security.key()).containsOnly(0);
    }

    @Test
    void describesAMessage() {
        ByteBuf content = Unpooled.wrappedBuffer(new byte[] {1, 2});
        RudpMessage message = RudpMessage.of(content)
                .withChannel(3)
                .withMode(DeliveryMode.UNRELIABLE)
                .withPriority(7);
        assertThat(message.channel()).isEqualTo(3);
        assertThat(message.mode()).isEqualTo(DeliveryMode.UNRELIABLE);
        assertThat(message.priority()).isEqualTo(7);
        assertThat(message.deadline()).isNull();
        Deadline deadline = Deadline.after(Duration.ofSeconds(1));
        RudpMessage partial = message.withDeadline(deadline);
        assertThat(partial.mode()).isEqualTo(DeliveryMode.PARTIAL);
        assertThat(partial.deadline()).isSameAs(deadline);
        assertThat(message.copy()).isEqualTo(message).hasSameHashCodeAs(message).isNotEqualTo(partial);
        assertThat(message).asString().contains("channel=3", "UNRELIABLE", "priority=7");
        assertThat(message.retainedDuplicate().release()).isFalse();
        assertThat(message.release()).isTrue();
        assertThatThrownBy(() -> message.withChannel(-1)).hasMessage("channel: -1 (must be 0 or more)");
        assertThatThrownBy(() -> message.withPriority(8)).hasMessage("priority: 8 (must be 0 to 7)");
    }

    @Test
    void knowsWhichModesAreReliable() {
        assertThat(DeliveryMode.PARTIAL.isReliable()).isTrue();
        assertThat(DeliveryMode.UNRELIABLE.isReliable()).isFalse();
        assertThat(DeliveryMode.UNRELIABLE_SEQUENCED.isReliable()).isFalse();
    }
}

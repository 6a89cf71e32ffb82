package io.nettoolkit.udp.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.internal.wire.Handshake.Accept;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Hello;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeTest {

    private static final TransportParameters PARAMETERS =
            TransportParameters.of(RudpConfig.wan(RudpSecurity.plaintext()));
    private static final String PARAMETERS_HEX = "002a" + "010480100000" + "020480100000" + "03026000" + "040480100000"
            + "05024040" + "06024800" + "0704800061a8" + "080480007530";
    private static final byte[] RANDOM = filled(32, 0xAB);
    private static final byte[] TOKEN = filled(16, 0x77);

    private final Handshake handshake = new Handshake();
    private final KeySchedule plain = new KeySchedule(RudpSecurity.plaintext());
    private final KeySchedule keyed = new KeySchedule(RudpSecurity.psk(filled(16, 1)));

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static ByteBuf written(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer();
        writer.accept(out);
        assertThat(Wire.isHandshake(out)).isTrue();
        return out;
    }

    private ByteBuf hello(KeySchedule keys, byte[] token) {
        int suite = KeySchedule.suiteCode(keys.security().suite());
        return written(out -> handshake.writeHello(out, 0x11, new Hello(RANDOM, suite, token, PARAMETERS, true), keys));
    }

    @Test
    void drawsAHello() throws WireException {
        ByteBuf packet = hello(plain, new byte[] {1, 2, 3});
        assertThat(packet.readableBytes()).isEqualTo(1200);
        String hex = ByteBufUtil.hexDump(packet);
        String body = "ab".repeat(32) + "00" + "03010203" + PARAMETERS_HEX;
        assertThat(hex).startsWith("c00104b0" + "00000001" + "00".repeat(8) + "0000000000000011" + body);
        assertThat(hex.substring(48 + body.length(), 2392)).matches("0+");

        Header header = handshake.readHeader(packet);
        assertThat(header).isEqualTo(new Header(Handshake.HELLO, 1, 0, 0x11));
        Hello read = handshake.readHello(packet, 0, plain);
        assertThat(read.random()).isEqualTo(RANDOM);
        assertThat(read.token()).containsExactly(1, 2, 3);
        assertThat(read.parameters()).isEqualTo(PARAMETERS);
    }

    @Test
    void drawsTheAnswers() throws WireException {
        ByteBuf retry = written(out -> handshake.writeRetry(out, 5, new byte[] {9, 8}));
        assertThat(ByteBufUtil.hexDump(retry))
                .startsWith("c002001f" + "00000001" + "0000000000000005" + "00".repeat(8) + "020908");
        assertThat(handshake.readHeader(retry).type()).isEqualTo(Handshake.RETRY);
        assertThat(handshake.readRetry(retry)).containsExactly(9, 8);

        ByteBuf versions = written(out -> handshake.writeVersions(out, 5));
        assertThat(ByteBufUtil.hexDump(versions))
                .startsWith("c0040021" + "00000000" + "0000000000000005" + "00".repeat(8) + "0100000001");
        assertThat(handshake.readHeader(versions).version()).isZero();
        assertThat(handshake.readVersions(versions)).isTrue();

        ByteBuf refuse = written(out -> handshake.writeRefuse(out, 5, new Refuse(7, "full")));
        assertThat(ByteBufUtil.hexDump(refuse))
                .startsWith("c0050022" + "00000001" + "0000000000000005" + "00".repeat(8) + "0704" + "66756c6c");
        handshake.readHeader(refuse);
        assertThat(handshake.readRefuse(refuse)).isEqualTo(new Refuse(7, "full"));

        ByteBuf reset = written(out -> handshake.writeReset(out, 5, TOKEN));
        assertThat(reset.readableBytes()).isEqualTo(Handshake.RESET_BYTES);
        assertThat(ByteBufUtil.hexDump(reset))
                .startsWith("c0060024" + "00000001" + "0000000000000005" + "77".repeat(16));
        assertThat(handshake.readHeader(reset)).isEqualTo(new Header(Handshake.RESET, 1, 5, 0));
        assertThat(handshake.readReset(reset)).isEqualTo(TOKEN);
    }

    @Test
    void drawsAnAccept() throws WireException {
        Accept accept = new Accept(RANDOM, TOKEN, PARAMETERS, true);
        Header ids = new Header(Handshake.ACCEPT, 1, 5, 6);
        ByteBuf packet = written(out -> handshake.writeAccept(out, ids, accept, RANDOM, plain));
        assertThat(ByteBufUtil.hexDump(packet))
                .startsWith("c0030078" + "00000001" + "0000000000000005" + "0000000000000006" + "ab".repeat(32)
                        + "77".repeat(16) + PARAMETERS_HEX);
        assertThat(handshake.readHeader(packet)).isEqualTo(ids);
        Accept read = handshake.readAccept(packet, 0, RANDOM, plain);
        assertThat(read.resetToken()).isEqualTo(TOKEN);
        assertThat(read.parameters()).isEqualTo(PARAMETERS);
        assertThat(read.authentic()).isTrue();
    }

    @Test
    void knowsWhoHasTheKey() throws WireException {
        ByteBuf hello = hello(keyed, new byte[0]);
        handshake.readHeader(hello);
        int body = hello.readerIndex();
        assertThat(handshake.readHello(hello, 0, keyed).authentic()).isTrue();
        KeySchedule other = new KeySchedule(RudpSecurity.psk(filled(16, 2)));
        assertThat(handshake.readHello(hello.readerIndex(body), 0, other).authentic())
                .isFalse();

        Accept accept = new Accept(RANDOM, TOKEN, PARAMETERS, true);
        ByteBuf packet = written(
                out -> handshake.writeAccept(out, new Header(Handshake.ACCEPT, 1, 5, 6), accept, RANDOM, keyed));
        handshake.readHeader(packet);
        body = packet.readerIndex();
        assertThat(handshake.readAccept(packet, 0, RANDOM, keyed).authentic()).isTrue();
        assertThat(handshake
                        .readAccept(packet.readerIndex(body), 0, TOKEN, keyed)
                        .authentic())
                .as("for another HELLO")
                .isFalse();
        assertThat(handshake
                        .readAccept(packet.readerIndex(body), 0, RANDOM, other)
                        .authentic())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 30, 100, 1199})
    void seesFlippedBits(int at) {
        ByteBuf packet = hello(plain, TOKEN);
        packet.setByte(at, packet.getByte(at) ^ 4);
        assertThatThrownBy(() -> {
                    if (!Wire.isHandshake(packet)) {
                        throw WireException.encoding("no handshake");
                    }
                    handshake.readHeader(packet);
                })
                .isInstanceOf(WireException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "0003010480", "000401048010", "00020108", "0001ff", "0008010480100000 0640"})
    void refusesParametersThatAreCutOff(String hex) {
        ByteBuf in = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex.replace(" ", "")));
        assertThatThrownBy(() -> TransportParameters.read(in)).isInstanceOf(WireException.class);
    }

    @Test
    void skipsParametersOfLaterVersions() throws WireException {
        String hex = "0030" + PARAMETERS_HEX.substring(4) + "63040000abcd".replace(" ", "");
        ByteBuf in = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex));
        assertThat(TransportParameters.read(in)).isEqualTo(PARAMETERS);
    }
}

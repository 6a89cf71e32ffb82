package io.nettoolkit.udp.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WireTest {

    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "63, 3f",
        "64, 4040",
        "15293, 7bbd",
        "16383, 7fff",
        "16384, 80004000",
        "494878333, 9d7f3e7d",
        "1073741823, bfffffff",
        "1073741824, c000000040000000",
        "151288809941952652, c2197c5eff14e88c",
        "4611686018427387903, ffffffffffffffff"
    })
    void writesNumbersAsRfc9000Says(long value, String hex) throws WireException {
        ByteBuf out = Unpooled.buffer();
        Varint.write(out, value);
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo(hex);
        assertThat(Varint.size(value)).isEqualTo(out.readableBytes());
        for (int cut = 0; cut < out.readableBytes(); cut++) {
            ByteBuf part = out.slice(0, cut);
            assertThatThrownBy(() -> Varint.read(part)).isInstanceOf(WireException.class);
        }
        assertThat(Varint.read(out)).isEqualTo(value);
        assertThat(out.isReadable()).isFalse();
    }

    @Test
    void drawsTheHeader() {
        ByteBuf out = Unpooled.buffer();
        Wire.writeHeader(out, 0x0123456789abcdefL, 0x1_0000_0005L);
        Frames.writePing(out);
        PacketProtection.NONE.seal(out, 0, 5);
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("40010011" + "0123456789abcdef" + "00000005" + "01");
        assertThat(Wire.isData(out)).isTrue();
        assertThat(Wire.dataConnectionId(out)).isEqualTo(0x0123456789abcdefL);
        assertThat(Wire.truncatedPacketNumber(out)).isEqualTo(5);
    }

    @Test
    void seesATruncatedOrForeignDatagram() {
        ByteBuf out = Unpooled.buffer();
        Wire.writeHeader(out, 1, 1);
        Frames.writePing(out);
        PacketProtection.NONE.seal(out, 0, 1);
        for (int length = 0; length < out.readableBytes(); length++) {
            assertThat(Wire.isData(out.slice(0, length))).isFalse();
        }
        assertThat(Wire.isData(out.copy().writeByte(0)))
                .as("longer than it says")
                .isFalse();
        assertThat(Wire.isData(out.copy().setByte(0, 0x41)))
                .as("a bit of a later version")
                .isFalse();
        assertThat(Wire.isData(out.copy().setByte(1, 2))).as("version 2").isFalse();
        assertThat(Wire.isHandshake(out)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "1, 0, 0",
        "5, 7, 7",
        "2147483647, 0, 0",
        "2147483648, 0, 4294967296",
        "4294967296, 4294967295, 4294967295",
        "4294967296, 1, 4294967297",
        "4294967295, 0, 4294967296",
        "6442450945, 5, 4294967301",
        "12884901890, 4294967295, 12884901887",
        "100, 4294967295, 4294967295"
    })
    void findsTheNearestPacketNumber(long expected, long low, long number) {
        assertThat(Wire.expandPacketNumber(expected, (int) low)).isEqualTo(number);
    }

    @Test
    void namesTheOwnerInTheConnectionId() {
        long id = Wire.connectionId(-1L, 5);
        assertThat(Wire.ownerLoop(id)).isEqualTo(5);
        assertThat(id).isEqualTo(0xFFFF_FFFF_FFFF_FF05L);
    }
}

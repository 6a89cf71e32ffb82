package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.hex;
import static io.nettoolkit.tcp.internal.Frames.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VarintFormatTest {

    private static final FrameFormat FORMAT = FrameFormat.varint(1 << 30);

    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "1, 01",
        "127, 7f",
        "128, 8001",
        "300, ac02",
        "16383, ff7f",
        "16384, 808001",
        "2097151, ffff7f",
        "2097152, 80808001",
        "268435455, ffffff7f",
        "268435456, 8080808001",
        "1073741824, 8080808004",
    })
    void writesTheShortestLengthAndReadsIt(int length, String header) throws NetException {
        ByteBuf message = Frames.pretended(length);
        ByteBuf out = Unpooled.buffer();
        FORMAT.writeHeader(message, out);

        byte[] wire = hex(header);
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(wire);
        assertThat(FORMAT.wireSize(length)).isEqualTo(wire.length + length);
        long span = FORMAT.probe(out, 0, wire.length, 0);
        assertThat(FrameFormat.wireLength(span)).isEqualTo(wire.length + length);
        assertThat(FrameFormat.headerLength(span)).isEqualTo(wire.length);
        for (int readable = 0; readable < wire.length; readable++) {
            assertThat(FORMAT.probe(out, 0, readable, 0)).isEqualTo(FrameFormat.UNKNOWN);
        }
    }

    @Test
    void readsLengthsThatAreWrittenLongerThanNeeded() {
        assertThat(read(FORMAT, hex("8500 68656c6c6f 8580808000 68656c6c6f 808000"))
                        .texts())
                .containsExactly("hello", "hello", "");
    }

    @Test
    void refusesLengthsWithoutEnd() {
        NetException failure = read(FORMAT, hex("8080808080 01")).failure;

        assertThat(failure.kind()).isEqualTo(Kind.FRAME_CORRUPT);
        assertThat(failure).hasMessageContaining("the varint length does not end within 5 bytes");
        assertThat(read(FORMAT, hex("80808080")).failure).isNull();
    }

    @ParameterizedTest
    @CsvSource({"8180808004, 1073741825", "ffffffff0f, 4294967295", "8080808010, 4294967296", "ffffffff7f, 34359738367"
    })
    void refusesLengthsAboveTheLimit(String wire, String claimed) {
        NetException failure = read(FORMAT, hex(wire)).failure;

        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(failure).hasMessageContaining("says " + claimed + ", a message of " + claimed + " bytes, the limit");
    }

    @Test
    void acceptsTheLargestMessageAndRefusesOneByteMore() {
        FrameFormat format = FrameFormat.varint(200);

        assertThat(read(format, encode(format, new byte[200])).messages).hasSize(1);
        assertThat(read(format, hex("c901")).failure)
                .hasMessage("decode failed with FRAME_TOO_LARGE: the varint length says 201, a message of 201 bytes, "
                        + "the limit is 200 (maxFrameBytes); first bytes c9 01");
        assertThatThrownBy(() -> encode(format, new byte[201]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 201 bytes (must be at most maxFrameBytes 200)");
    }

    @Test
    void countsAndCoversTheChecksum() {
        FrameFormat format = FrameFormat.varint(124).withChecksum();

        assertThat(encode(format, ascii("hello"))).isEqualTo(hex("09 68656c6c6f 071fc2f5"));
        assertThat(read(format, hex("09 68656c6c6f 071fc2f5")).texts()).containsExactly("hello");
        assertThat(read(format, hex("09 68656c6c6f 071fc2f6")).failure.kind()).isEqualTo(Kind.FRAME_CHECKSUM);
        byte[] longest = encode(format, new byte[124]);
        assertThat(Arrays.copyOf(longest, 2)).isEqualTo(hex("8001"));
        assertThat(longest).hasSize(format.wireSize(124)).hasSize(130);
        assertThat(read(format, longest).messages).containsExactly(new byte[124]);
    }

    @Test
    void refusesALengthBelowItsChecksum() {
        NetException failure = read(FrameFormat.varint(100).withChecksum(), hex("03 010203")).failure;

        assertThat(failure.kind()).isEqualTo(Kind.FRAME_CORRUPT);
        assertThat(failure).hasMessageContaining("says 3, less than the 4 bytes of the checksum");
        assertThat(read(FrameFormat.varint(100).withChecksum(), hex("69")).failure)
                .hasMessageContaining("says 105, a message of 101 bytes");
    }
}

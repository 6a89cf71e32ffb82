package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.hex;
import static io.nettoolkit.tcp.internal.Frames.read;
import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LengthFieldFormatTest {

    private static final int MAX = 1 << 20;
    private static final FrameFormat PLAIN = format(4, 0, 0, BIG_ENDIAN, MAX);

    private static FrameFormat format(int width, int offset, int adjustment, ByteOrder order, int max) {
        return FrameFormat.lengthField(new LengthField(width, offset, adjustment, order), max);
    }

    @ParameterizedTest
    @CsvSource({
        "1, BIG,    05 68656c6c6f",
        "1, LITTLE, 05 68656c6c6f",
        "2, BIG,    0005 68656c6c6f",
        "2, LITTLE, 0500 68656c6c6f",
        "3, BIG,    000005 68656c6c6f",
        "3, LITTLE, 050000 68656c6c6f",
        "4, BIG,    00000005 68656c6c6f",
        "4, LITTLE, 05000000 68656c6c6f",
        "8, BIG,    0000000000000005 68656c6c6f",
        "8, LITTLE, 0500000000000000 68656c6c6f",
    })
    void writesAndReadsEveryWidthInBothOrders(int width, String order, String wire) {
        FrameFormat format = format(width, 0, 0, order.equals("BIG") ? BIG_ENDIAN : LITTLE_ENDIAN, MAX);

        assertThat(encode(format, ascii("hello"))).isEqualTo(hex(wire));
        assertThat(read(format, hex(wire)).texts()).containsExactly("hello");
    }

    @ParameterizedTest
    @CsvSource({
        "1, BIG,    200,      c8",
        "2, BIG,    40000,    9c40",
        "2, LITTLE, 40000,    409c",
        "3, BIG,    10000000, 989680",
        "3, LITTLE, 10000000, 809698",
        "4, LITTLE, 10000000, 80969800",
        "8, LITTLE, 10000000, 8096980000000000",
    })
    void takesLengthsForUnsignedAndKeepsTheOrderOfTheirBytes(int width, String order, int length, String header)
            throws NetException {
        FrameFormat format = format(width, 0, 0, order.equals("BIG") ? BIG_ENDIAN : LITTLE_ENDIAN, 1 << 30);
        byte[] wire = encode(format, new byte[length]);

        assertThat(Arrays.copyOf(wire, width)).isEqualTo(hex(header));
        long span = format.probe(Unpooled.wrappedBuffer(wire), 0, width, 0);
        assertThat(FrameFormat.wireLength(span)).isEqualTo(width + length);
        assertThat(FrameFormat.headerLength(span)).isEqualTo(width);
        assertThat(FrameFormat.trailerLength(span)).isZero();
    }

    @Test
    void putsTheLengthBehindTheMessagesFirstBytes() {
        FrameFormat format = format(2, 2, 0, BIG_ENDIAN, MAX);

        assertThat(encode(format, hex("cafe 68656c6c6f"))).isEqualTo(hex("cafe 0005 68656c6c6f"));
        assertThat(read(format, hex("cafe 0005 68656c6c6f")).messages).containsExactly(hex("cafe 68656c6c6f"));
        assertThat(format.leadingMessageBytes()).isEqualTo(2);
        assertThat(PLAIN.leadingMessageBytes()).isZero();
    }

    @Test
    void countsTheWholeFrameWithANegativeAdjustment() {
        FrameFormat format = format(2, 2, -4, BIG_ENDIAN, MAX);

        assertThat(encode(format, hex("cafe 68656c6c6f"))).isEqualTo(hex("cafe 0009 68656c6c6f"));
        assertThat(read(format, hex("cafe 0009 68656c6c6f")).messages).containsExactly(hex("cafe 68656c6c6f"));
    }

    @Test
    void countsLessThanTheMessageWithAPositiveAdjustment() {
        FrameFormat format = format(1, 0, 2, BIG_ENDIAN, MAX);

        assertThat(encode(format, hex("beef 68656c6c6f"))).isEqualTo(hex("05 beef 68656c6c6f"));
        assertThat(encode(format, hex("beef"))).isEqualTo(hex("00 beef"));
        assertThat(read(format, hex("00 beef 05 beef 68656c6c6f")).messages)
                .containsExactly(hex("beef"), hex("beef 68656c6c6f"));
    }

    @Test
    void countsTheChecksumAmongTheBytesThatFollow() {
        FrameFormat format = PLAIN.withChecksum();
        byte[] wire = encode(format, ascii("123456789"));

        // CRC32C of 0000000d313233343536373839, computed bit by bit with another program
        assertThat(wire).isEqualTo(hex("0000000d 313233343536373839 4a59bae8"));
        assertThat(read(format, wire).texts()).containsExactly("123456789");
    }

    @Test
    void coversTheLeadingBytesAndTheLengthWithTheChecksum() {
        FrameFormat format = format(2, 2, -4, LITTLE_ENDIAN, MAX).withChecksum();
        byte[] wire = encode(format, hex("cafe 68656c6c6f"));

        assertThat(wire).isEqualTo(hex("cafe 0d00 68656c6c6f 9349e882"));
        assertThat(read(format, wire).messages).containsExactly(hex("cafe 68656c6c6f"));
    }

    @Test
    void noticesEveryFlippedBitOfAChecksummedFrame() {
        FrameFormat format = format(1, 1, 0, BIG_ENDIAN, 100).withChecksum();
        byte[] wire = encode(format, ascii("hello"));

        for (int bit = 0; bit < 8 * wire.length; bit++) {
            byte[] broken = wire.clone();
            broken[bit / 8] ^= (byte) (1 << (bit % 8));
            Frames.Reader reader = read(format, broken);
            assertThat(reader.messages).as("bit %d", bit).isEmpty();
            if (bit / 8 != 1) {
                assertThat(reader.failure.kind()).as("bit %d", bit).isEqualTo(Kind.FRAME_CHECKSUM);
            }
        }
    }

    @Test
    void tellsBothChecksumsWhenTheyDiffer() {
        byte[] wire = encode(PLAIN.withChecksum(), ascii("123456789"));
        wire[4]++;

        NetException failure = read(PLAIN.withChecksum(), wire).failure;
        assertThat(failure.operation()).isEqualTo(Operation.DECODE);
        assertThat(failure).hasMessageContaining("4a59bae8").hasMessageContaining("17 bytes");
    }

    @Test
    void readsAndWritesEmptyMessages() {
        assertThat(encode(PLAIN, new byte[0])).isEqualTo(hex("00000000"));
        assertThat(read(PLAIN, hex("00000000 00000000")).messages).containsExactly(new byte[0], new byte[0]);
        assertThat(encode(PLAIN.withChecksum(), new byte[0])).hasSize(8);
        assertThat(read(PLAIN.withChecksum(), encode(PLAIN.withChecksum(), new byte[0])).messages)
                .containsExactly(new byte[0]);
    }

    @Test
    void acceptsTheLargestMessageAndRefusesOneByteMore() {
        FrameFormat format = format(4, 2, 0, BIG_ENDIAN, 10);

        assertThat(read(format, hex("cafe 00000008 0102030405060708")).messages).hasSize(1);
        NetException failure = read(format, hex("cafe 00000009")).failure;
        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(failure)
                .hasMessage("decode failed with FRAME_TOO_LARGE: the length field says 9, a message of 11 bytes, "
                        + "the limit is 10 (maxFrameBytes); first bytes ca fe 00 00 00 09");
        assertThat(encode(format, new byte[10])).hasSize(14);
        assertThatThrownBy(() -> encode(format, new byte[11]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 11 bytes (must be at most maxFrameBytes 10)");
    }

    @Test
    void namesTheProtocolThatWasSentInstead() {
        assertThat(read(PLAIN, ascii("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")).failure)
                .hasMessageContaining("the length field says 1195725856")
                .hasMessageContaining("the limit is 1048576")
                .hasMessageContaining("47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a;")
                .hasMessageEndingWith("this looks like HTTP");
    }

    @ParameterizedTest
    @CsvSource({
        "4, 0,   ffffffff,         FRAME_TOO_LARGE, 4294967295",
        "4, 4,   ffffffff,         FRAME_TOO_LARGE, 4294967299",
        "8, 0,   0000000100000000, FRAME_TOO_LARGE, 4294967296",
        "8, 0,   7fffffffffffffff, FRAME_TOO_LARGE, 2^63-1 or more",
        "8, 0,   8000000000000000, FRAME_TOO_LARGE, 2^63-1 or more",
        "8, 9,   fffffffffffffffb, FRAME_TOO_LARGE, 2^63-1 or more",
        "8, -9,  fffffffffffffffb, FRAME_TOO_LARGE, 2^63-1 or more",
        "8, 9,   7ffffffffffffff0, FRAME_TOO_LARGE, 9223372036854775792",
        "8, -8,  0000000000000007, FRAME_CORRUPT,   says 7",
        "4, -4,  00000003,         FRAME_CORRUPT,   less than the 4 bytes it must count (adjustment -4)",
        "2, -20, 0000,             FRAME_CORRUPT,   less than the 20 bytes",
    })
    void refusesLengthsThatCannotBe(int width, int adjustment, String wire, Kind kind, String part) {
        NetException failure = read(format(width, 0, adjustment, BIG_ENDIAN, MAX), hex(wire)).failure;

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.operation()).isEqualTo(Operation.DECODE);
        assertThat(failure).hasMessageContaining(part);
    }

    @Test
    void refusesALengthBelowItsChecksum() {
        FrameFormat format = PLAIN.withChecksum();

        assertThat(read(format, hex("00000003 010203")).failure.kind()).isEqualTo(Kind.FRAME_CORRUPT);
        assertThat(read(format, hex("00000003")).failure)
                .hasMessageContaining("less than the 4 bytes it must count (adjustment 0, a checksum of 4 bytes)");
    }

    @Test
    void doesNotKnowTheFrameBeforeTheLastByteOfTheLength() throws NetException {
        FrameFormat format = format(4, 3, 0, BIG_ENDIAN, 100);
        ByteBuf in = Unpooled.wrappedBuffer(hex("010203 00000005 aa"));

        for (int readable = 0; readable < 7; readable++) {
            assertThat(format.probe(in, 0, readable, 0)).isEqualTo(FrameFormat.UNKNOWN);
        }
        assertThat(FrameFormat.wireLength(format.probe(in, 0, 7, 0))).isEqualTo(12);
        assertThat(FrameFormat.headerLength(format.probe(in, 0, 7, 0))).isEqualTo(7);
    }

    @Test
    void refusesMessagesTooShortForOffsetOrAdjustment() {
        assertThatThrownBy(() -> encode(format(4, 3, 0, BIG_ENDIAN, 100), new byte[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 2 bytes (must be at least 3, offset 3, adjustment 0)");
        assertThatThrownBy(() -> encode(format(4, 3, 5, BIG_ENDIAN, 100), new byte[7]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 7 bytes (must be at least 8, offset 3, adjustment 5)");
        assertThat(encode(format(4, 3, 5, BIG_ENDIAN, 100), new byte[8])).hasSize(12);
        assertThat(encode(format(4, 3, 5, BIG_ENDIAN, 100).withChecksum(), new byte[4]))
                .hasSize(12);
    }

    @Test
    void lowersTheLimitToWhatTheFieldCanExpress() {
        assertThat(format(1, 0, 0, BIG_ENDIAN, MAX).maxFrameBytes()).isEqualTo(255);
        assertThat(format(1, 0, 0, BIG_ENDIAN, 100).maxFrameBytes()).isEqualTo(100);
        assertThat(format(1, 0, 0, BIG_ENDIAN, MAX).withChecksum().maxFrameBytes())
                .isEqualTo(251);
        assertThat(format(1, 3, -4, BIG_ENDIAN, MAX).maxFrameBytes()).isEqualTo(254);
        assertThat(format(2, 0, 10, BIG_ENDIAN, MAX).maxFrameBytes()).isEqualTo(65545);
        assertThat(format(3, 0, 0, BIG_ENDIAN, 1 << 30).maxFrameBytes()).isEqualTo((1 << 24) - 1);
        assertThat(format(8, 0, Integer.MAX_VALUE - (1 << 30) - 1, BIG_ENDIAN, 1 << 30)
                        .maxFrameBytes())
                .isEqualTo(1 << 30);
        assertThat(encode(format(1, 0, 0, BIG_ENDIAN, MAX), new byte[255]))
                .startsWith(255)
                .hasSize(256);
    }

    @Test
    void refusesFieldsThatLeaveNoRoomForAMessage() {
        assertThatThrownBy(() -> format(1, 0, -255, BIG_ENDIAN, MAX))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("adjustment: -255 (must leave room for a message of 1 bytes, with width 1, offset 0, "
                        + "adjustment -255)");
        assertThat(format(1, 0, -254, BIG_ENDIAN, MAX).maxFrameBytes()).isOne();
        assertThatThrownBy(() -> format(1, 0, -252, BIG_ENDIAN, MAX).withChecksum())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("adjustment -252, a checksum)");
        assertThatThrownBy(() -> format(4, 0, 101, BIG_ENDIAN, 100)).isInstanceOf(IllegalArgumentException.class);
        assertThat(format(4, 0, 100, BIG_ENDIAN, 100).maxFrameBytes()).isEqualTo(100);
        assertThatThrownBy(() -> format(4, 8, 0, BIG_ENDIAN, 7))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "maxFrameBytes: 7 (must leave room for a message of 8 bytes, with width 4, offset 8");
        assertThat(format(4, 8, 0, BIG_ENDIAN, 8).maxFrameBytes()).isEqualTo(8);
        assertThatThrownBy(() -> format(4, 0, Integer.MAX_VALUE, BIG_ENDIAN, 1 << 30))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(format(8, 0, Integer.MIN_VALUE, BIG_ENDIAN, 9).maxFrameBytes())
                .isEqualTo(9);
    }
}

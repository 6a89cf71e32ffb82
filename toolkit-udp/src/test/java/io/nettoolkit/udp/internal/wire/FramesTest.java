package io.nettoolkit.udp.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {

    private final FrameReader reader = new FrameReader();

    private static String written(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer();
        writer.accept(out);
        return ByteBufUtil.hexDump(out);
    }

    private List<String> read(String hex) throws WireException {
        Recorder recorder = new Recorder();
        reader.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)), recorder);
        return recorder.frames;
    }

    private static AckFrame ack(long delayNanos, long... ranges) {
        AckFrame ack = new AckFrame();
        ack.reset(delayNanos);
        for (int i = 0; i < ranges.length; i += 2) {
            ack.add(ranges[i], ranges[i + 1]);
        }
        return ack;
    }

    @Test
    void writesTheBytesThatAreDrawn() throws WireException {
        assertThat(written(out -> Frames.writeAck(out, ack(1_000_000, 5, 10, 1, 2), 100)))
                .isEqualTo("020a43e801050101");
        assertThat(written(Frames::writePing)).isEqualTo("01");
        assertThat(written(out -> Frames.writeAckFrequency(out, 8, 5_000_000))).isEqualTo("03085388");
        assertThat(written(Frames::writeImmediateAck)).isEqualTo("04");
        assertThat(written(out -> Frames.writeCancel(out, 2, 3, 100, 70_000)))
                .isEqualTo("20020340648001 1170".replace(" ", ""));
        assertThat(written(out -> Frames.writeMaxData(out, 65_536, 20))).isEqualTo("218001000014");
        assertThat(written(out -> Frames.writeMaxChannelData(out, 1, 1L << 30))).isEqualTo("2201c000000040000000");
        assertThat(written(Frames::writeBlocked)).isEqualTo("23");
        assertThat(written(out -> Frames.writePathChallenge(out, 0x0102030405060708L)))
                .isEqualTo("280102030405060708");
        assertThat(written(out -> Frames.writePathResponse(out, -1))).isEqualTo("29ffffffffffffffff");
        assertThat(written(out -> Frames.writeClose(out, 4, "no"))).isEqualTo("2a04026e6f");
        assertThat(written(out -> Frames.writeNewId(out, 1, 0x0102030405060708L, new byte[16])))
                .isEqualTo("2b010102030405060708" + "00".repeat(16));
        assertThat(written(out -> Frames.writeRetireId(out, 64))).isEqualTo("2c4040");
    }

    @Test
    void readsTheBytesThatAreDrawn() throws WireException {
        assertThat(read("020a43e801050101")).containsExactly("ack after 1000000 5..10 1..2");
        assertThat(read("01000003085388040123")).containsExactly("ack frequency 8 5000000", "immediate ack");
        assertThat(read("1003050 2abcd".replace(" ", "")))
                .containsExactly("data 0 channel 3 sequence 5 at 0 of 2 abcd");
        assertThat(read("1303054064 4400 02abcd".replace(" ", "")))
                .containsExactly("data 1 channel 3 sequence 5 at 100 of 1024 abcd");
        assertThat(read("18000000")).containsExactly("data 4 channel 0 sequence 0 at 0 of 0 ");
        assertThat(read("200203406480011170")).containsExactly("cancel 2 channel 3 sequence 100 of 70000");
        assertThat(read("2180010000142201c000000040000000"))
                .containsExactly("max data 65536 20", "max channel data 1 1073741824");
        assertThat(read("280102030405060708")).containsExactly("challenge 102030405060708");
        assertThat(read("29ffffffffffffffff2a04026e6f")).containsExactly("response ffffffffffffffff", "close 4 no");
        assertThat(read("2b01a102030405060708" + "0102".repeat(8) + "2c4040"))
                .containsExactly("new id 1 a102030405060708 " + "0102".repeat(8), "retire id 64");
    }

    @Test
    void skipsWhatItMaySkip() throws WireException {
        assertThat(read("80025555f0002a0000")).containsExactly("close 0 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"05", "0f", "1a", "1f", "2d", "30", "7f"})
    void refusesUnknownFrames(String hex) {
        assertThatThrownBy(() -> read(hex)).isInstanceOf(WireException.class).hasMessageContaining("unknown type");
    }

    @ParameterizedTest
    @CsvSource({
        "'', without frames",
        "020a00004a, cut off",
        "020a000105 05, a number is missing",
        "02050000 06, below packet 0",
        "0205000101 0300, below packet 0",
        "0205004040 00, ACK of 64 further ranges",
        "1000000500, a field of 5 bytes where 1",
        "110000030500, a part of 0 bytes",
        "110000040502 aaaa, a part of 2 bytes at 4 of a message of 5",
        "11000000 c0000000ffffffff 01aa, a message of 4294967295 bytes",
        "1080010000 0000, channel 65536",
        "2003000000, a CANCEL of order 3",
        "2a00 05 61, a reason is cut off",
        "28010203, cut off",
        "8003 0000, a field of 3 bytes"
    })
    void refusesWhatBreaksTheRules(String hex, String message) {
        assertThatThrownBy(() -> read(hex.replace(" ", "")))
                .isInstanceOf(WireException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesEveryFrameThatIsCutOff() throws WireException {
        String[] frames = {
            "020a43e801050101",
            "03085388",
            "100305 02abcd",
            "13030540644400 02abcd",
            "200203406480011170",
            "218001000014",
            "2201c000000040000000",
            "280102030405060708",
            "29ffffffffffffffff",
            "2a04026e6f",
            "2b01a102030405060708" + "0102".repeat(8),
            "2c4040",
            "80025555"
        };
        for (String frame : frames) {
            String hex = frame.replace(" ", "");
            read(hex);
            for (int length = 2; length < hex.length(); length += 2) {
                String cut = hex.substring(0, length);
                assertThatThrownBy(() -> read(cut)).as(cut).isInstanceOf(WireException.class);
            }
        }
    }

    @Test
    void writesAsManyRangesAsFit() throws WireException {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 500; round++) {
            AckFrame ack = new AckFrame();
            ack.reset(random.nextLong(1 << 20) * 1000);
            long largest = 1_000_000 + random.nextLong(1L << 40);
            StringBuilder text = new StringBuilder("ack after " + ack.delayNanos());
            for (int i = 0; i < 1 + random.nextInt(32); i++) {
                long smallest = largest - random.nextInt(1000);
                ack.add(smallest, largest);
                text.append(' ').append(smallest).append("..").append(largest);
                largest = smallest - 2 - random.nextInt(1000);
            }
            int room = random.nextInt(150);
            ByteBuf out = Unpooled.buffer();
            boolean any = Frames.writeAck(out, ack, room);
            assertThat(out.readableBytes()).isLessThanOrEqualTo(room);
            if (any) {
                Recorder recorder = new Recorder();
                reader.read(out, recorder);
                assertThat(text.toString()).startsWith(recorder.frames.get(0));
            } else {
                assertThat(room).isLessThan(20);
            }
        }
    }

    @Test
    void saysWhetherAPacketAsksForAnAnswer() throws WireException {
        Recorder recorder = new Recorder();
        assertThat(reader.read(Unpooled.wrappedBuffer(new byte[] {0, 0, 0x2A, 0, 0}), recorder))
                .isFalse();
        assertThat(reader.read(Unpooled.wrappedBuffer(new byte[] {0, 1, 0}), recorder))
                .isTrue();
        assertThat(reader.read(Unpooled.wrappedBuffer(new byte[] {2, 5, 0, 0, 0}), recorder))
                .isFalse();
    }

    @Test
    void cutsAReasonBetweenCharacters() throws WireException {
        String reason = "\u20AC".repeat(100);
        String hex = written(out -> Frames.writeClose(out, 1, reason));
        assertThat(read(hex)).containsExactly("close 1 " + "\u20AC".repeat(40));
    }
}

package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every format: whole and cut to pieces, in every kind of buffer, from good peers and bad. */
class FrameFormatTest {

    private static final int SPECIFICATIONS = 1500;

    /** Replay a failure with {@code -Dframing.seed=...}. */
    private static final long SEED = Long.getLong("framing.seed", System.currentTimeMillis());

    static Stream<FrameFormat> formats() {
        LengthField header = new LengthField(2, 3, -5, ByteOrder.LITTLE_ENDIAN);
        return Stream.of(
                FrameFormat.lengthField(new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN), 5000),
                FrameFormat.lengthField(header, 5000),
                FrameFormat.lengthField(header, 5000).withChecksum(),
                FrameFormat.varint(5000),
                FrameFormat.varint(5000).withChecksum(),
                FrameFormat.fixedLength(7),
                FrameFormat.fixedLength(7).withChecksum(),
                FrameFormat.line(LineEnding.LF, 5000),
                FrameFormat.line(LineEnding.CRLF, 5000),
                FrameFormat.delimiter(Frames.ascii("a"), 5000),
                FrameFormat.delimiter(Frames.ascii("abab"), 5000));
    }

    /** Messages that the format takes. */
    private static List<byte[]> messages(FrameFormat format, int count, Random random) {
        List<byte[]> messages = new ArrayList<>();
        while (messages.size() < count) {
            byte[] message = DrawnFormats.message(format, random);
            try {
                format.checkOutbound(Unpooled.wrappedBuffer(message));
                messages.add(message);
            } catch (IllegalArgumentException e) {
                // draw another
            }
        }
        return messages;
    }

    @Test
    void readsBackWhatItWroteUnderAnySpecification() {
        Random random = new Random(SEED);
        for (int i = 0; i < SPECIFICATIONS; i++) {
            FrameFormat format = DrawnFormats.random(random);
            List<byte[]> messages = messages(format, random.nextInt(6), random);
            byte[] stream = Frames.concat(
                    messages.stream().map(m -> Frames.encode(format, m)).toList());

            Frames.Reader whole = Frames.read(format, stream);
            Frames.Reader pieces = new Frames.Reader(format);
            for (int from = 0; from < stream.length; ) {
                int to = Math.min(stream.length, from + 1 + random.nextInt(1 + random.nextInt(200)));
                pieces.add(stream, from, to);
                from = to;
            }
            for (Frames.Reader reader : List.of(whole, pieces)) {
                assertThat(reader.failure).as(note(format)).isNull();
                assertThat(reader.messages).as(note(format)).containsExactlyElementsOf(messages);
                assertThat(reader.in.isReadable()).as(note(format)).isFalse();
            }
        }
    }

    @Test
    void readsTheSameFromAnyBytesHoweverTheyAreCut() {
        Random random = new Random(SEED);
        for (int i = 0; i < SPECIFICATIONS; i++) {
            FrameFormat format = DrawnFormats.random(random);
            byte[] stream = new byte[random.nextInt(400)];
            boolean narrow = random.nextBoolean();
            for (int b = 0; b < stream.length; b++) {
                stream[b] = (byte) (narrow ? "\0\1\4ab\r\n".charAt(random.nextInt(7)) : random.nextInt());
            }
            Frames.Reader whole = Frames.read(format, stream);
            Frames.Reader dripped = new Frames.Reader(format);
            for (int from = 0; from < stream.length && dripped.failure == null; from++) {
                dripped.add(stream, from, from + 1);
            }
            assertThat(dripped.messages).as(note(format)).containsExactlyElementsOf(whole.messages);
            assertThat(kind(dripped.failure)).as(note(format)).isEqualTo(kind(whole.failure));
        }
    }

    private static String note(FrameFormat format) {
        return format + ", -Dframing.seed=" + SEED;
    }

    private static Kind kind(NetException failure) {
        return failure == null ? Kind.OTHER : failure.kind();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void readsTheSameWhereverTheStreamIsCut(FrameFormat format) {
        List<byte[]> messages = messages(format, 5, new Random(1));
        byte[] stream = Frames.concat(
                messages.stream().map(m -> Frames.encode(format, m)).toList());

        for (int cut = 0; cut <= stream.length; cut++) {
            Frames.Reader reader = new Frames.Reader(format);
            reader.add(stream, 0, cut);
            reader.add(stream, cut, stream.length);
            assertThat(reader.failure).as("cut at %d", cut).isNull();
            assertThat(reader.messages).as("cut at %d", cut).containsExactlyElementsOf(messages);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void looksAtDrippedBytesAFewTimesEach(FrameFormat format) {
        byte[] message = new byte[format instanceof FixedLengthFormat ? 7 : 4000];
        byte[] stream = Frames.encode(format, message);
        Frames.Reader reader = new Frames.Reader(format);
        for (int from = 0; from < stream.length; from++) {
            reader.add(stream, from, from + 1);
        }

        assertThat(reader.messages).containsExactly(message);
        // a length of up to 5 bytes at each, a delimiter of 4, and the message taken out
        assertThat(reader.in.touched()).isLessThan(8L * stream.length + 100);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void readsAndWritesEveryKindOfBuffer(FrameFormat format) throws NetException {
        List<byte[]> messages = messages(format, 6, new Random(2));
        for (byte[] message : messages) {
            byte[] expected = Frames.encode(format, message);
            for (Map.Entry<String, ByteBuf> kind : everyKindOf(message).entrySet()) {
                ByteBuf buffer = kind.getValue();
                assertThat(Frames.encode(format, buffer)).as(kind.getKey()).isEqualTo(expected);
                buffer.release();
            }
            for (Map.Entry<String, ByteBuf> kind : everyKindOf(expected).entrySet()) {
                ByteBuf in = kind.getValue();
                int index = in.readerIndex();
                long span = format.probe(in, index, in.readableBytes(), 0);
                format.verify(in, index, span);
                assertThat(FrameFormat.wireLength(span)).as(kind.getKey()).isEqualTo(in.readableBytes());
                assertThat(Frames.message(format, in, index, span))
                        .as(kind.getKey())
                        .isEqualTo(message);
                assertThat(in.readerIndex()).isEqualTo(index);
                in.release();
            }
        }
    }

    private static Map<String, ByteBuf> everyKindOf(byte[] bytes) {
        Map<String, ByteBuf> kinds = new LinkedHashMap<>();
        ByteBufAllocator pooled = ByteBufAllocator.DEFAULT;
        int half = bytes.length / 2;
        byte[] framed = Frames.concat(List.of(new byte[3], bytes, new byte[2]));
        kinds.put("heap", Unpooled.wrappedBuffer(bytes));
        kinds.put("heap slice", Unpooled.wrappedBuffer(framed).slice(3, bytes.length));
        kinds.put("direct", Unpooled.directBuffer().writeBytes(bytes));
        kinds.put("pooled heap", pooled.heapBuffer().writeBytes(framed).setIndex(3, 3 + bytes.length));
        kinds.put("pooled direct", pooled.directBuffer().writeBytes(framed).setIndex(3, 3 + bytes.length));
        kinds.put("direct slice", pooled.directBuffer().writeBytes(framed).slice(3, bytes.length));
        kinds.put("read-only heap", Unpooled.wrappedBuffer(bytes).asReadOnly());
        kinds.put("read-only direct", pooled.directBuffer().writeBytes(bytes).asReadOnly());
        kinds.put("duplicate", pooled.directBuffer().writeBytes(bytes).duplicate());
        kinds.put(
                "composite of two",
                pooled.compositeBuffer()
                        .addComponent(true, pooled.directBuffer().writeBytes(bytes, 0, half))
                        .addComponent(true, Unpooled.copiedBuffer(bytes, half, bytes.length - half)));
        kinds.put(
                "composite of one",
                pooled.compositeBuffer()
                        .addComponent(true, pooled.directBuffer().writeBytes(bytes)));
        CompositeByteBuf many = pooled.compositeBuffer(1 << 14);
        for (int from = 0; from < bytes.length; from += 3) {
            many.addComponent(true, Unpooled.copiedBuffer(bytes, from, Math.min(3, bytes.length - from)));
        }
        kinds.put("composite of many", many);
        return kinds;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void tellsHowMuchOfAFrameCameBeforeTheStreamEnded(FrameFormat format) {
        byte[] wire = Frames.encode(format, Frames.ascii("xxxxxxx"));
        for (int readable = 1; readable < wire.length; readable++) {
            NetException failure = format.truncated(Unpooled.wrappedBuffer(wire), 0, readable);
            assertThat(failure.kind()).isEqualTo(Kind.FRAME_TRUNCATED);
            assertThat(failure.operation()).isEqualTo(Operation.DECODE);
            assertThat(failure).hasMessageContaining("the stream ended inside a frame, after " + readable);
        }
        assertThat(FrameFormat.fixedLength(20).truncated(Unpooled.wrappedBuffer(wire), 0, 5))
                .hasMessageContaining("after 5 of 20 bytes of it; first bytes");
        assertThat(FrameFormat.line(LineEnding.LF, 20).truncated(Unpooled.wrappedBuffer(Frames.ascii("ab")), 0, 2))
                .hasMessageContaining("after 2 bytes of it; first bytes 61 62");
        assertThat(FrameFormat.varint(20)
                        .truncated(Unpooled.wrappedBuffer(Frames.hex("7f")), 0, 1)
                        .kind())
                .isEqualTo(Kind.FRAME_TOO_LARGE);
    }

    @Test
    void refusesAnAbsurdLengthWithoutAllocatingForIt() {
        FrameFormat format = FrameFormat.lengthField(new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN), 1 << 30);
        ByteBuf in = Unpooled.wrappedBuffer(Frames.hex("3fffffff 00"));
        try {
            assertThat(FrameFormat.wireLength(format.probe(in, 0, 5, 0))).isEqualTo((1 << 30) + 3);
            format.probe(Unpooled.wrappedBuffer(Frames.hex("40000001")), 0, 4, 0);
            fail("above the limit");
        } catch (NetException e) {
            assertThat(e.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        }
    }

    @Test
    void packsTheLargestSpan() {
        long span = FrameFormat.span((1 << 30) + 2000, 1032, 64);

        assertThat(FrameFormat.wireLength(span)).isEqualTo((1 << 30) + 2000);
        assertThat(FrameFormat.headerLength(span)).isEqualTo(1032);
        assertThat(FrameFormat.trailerLength(span)).isEqualTo(64);
        assertThat(span).isNotEqualTo(FrameFormat.UNKNOWN);
    }
}

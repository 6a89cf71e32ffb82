package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.nettoolkit.testkit.FrameSplitter;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams of every framing, cut everywhere and delivered in every kind of buffer, give what the whole stream gives. */
class FrameReaderTest {

    private static final int MAX = 1000;

    static Stream<Named<FrameFormat>> formats() {
        List<Named<FrameFormat>> formats = new ArrayList<>();
        for (int width : new int[] {1, 2, 3, 4, 8}) {
            formats.add(Named.of("width " + width, length(width, 0, 0, ByteOrder.BIG_ENDIAN)));
            formats.add(Named.of("width " + width + " little", length(width, 0, 0, ByteOrder.LITTLE_ENDIAN)));
        }
        formats.add(Named.of("offset 2", length(2, 2, 0, ByteOrder.BIG_ENDIAN)));
        formats.add(Named.of("offset 3, counting all", length(4, 3, -7, ByteOrder.LITTLE_ENDIAN)));
        formats.add(Named.of("adjustment 2", length(2, 0, 2, ByteOrder.BIG_ENDIAN)));
        formats.add(
                Named.of("width 4 + CRC", length(4, 0, 0, ByteOrder.BIG_ENDIAN).withChecksum()));
        formats.add(Named.of(
                "width 8, offset 2 + CRC", length(8, 2, 0, ByteOrder.BIG_ENDIAN).withChecksum()));
        formats.add(Named.of("varint", FrameFormat.varint(MAX)));
        formats.add(Named.of("varint + CRC", FrameFormat.varint(MAX).withChecksum()));
        formats.add(Named.of("LF", FrameFormat.line(LineEnding.LF, MAX)));
        formats.add(Named.of("CRLF", FrameFormat.line(LineEnding.CRLF, MAX)));
        formats.add(Named.of("delimiter of one", FrameFormat.delimiter(new byte[] {0}, MAX)));
        formats.add(Named.of("delimiter of four", FrameFormat.delimiter(ascii("--\r\n"), MAX)));
        formats.add(Named.of("fixed", FrameFormat.fixedLength(7)));
        formats.add(Named.of("fixed + CRC", FrameFormat.fixedLength(7).withChecksum()));
        return formats.stream();
    }

    private static FrameFormat length(int width, int offset, int adjustment, ByteOrder order) {
        return FrameFormat.lengthField(new LengthField(width, offset, adjustment, order), MAX);
    }

    /** Short enough for every pair of cuts. */
    @ParameterizedTest
    @MethodSource("formats")
    void everyPairOfCutsOfAShortStream(FrameFormat format) {
        List<byte[]> messages = messages(format, 7, 3, 9);

        everySplitGives(format, messages);
    }

    /** Long enough for frames that span several pieces and pieces that hold several frames. */
    @ParameterizedTest
    @MethodSource("formats")
    void everyCutOfALongStream(FrameFormat format) {
        everySplitGives(format, messages(format, 5, 127, 3, 280, 4));
    }

    private static List<byte[]> messages(FrameFormat format, int... sizes) {
        Random random = new Random(11);
        List<byte[]> messages = new ArrayList<>();
        for (int size : sizes) {
            byte[] message = new byte[format instanceof FixedLengthFormat ? 7 : Math.min(size, format.maxFrameBytes())];
            for (int i = 0; i < message.length; i++) {
                message[i] = (byte) ('a' + random.nextInt(26));
            }
            messages.add(message);
        }
        return messages;
    }

    private static void everySplitGives(FrameFormat format, List<byte[]> messages) {
        byte[] stream = Frames.concat(
                messages.stream().map(message -> encode(format, message)).toList());
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            Reading reader = new Reading(format);
            for (ByteBuf piece : pieces) {
                reader.read(piece);
            }
            assertThat(reader.messages).usingElementComparator(Arrays::compare).isEqualTo(messages);
            assertThat(reader.reader.hasPartial()).isFalse();
            reader.close();
        });
    }

    /** A pause after every frame, resumed before or after the next piece comes, changes nothing but the moment. */
    @ParameterizedTest
    @MethodSource("formats")
    void pausesAfterEachFrameChangeNothing(FrameFormat format) {
        List<byte[]> messages = messages(format, 7, 3, 9, 5, 5, 31);
        byte[] stream = Frames.concat(
                messages.stream().map(message -> encode(format, message)).toList());
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            Reading reader = new Reading(format);
            reader.pauseAfterFrame = true;
            int count = 0;
            for (ByteBuf piece : pieces) {
                reader.read(piece);
                if (count++ % 2 == 0) {
                    reader.resumeUntilDry();
                }
            }
            reader.resumeUntilDry();
            assertThat(reader.messages).usingElementComparator(Arrays::compare).isEqualTo(messages);
            assertThat(reader.reader.hasPartial()).isFalse();
            reader.close();
        });
    }

    @ParameterizedTest
    @MethodSource("formats")
    void closingAnywhereInsideAFrameLeavesNoBuffer(FrameFormat format) throws Exception {
        byte[] frame = encode(format, messages(format, 300).get(0));
        for (int cut = 1; cut < frame.length; cut++) {
            Reading reader = new Reading(format);
            reader.read(Unpooled.copiedBuffer(frame, 0, cut));
            assertThat(reader.reader.partialBytes()).isEqualTo(cut);
            reader.close();
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aSinkThatClosesTheReaderLeavesNoBuffer(FrameFormat format) throws Exception {
        List<byte[]> messages = messages(format, 7, 3, 9);
        Reading reader = new Reading(format);
        reader.closeAfterFrame = true;

        reader.read(Unpooled.wrappedBuffer(Frames.concat(
                messages.stream().map(message -> encode(format, message)).toList())));

        assertThat(reader.messages).hasSize(1);
        assertThat(reader.allocator.held()).as("bytes held after close").isZero();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aSinkThatThrowsLeavesNoBuffer(FrameFormat format) {
        byte[] stream = encode(format, messages(format, 9).get(0));
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            Reading reader = new Reading(format);
            reader.failure = new IllegalStateException("deliberate");
            Throwable thrown = null;
            for (ByteBuf piece : pieces) {
                thrown = catchThrowable(() -> reader.read(piece));
            }
            assertThat(thrown).isSameAs(reader.failure);
            reader.close();
        });
    }

    /** The bad frame is noticed with the same error, however its header is cut, and the good ones before it count. */
    @Test
    void aBadLengthIsRefusedAtEveryCut() {
        FrameFormat format = length(4, 0, 0, ByteOrder.BIG_ENDIAN);
        byte[] stream = Frames.concat(List.of(encode(format, ascii("good")), hex("7fffffff aabbccdd")));
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            Reading reader = new Reading(format);
            Throwable thrown = null;
            for (ByteBuf piece : pieces) {
                if (thrown != null) {
                    piece.release();
                } else {
                    thrown = catchThrowable(() -> reader.read(piece));
                }
            }
            assertThat(thrown)
                    .isInstanceOfSatisfying(
                            NetException.class,
                            refused -> assertThat(refused.kind()).isEqualTo(Kind.FRAME_TOO_LARGE))
                    .hasMessageContaining("2147483647");
            assertThat(reader.messages).usingElementComparator(Arrays::compare).containsExactly(ascii("good"));
            reader.close();
        });
    }

    @Test
    void aBrokenChecksumIsFoundAtEveryCut() {
        FrameFormat format = length(4, 0, 0, ByteOrder.BIG_ENDIAN).withChecksum();
        byte[] stream = encode(format, ascii("broken on the way"));
        stream[9] ^= 1;
        FrameSplitter.of(stream).forEachSplit(pieces -> {
            Reading reader = new Reading(format);
            Throwable thrown = null;
            for (ByteBuf piece : pieces) {
                thrown = catchThrowable(() -> reader.read(piece));
            }
            assertThat(thrown)
                    .isInstanceOfSatisfying(
                            NetException.class,
                            refused -> assertThat(refused.kind()).isEqualTo(Kind.FRAME_CHECKSUM));
            assertThat(reader.messages).isEmpty();
            reader.close();
        });
    }

    @ParameterizedTest
    @MethodSource("claims")
    void aClaimedLengthAllocatesNothing(FrameFormat format, String header) throws Exception {
        Reading reader = new Reading(format);
        byte[] start = Arrays.copyOf(hex(header), 10);

        for (byte b : start) {
            reader.read(Unpooled.wrappedBuffer(new byte[] {b}));
        }

        assertThat(reader.reader.partialBytes()).isEqualTo(10);
        assertThat(reader.allocator.held()).isLessThanOrEqualTo(2048);
        reader.close();
    }

    static Stream<Arguments> claims() {
        int max = FrameFormat.MAX_FRAME_BYTES;
        LengthField four = new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN);
        LengthField eight = new LengthField(8, 0, 0, ByteOrder.BIG_ENDIAN);
        return Stream.of(
                Arguments.of(FrameFormat.lengthField(four, max), "20000000"),
                Arguments.of(FrameFormat.lengthField(eight, max), "0000000020000000"),
                Arguments.of(FrameFormat.varint(max), "8080808002"),
                Arguments.of(FrameFormat.fixedLength(512 << 20), "00"),
                Arguments.of(FrameFormat.line(LineEnding.LF, max), "61"));
    }

    /** A megabyte a byte at a time: the buffer stays within twice of what came, and the work stays linear. */
    @ParameterizedTest
    @MethodSource("megabytes")
    void aDrippedMegabyteHoldsAtMostTwiceWhatCame(FrameFormat format) throws Exception {
        byte[] message = new byte[1 << 20];
        Arrays.fill(message, (byte) 'x');
        byte[] frame = encode(format, message);
        Reading reader = new Reading(format);
        byte[] one = new byte[1];

        for (int i = 0; i < frame.length; i++) {
            one[0] = frame[i];
            reader.read(Unpooled.wrappedBuffer(one));
            if (i % 1009 == 0) {
                assertThat(reader.allocator.held()).isLessThanOrEqualTo(Math.max(2048, 2 * (i + 1)));
            }
        }

        assertThat(reader.messages).hasSize(1);
        assertThat(Arrays.equals(reader.messages.get(0), message)).isTrue();
        reader.close();
    }

    static Stream<Named<FrameFormat>> megabytes() {
        LengthField four = new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN);
        return Stream.of(
                Named.of("length", FrameFormat.lengthField(four, 1 << 20)),
                Named.of("varint + CRC", FrameFormat.varint(1 << 20).withChecksum()),
                Named.of("line", FrameFormat.line(LineEnding.LF, 1 << 20)),
                Named.of("delimiter", FrameFormat.delimiter(ascii("xy"), 1 << 20)),
                Named.of("fixed", FrameFormat.fixedLength(1 << 20)));
    }

    /** Only the frame that a read cuts in two is copied: the others are lent where they stand. */
    @Test
    void wholeFramesAreNotCopied() throws Exception {
        FrameFormat format = length(4, 0, 0, ByteOrder.BIG_ENDIAN);
        byte[] frame = encode(format, ascii("in place"));
        Reading reader = new Reading(format);

        reader.read(Unpooled.copiedBuffer(frame, frame, Arrays.copyOf(frame, 3)));
        assertThat(reader.inPlace).isEqualTo(2);
        reader.read(Unpooled.copiedBuffer(Arrays.copyOfRange(frame, 3, frame.length), frame));

        assertThat(reader.inPlace).isEqualTo(3);
        assertThat(reader.messages).hasSize(4);
        reader.close();
    }

    /** A reader with a sink that writes down what it gets and an allocator that counts. */
    private static final class Reading implements FrameSink {

        boolean closeAfterFrame;

        final CountingAllocator allocator = new CountingAllocator();
        final FrameReader reader;
        final List<byte[]> messages = new ArrayList<>();
        boolean pauseAfterFrame;
        boolean paused;
        int inPlace;

        @Nullable
        RuntimeException failure;

        private @Nullable ByteBuf current;

        Reading(FrameFormat format) {
            reader = new FrameReader(format);
        }

        void read(ByteBuf in) throws Exception {
            current = in;
            reader.read(in, allocator, this);
        }

        void resumeUntilDry() throws Exception {
            int before = -1;
            while (reader.hasPartial() && before != messages.size()) {
                before = messages.size();
                paused = false;
                reader.resume(allocator, this);
            }
            paused = false;
        }

        void close() {
            reader.close();
            assertThat(allocator.held()).as("bytes held after close").isZero();
        }

        @Override
        public void onFrame(ByteBuf in, int index, int length) {
            if (failure != null) {
                throw failure;
            }
            messages.add(ByteBufUtil.getBytes(in, index, length));
            inPlace += in == current ? 1 : 0;
            paused = pauseAfterFrame;
            if (closeAfterFrame) {
                paused = true;
                reader.close();
            }
        }

        @Override
        public boolean wantsFrames() {
            return !paused;
        }
    }

    /** Knows how much memory its living buffers take. */
    private static final class CountingAllocator extends AbstractByteBufAllocator {

        /** Without leak records, which would cost a stack trace per access: the test counts for itself. */
        private static final ByteBufAllocator UNTRACKED = new UnpooledByteBufAllocator(false, true);

        private final List<ByteBuf> buffers = new ArrayList<>();

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return UNTRACKED.heapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            ByteBuf buffer = UNTRACKED.directBuffer(initialCapacity, maxCapacity);
            buffers.add(buffer);
            return buffer;
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }

        int held() {
            buffers.removeIf(buffer -> buffer.refCnt() == 0);
            return buffers.stream().mapToInt(ByteBuf::capacity).sum();
        }
    }
}

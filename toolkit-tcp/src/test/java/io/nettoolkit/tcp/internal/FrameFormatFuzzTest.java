package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Any bytes under any specification. Without {@code JAZZER_FUZZ=1} in the environment the committed inputs are replayed;
 * with it, and {@code -Dtest='FrameFormatFuzzTest#readsAnyBytes'}, new ones are looked for.
 */
class FrameFormatFuzzTest {

    private static final Set<Kind> READ_FAILURES =
            Set.of(Kind.FRAME_TOO_LARGE, Kind.FRAME_CORRUPT, Kind.FRAME_CHECKSUM);

    /** Takes decisions from the input's first bytes: one for small bounds, two for large. */
    private static final class Input implements IntUnaryOperator {
        private final byte[] bytes;
        private int at;

        Input(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int applyAsInt(int bound) {
            int value = bound <= 256 ? next() : (next() << 8) | next();
            return value % bound;
        }

        private int next() {
            return at < bytes.length ? bytes[at++] & 0xFF : 0;
        }

        byte[] rest() {
            return Arrays.copyOfRange(bytes, at, bytes.length);
        }

        @Nullable
        FrameFormat format() {
            try {
                return DrawnFormats.draw(this);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("(must leave room for a message of ");
                return null;
            }
        }
    }

    /** Only the declared failures come out, nothing outside the window is read, cutting the stream changes nothing. */
    @FuzzTest(maxDuration = "11m")
    void readsAnyBytes(byte[] bytes) {
        Input input = new Input(bytes);
        FrameFormat format = input.format();
        int step = 1 + input.applyAsInt(64);
        byte[] stream = input.rest();
        if (format == null) {
            return;
        }
        Frames.Reader whole = Frames.read(format, stream);
        Frames.Reader pieces = new Frames.Reader(format);
        for (int from = 0; from < stream.length && pieces.failure == null; from += step) {
            pieces.add(stream, from, Math.min(stream.length, from + step));
        }
        assertThat(pieces.messages).containsExactlyElementsOf(whole.messages);
        assertThat(kind(pieces.failure)).isEqualTo(kind(whole.failure));
        if (whole.failure != null) {
            assertThat(whole.failure.kind()).isIn(READ_FAILURES);
            assertThat(whole.failure.operation()).isEqualTo(Operation.DECODE);
            assertThat(whole.failure.getMessage()).contains("; first bytes ").hasSizeLessThan(400);
        } else if (whole.in.isReadable()) {
            NetException end = format.truncated(Unpooled.wrappedBuffer(whole.in.copy()), 0, whole.in.readableBytes());
            assertThat(end.kind()).isEqualTo(Kind.FRAME_TRUNCATED);
        }
        for (byte[] message : whole.messages) {
            if (format instanceof LineFormat && message.length > 0 && message[message.length - 1] == '\r') {
                assertThat(isRefused(format, message)).isTrue();
            } else {
                assertComesBack(format, List.of(message));
            }
        }
    }

    /** What is not refused comes back; lengths, contents and specification are the fuzzer's. */
    @FuzzTest(maxDuration = "11m")
    void comesBackUnlessRefused(byte[] bytes) {
        Input input = new Input(bytes);
        FrameFormat format = input.format();
        int count = input.applyAsInt(4);
        int[] lengths = {input.applyAsInt(200), input.applyAsInt(200), input.applyAsInt(1 << 16)};
        byte[] rest = input.rest();
        if (format == null) {
            return;
        }
        List<byte[]> messages = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < Math.min(count, lengths.length); i++) {
            int to = Math.min(rest.length, from + lengths[i]);
            messages.add(Arrays.copyOfRange(rest, from, to));
            from = to;
        }
        messages.add(Arrays.copyOfRange(rest, from, rest.length));
        messages.removeIf(message -> isRefused(format, message));
        assertComesBack(format, messages);
    }

    private static boolean isRefused(FrameFormat format, byte[] message) {
        try {
            format.checkOutbound(Unpooled.wrappedBuffer(message));
            return false;
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageStartingWith("message: " + message.length + " bytes (must ");
            return true;
        }
    }

    private static void assertComesBack(FrameFormat format, List<byte[]> messages) {
        byte[] stream = Frames.concat(
                messages.stream().map(m -> Frames.encode(format, m)).toList());
        Frames.Reader reader = Frames.read(format, stream);
        assertThat(reader.failure).isNull();
        assertThat(reader.messages).containsExactlyElementsOf(messages);
        assertThat(reader.in.isReadable()).isFalse();
    }

    private static @Nullable Kind kind(@Nullable NetException failure) {
        return failure == null ? null : failure.kind();
    }
}

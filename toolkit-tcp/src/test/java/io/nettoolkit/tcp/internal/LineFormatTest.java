package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LineFormatTest {

    private static final FrameFormat LF = FrameFormat.line(LineEnding.LF, 10);
    private static final FrameFormat CRLF = FrameFormat.line(LineEnding.CRLF, 10);

    @Test
    void writesTheEndingThatWasChosen() {
        assertThat(encode(LF, ascii("hello"))).isEqualTo(ascii("hello\n"));
        assertThat(encode(CRLF, ascii("hello"))).isEqualTo(ascii("hello\r\n"));
        assertThat(encode(LF, new byte[0])).isEqualTo(ascii("\n"));
        assertThat(encode(CRLF, new byte[0])).isEqualTo(ascii("\r\n"));
    }

    @ParameterizedTest
    @EnumSource(LineEnding.class)
    void readsBothEndings(LineEnding ending) {
        assertThat(read(FrameFormat.line(ending, 10), ascii("hello\nworld\r\n\n\r\na\rb\nc\r\r\n"))
                        .texts())
                .containsExactly("hello", "world", "", "", "a\rb", "c\r");
    }

    @Test
    void readsEmptyLinesAtTheStart() {
        assertThat(read(LF, ascii("\n")).texts()).containsExactly("");
        assertThat(read(LF, ascii("\r\n")).texts()).containsExactly("");
    }

    @Test
    void tellsEndingFromLine() throws NetException {
        long span = LF.probe(Unpooled.wrappedBuffer(ascii("ab\r\n")), 0, 4, 0);

        assertThat(FrameFormat.wireLength(span)).isEqualTo(4);
        assertThat(FrameFormat.headerLength(span)).isZero();
        assertThat(FrameFormat.trailerLength(span)).isEqualTo(2);
    }

    @Test
    void refusesMessagesThatWouldNotComeBack() {
        assertThatThrownBy(() -> encode(LF, ascii("ab\nc")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 4 bytes (must not contain LF, found at 2: it ends the line)");
        assertThatThrownBy(() ->
                        encode(LF, Unpooled.wrappedBuffer(ascii("\n\nab\n")).skipBytes(2)))
                .hasMessageStartingWith("message: 3 bytes (must not contain LF, found at 2");
        assertThatThrownBy(() -> encode(LF, ascii("\n"))).hasMessageContaining("found at 0");
        assertThatThrownBy(
                        () -> encode(LF, Unpooled.wrappedBuffer(ascii("xxab\r")).skipBytes(2)))
                .hasMessageStartingWith("message: 3 bytes (must not end in CR");
        assertThatThrownBy(() -> encode(LF, ascii("abc\r")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 4 bytes (must not end in CR: it is taken for part of the line's end)");
        assertThatThrownBy(() -> encode(CRLF, ascii("\r"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encode(LF, new byte[11])).hasMessageContaining("must be at most maxFrameBytes 10");
        assertThat(encode(LF, ascii("a\rb"))).isEqualTo(ascii("a\rb\n"));
        assertThat(encode(LF, Unpooled.wrappedBuffer(ascii("\nab\n")).setIndex(1, 3)))
                .isEqualTo(ascii("ab\n"));
        assertThat(encode(LF, Unpooled.wrappedBuffer(ascii("\rab")).setIndex(1, 1)))
                .isEqualTo(ascii("\n"));
    }

    @Test
    void acceptsTheLongestLineWithEitherEnding() {
        assertThat(read(LF, ascii("0123456789\n0123456789\r\n")).texts()).containsExactly("0123456789", "0123456789");
        assertThat(read(LF, ascii("012345678\r\r\n")).texts()).containsExactly("012345678\r");
    }

    @Test
    void refusesLongerLines() {
        NetException failure = read(LF, ascii("01234567890\n")).failure;
        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(failure)
                .hasMessageContaining("a line of 11 bytes, the limit is 10 (maxFrameBytes); first bytes 30 31 32 33");
        assertThat(read(LF, ascii("0123456789\r\r\n")).failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
    }

    @Test
    void refusesALineAsSoonAsItIsTooLong() {
        assertThat(read(LF, ascii("0123456789")).failure).isNull();
        assertThat(read(LF, ascii("0123456789\r")).failure).isNull();
        assertThat(read(LF, ascii("01234567890")).failure)
                .hasMessageContaining("no end of line within 11 bytes, the limit is 10");
        assertThat(read(LF, ascii("0123456789\rx")).failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(read(LF, ascii("0123456789\r\r")).failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
    }

    @Test
    void looksNoFurtherThanTheLimit() {
        Frames.Reader reader = read(LF, new byte[100_000]);

        assertThat(reader.failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(reader.in.touched()).isLessThan(200);
    }

    @Test
    void looksOnlyAtWhatWasNotScanned() throws NetException {
        GuardedBuf in = new GuardedBuf();
        in.writeBytes(ascii("ab\ncd\n"));
        in.allow(2, 6);

        assertThat(FrameFormat.wireLength(LF.probe(in, 0, 6, 3))).isEqualTo(6);
    }

    @Test
    void cannotCarryAChecksum() {
        assertThatThrownBy(LF::withChecksum).isInstanceOf(UnsupportedOperationException.class);
    }
}

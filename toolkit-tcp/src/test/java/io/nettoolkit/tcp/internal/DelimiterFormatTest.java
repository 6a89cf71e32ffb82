package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.encodeUnchecked;
import static io.nettoolkit.tcp.internal.Frames.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DelimiterFormatTest {

    private static FrameFormat format(String delimiter, int max) {
        return FrameFormat.delimiter(ascii(delimiter), max);
    }

    @Test
    void writesTheDelimiterBehindTheMessage() {
        assertThat(encode(format("--", 10), ascii("hello"))).isEqualTo(ascii("hello--"));
        assertThat(encode(format("\0", 10), new byte[0])).isEqualTo(ascii("\0"));
    }

    @Test
    void cutsAtTheFirstDelimiter() throws NetException {
        assertThat(read(format("ab", 10), ascii("aab" + "ab" + "xaxab" + "b")).texts())
                .containsExactly("a", "", "xax");
        assertThat(read(format("aa", 10), ascii("xaaa")).texts()).containsExactly("x");
        long span = format("ab", 10).probe(Unpooled.wrappedBuffer(ascii("xab")), 0, 3, 0);
        assertThat(FrameFormat.wireLength(span)).isEqualTo(3);
        assertThat(FrameFormat.headerLength(span)).isZero();
        assertThat(FrameFormat.trailerLength(span)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "aa,    xa,    1",
        "abab,  xab,   2",
        "aaa,   xa,    1",
        "aaa,   xaa,   1",
        "abcab, xabc,  3",
        "aabaa, xaaba, 4",
        "aabaa, xaab,  3",
    })
    void refusesMessagesWhoseEndAndTheDelimiterMakeOneThatBeginsEarlier(String delimiter, String message, int bytes) {
        assertThatThrownBy(() -> encode(format(delimiter, 10), ascii(message)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: " + message.length() + " bytes (must not end in the first " + bytes
                        + " of the delimiter's " + delimiter.length()
                        + " bytes, which would make the frame end there)");
    }

    @ParameterizedTest
    @CsvSource({"ab, xa", "abab, xaba", "abab, xa", "abcab, xab", "abcab, xabca", "aab, xa", "aab, xaa", "abaa, ab"})
    void acceptsMessagesThatEndInPartOfTheDelimiterWithoutMakingOne(String delimiter, String message) {
        FrameFormat format = format(delimiter, 10);

        assertThat(read(format, encode(format, ascii(message))).texts()).containsExactly(message);
    }

    @Test
    void refusesMessagesThatContainTheDelimiter() {
        assertThatThrownBy(() -> encode(format("ab", 10), ascii("xxab")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 4 bytes (must not contain the delimiter, found at 2)");
        assertThatThrownBy(() -> encode(
                        format("ab", 10), Unpooled.wrappedBuffer(ascii("ababx")).skipBytes(1)))
                .hasMessage("message: 4 bytes (must not contain the delimiter, found at 1)");
        assertThatThrownBy(() -> encode(
                        format("aa", 10), Unpooled.wrappedBuffer(ascii("xxa")).skipBytes(1)))
                .hasMessageStartingWith("message: 2 bytes (must not end in the first 1 of the delimiter's 2 bytes");
        assertThat(encode(format("aa", 10), Unpooled.wrappedBuffer(ascii("a")).skipBytes(1)))
                .isEqualTo(ascii("aa"));
        assertThat(encode(
                        format("ab", 10), Unpooled.wrappedBuffer(ascii("abxab")).setIndex(1, 4)))
                .isEqualTo(ascii("bxaab"));
        assertThatThrownBy(() -> encode(format("ab", 3), ascii("xxxx")))
                .hasMessageContaining("must be at most maxFrameBytes 3");
    }

    /** Every delimiter of up to 5 letters out of two, with every message of up to 6. */
    @Test
    void refusesExactlyWhatWouldNotComeBack() {
        for (int d = 2; d < 64; d++) {
            String delimiter = Integer.toBinaryString(d).substring(1);
            FrameFormat format = format(delimiter, 10);
            for (int m = 1; m < 128; m++) {
                String text = Integer.toBinaryString(m).substring(1);
                byte[] message = ascii(text);
                byte[] wire = encodeUnchecked(format, Unpooled.wrappedBuffer(message));
                Frames.Reader reader = read(format, wire);
                boolean comesBack = !reader.messages.isEmpty()
                        && Arrays.equals(reader.messages.get(0), message)
                        && !reader.in.isReadable();
                Throwable refused = catchThrowable(() -> format.checkOutbound(Unpooled.wrappedBuffer(message)));
                assertThat(refused == null).as("%s behind %s", delimiter, text).isEqualTo(comesBack);
            }
        }
    }

    @Test
    void acceptsTheLargestMessageAndRefusesOneByteMore() {
        FrameFormat format = format("--", 5);

        assertThat(read(format, ascii("hello--")).texts()).containsExactly("hello");
        assertThat(read(format, ascii("hello!-")).failure)
                .as("can no longer end in time")
                .isNotNull();
        assertThat(read(format, ascii("hello-")).failure).as("not decided yet").isNull();
        NetException failure = read(format, ascii("hello!--")).failure;
        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(failure)
                .hasMessageContaining("no delimiter within 7 bytes, the limit is 5 (maxFrameBytes); first bytes 68 65");
    }

    @Test
    void looksNoFurtherThanTheLimit() {
        Frames.Reader reader = read(format("ab", 50), new byte[100_000]);

        assertThat(reader.failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(reader.in.touched()).isLessThan(300);
    }

    @Test
    void looksAgainOnlyAtWhatMayBeTheBeginningOfADelimiter() throws NetException {
        GuardedBuf in = new GuardedBuf();
        in.writeBytes(ascii("xxxxabc"));
        in.allow(3, 7);

        assertThat(FrameFormat.wireLength(format("abc", 10).probe(in, 0, 7, 5))).isEqualTo(7);
    }

    @Test
    void cannotCarryAChecksum() {
        assertThatThrownBy(format("a", 9)::withChecksum).isInstanceOf(UnsupportedOperationException.class);
    }
}

package io.nettoolkit.tcp.internal;

import static io.nettoolkit.tcp.internal.Frames.ascii;
import static io.nettoolkit.tcp.internal.Frames.encode;
import static io.nettoolkit.tcp.internal.Frames.hex;
import static io.nettoolkit.tcp.internal.Frames.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetFailure.Kind;
import org.junit.jupiter.api.Test;

class FixedLengthFormatTest {

    private static final FrameFormat FORMAT = FrameFormat.fixedLength(5);

    @Test
    void addsNothingToTheMessage() {
        assertThat(encode(FORMAT, ascii("hello"))).isEqualTo(ascii("hello"));
        assertThat(FORMAT.wireSize(5)).isEqualTo(5);
        assertThat(FORMAT.maxFrameBytes()).isEqualTo(5);
    }

    @Test
    void cutsEveryFewBytes() {
        Frames.Reader reader = read(FORMAT, ascii("helloworldrest"));

        assertThat(reader.texts()).containsExactly("hello", "world");
        assertThat(reader.in.readableBytes()).isEqualTo(4);
    }

    @Test
    void refusesEveryOtherLength() {
        assertThatThrownBy(() -> encode(FORMAT, ascii("hell")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: 4 bytes (must be exactly 5, the fixed length)");
        assertThatThrownBy(() -> encode(FORMAT, ascii("hello!"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void addsAChecksumToEveryMessage() {
        FrameFormat format = FORMAT.withChecksum();

        assertThat(encode(format, ascii("hello"))).isEqualTo(hex("68656c6c6f 9a71bb4c"));
        assertThat(read(format, hex("68656c6c6f 9a71bb4c 68656c6c6f 9a71bb4c")).texts())
                .containsExactly("hello", "hello");
        assertThat(read(format, hex("68656c6c6e 9a71bb4c")).failure.kind()).isEqualTo(Kind.FRAME_CHECKSUM);
    }
}

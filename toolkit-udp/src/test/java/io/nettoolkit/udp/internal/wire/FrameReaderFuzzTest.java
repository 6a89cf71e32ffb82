package io.nettoolkit.udp.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Any bytes as the frames of a packet. Without {@code JAZZER_FUZZ=1} in the environment the committed inputs are
 * replayed; with it, and {@code -Dtest='FrameReaderFuzzTest#readsAnyFrames'}, new ones are looked for.
 */
class FrameReaderFuzzTest {

    private final FrameReader reader = new FrameReader();

    /** Only the declared failure comes out, and nothing outside of the bytes is read. */
    @FuzzTest(maxDuration = "11m")
    void readsAnyFrames(byte[] bytes) {
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        Recorder recorder = new Recorder();
        try {
            reader.read(in, recorder);
            assertThat(in.isReadable()).isFalse();
        } catch (WireException e) {
            assertThat(e.getMessage()).isNotBlank();
            assertThat(e.code()).isBetween(CloseCode.FLOW_CONTROL, CloseCode.LIMIT);
        }
        assertThat(in.readerIndex()).isLessThanOrEqualTo(bytes.length);
        recorder.frames.clear();
    }
}

package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.NetException;
import io.nettoolkit.tcp.Framing.LineEnding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Once compiled, a frame is read and written without an object. */
class FrameFormatAllocationTest {

    private static final int FRAMES = 20_000;
    private static final int MOST_ROUNDS = 500;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static Stream<FrameFormat> formats() {
        return Stream.of(
                FrameFormat.lengthField(new LengthField(4, 0, 0, ByteOrder.BIG_ENDIAN), 5000),
                FrameFormat.lengthField(new LengthField(2, 2, -4, ByteOrder.LITTLE_ENDIAN), 5000),
                FrameFormat.varint(5000),
                FrameFormat.fixedLength(64),
                FrameFormat.line(LineEnding.CRLF, 5000),
                FrameFormat.delimiter(Frames.ascii("--"), 5000));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void readsAndWritesWithoutAllocating(FrameFormat format) throws NetException {
        ByteBuf message = Unpooled.buffer(64).writeZero(64);
        ByteBuf wire = Unpooled.buffer(128);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= FRAMES; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            writeAndRead(format, message, wire);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    }

    private static void writeAndRead(FrameFormat format, ByteBuf message, ByteBuf wire) throws NetException {
        for (int i = 0; i < FRAMES; i++) {
            wire.clear();
            format.checkOutbound(message);
            int taken = format.writeHeader(message, wire);
            wire.writeBytes(message, taken, message.readableBytes() - taken);
            format.writeTrailer(message, wire);
            long span = format.probe(wire, 0, wire.readableBytes(), 0);
            format.verify(wire, 0, span);
            if (FrameFormat.wireLength(span) != format.wireSize(message.readableBytes())) {
                throw new AssertionError("read " + FrameFormat.wireLength(span) + " bytes");
            }
        }
    }
}

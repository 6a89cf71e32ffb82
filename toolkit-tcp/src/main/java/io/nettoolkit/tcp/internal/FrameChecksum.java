package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC32C as the last 4 bytes of a frame, big endian, over every byte of the frame before it.
 *
 * <p><b>Sources.</b> Castagnoli's polynomial as RFC 3720 §12.1 has it: the check value of "123456789" is E3069283.
 */
final class FrameChecksum {

    static final int BYTES = 4;

    private FrameChecksum() {}

    static void verify(ByteBuf in, int index, int wireLength) throws NetException {
        int covered = wireLength - BYTES;
        CRC32C checksum = new CRC32C();
        if (!in.hasArray() && in.nioBufferCount() == 1) {
            // The buffer that is read from belongs to this connection alone, so its own view may be moved.
            checksum.update(in.internalNioBuffer(index, covered));
        } else {
            update(checksum, in, index, covered);
        }
        int expected = in.getInt(index + covered);
        int computed = (int) checksum.getValue();
        if (expected != computed) {
            String what = "the frame of " + wireLength + " bytes says checksum " + hex(expected) + ", its bytes give "
                    + hex(computed) + " (CRC32C)";
            throw FrameFailure.of(Kind.FRAME_CHECKSUM, what, in, index, wireLength);
        }
    }

    /** Takes in bytes of a message, which other threads may be reading too. */
    static void update(CRC32C checksum, ByteBuf bytes, int index, int length) {
        if (length == 0) {
            return;
        }
        if (bytes.hasArray()) {
            checksum.update(bytes.array(), bytes.arrayOffset() + index, length);
        } else if (bytes.nioBufferCount() == 1) {
            checksum.update(bytes.nioBuffer(index, length));
        } else {
            for (ByteBuffer part : bytes.nioBuffers(index, length)) {
                checksum.update(part);
            }
        }
    }

    /** What a format with so many bytes of checksum adds to its own text. */
    static String text(int checksumBytes) {
        return checksumBytes > 0 ? ", CRC32C" : "";
    }

    private static String hex(int checksum) {
        return String.format("%08x", checksum);
    }
}

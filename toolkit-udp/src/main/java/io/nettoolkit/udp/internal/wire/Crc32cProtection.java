package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The last 4 bytes are the CRC32C of all before them (RFC 3720 §12.1: "123456789" gives E3069283). */
public final class Crc32cProtection extends PacketProtection {

    /** Bytes of the checksum. */
    public static final int BYTES = 4;

    private final CRC32C checksum = new CRC32C();

    @Override
    public int overheadBytes() {
        return BYTES;
    }

    @Override
    void protect(ByteBuf out, int start, long packetNumber) {
        out.writeInt(of(out, start, out.writerIndex() - start));
    }

    @Override
    @Nullable
    ByteBuf unprotect(ByteBuf datagram, long packetNumber) {
        if (!isIntact(datagram)) {
            return null;
        }
        datagram.writerIndex(datagram.writerIndex() - BYTES);
        return datagram.skipBytes(Wire.HEADER_BYTES);
    }

    /** Whether the readable bytes end in the checksum of those before. */
    public boolean isIntact(ByteBuf packet) {
        int covered = packet.readableBytes() - BYTES;
        return covered >= 0
                && packet.getInt(packet.readerIndex() + covered) == of(packet, packet.readerIndex(), covered);
    }

    /** The checksum of some bytes. */
    int of(ByteBuf bytes, int index, int length) {
        checksum.reset();
        if (bytes.hasArray()) {
            checksum.update(bytes.array(), bytes.arrayOffset() + index, length);
        } else if (bytes.nioBufferCount() == 1) {
            checksum.update(bytes.internalNioBuffer(index, length));
        } else {
            for (ByteBuffer part : bytes.nioBuffers(index, length)) {
                checksum.update(part);
            }
        }
        return (int) checksum.getValue();
    }
}

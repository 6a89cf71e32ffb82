package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.zip.CRC32C;

/** {@code message | checksum}, always of one length: see {@code Framing.fixedLength()}. */
final class FixedLengthFormat extends FrameFormat {

    private final int checksumBytes;
    private final long span;

    FixedLengthFormat(int frameBytes, boolean checksum) {
        super(frameBytes);
        checksumBytes = checksum ? FrameChecksum.BYTES : 0;
        span = span(frameBytes + checksumBytes, 0, checksumBytes);
    }

    @Override
    public long probe(ByteBuf in, int index, int readable, int scanned) {
        return span;
    }

    @Override
    public void verify(ByteBuf in, int index, long span) throws NetException {
        if (checksumBytes > 0) {
            FrameChecksum.verify(in, index, wireLength(span));
        }
    }

    @Override
    public void checkOutbound(ByteBuf message) {
        int bytes = message.readableBytes();
        if (bytes != maxFrameBytes()) {
            throw refused(bytes, "be exactly " + maxFrameBytes() + ", the fixed length");
        }
    }

    @Override
    public int wireSize(int messageBytes) {
        return messageBytes + checksumBytes;
    }

    @Override
    public int writeHeader(ByteBuf message, ByteBuf out) {
        return 0;
    }

    @Override
    public void writeTrailer(ByteBuf message, ByteBuf out) {
        if (checksumBytes > 0) {
            CRC32C checksum = new CRC32C();
            FrameChecksum.update(checksum, message, message.readerIndex(), message.readableBytes());
            out.writeInt((int) checksum.getValue());
        }
    }

    @Override
    public FrameFormat withChecksum() {
        return new FixedLengthFormat(maxFrameBytes(), true);
    }

    @Override
    List<Object> options() {
        return List.of(checksumBytes, maxFrameBytes());
    }

    @Override
    public String toString() {
        return "fixedLength(" + maxFrameBytes() + " bytes" + FrameChecksum.text(checksumBytes) + ")";
    }
}

package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.zip.CRC32C;

/** {@code length in base 128 | message | checksum}: see {@code Framing.varint()}. */
final class VarintFormat extends FrameFormat {

    private static final int MAX_LENGTH_BYTES = 5;
    private static final int MORE = 0x80;

    private final int checksumBytes;

    VarintFormat(int maxFrameBytes, boolean checksum) {
        super(maxFrameBytes);
        checksumBytes = checksum ? FrameChecksum.BYTES : 0;
    }

    @Override
    public long probe(ByteBuf in, int index, int readable, int scanned) throws NetException {
        int available = Math.min(readable, MAX_LENGTH_BYTES);
        long length = 0;
        for (int i = 0; i < available; i++) {
            byte next = in.getByte(index + i);
            length |= (long) (next & 0x7F) << (7 * i);
            if (next >= 0) {
                long message = length - checksumBytes;
                if (message < 0 || message > maxFrameBytes()) {
                    throw badLength(length, in, index, readable);
                }
                return span((int) (i + 1 + length), i + 1, checksumBytes);
            }
        }
        if (available == MAX_LENGTH_BYTES) {
            String what = "the varint length does not end within " + MAX_LENGTH_BYTES + " bytes";
            throw FrameFailure.of(Kind.FRAME_CORRUPT, what, in, index, readable);
        }
        return UNKNOWN;
    }

    private NetException badLength(long length, ByteBuf in, int index, int readable) {
        String claim = "the varint length says " + length;
        if (length < checksumBytes) {
            String rule = ", less than the " + checksumBytes + " bytes of the checksum it must count";
            return FrameFailure.of(Kind.FRAME_CORRUPT, claim + rule, in, index, readable);
        }
        return tooLarge(claim + ", a message of " + (length - checksumBytes) + " bytes", in, index, readable);
    }

    @Override
    public void verify(ByteBuf in, int index, long span) throws NetException {
        if (checksumBytes > 0) {
            FrameChecksum.verify(in, index, wireLength(span));
        }
    }

    @Override
    public int wireSize(int messageBytes) {
        int length = messageBytes + checksumBytes;
        return sizeOf(length) + length;
    }

    private static int sizeOf(int length) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(length | 1);
        return (bits + 6) / 7;
    }

    @Override
    public int writeHeader(ByteBuf message, ByteBuf out) {
        int rest = message.readableBytes() + checksumBytes;
        for (; rest >= MORE; rest >>>= 7) {
            out.writeByte(rest | MORE);
        }
        out.writeByte(rest);
        return 0;
    }

    @Override
    public void writeTrailer(ByteBuf message, ByteBuf out) {
        if (checksumBytes > 0) {
            CRC32C checksum = new CRC32C();
            int rest = message.readableBytes() + checksumBytes;
            for (; rest >= MORE; rest >>>= 7) {
                checksum.update(rest | MORE);
            }
            checksum.update(rest);
            FrameChecksum.update(checksum, message, message.readerIndex(), message.readableBytes());
            out.writeInt((int) checksum.getValue());
        }
    }

    @Override
    public FrameFormat withChecksum() {
        return new VarintFormat(maxFrameBytes(), true);
    }

    @Override
    List<Object> options() {
        return List.of(checksumBytes, maxFrameBytes());
    }

    @Override
    public String toString() {
        return "varint(maxFrameBytes " + maxFrameBytes() + FrameChecksum.text(checksumBytes) + ")";
    }
}

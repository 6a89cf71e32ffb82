package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;

/**
 * Whole numbers from 0 to 2^62 - 1 in 1, 2, 4 or 8 bytes; the two highest bits of the first byte tell which.
 *
 * <p><b>Sources.</b> RFC 9000 §16. As there, a number may be written longer than it need be.
 */
public final class Varint {

    /** The largest number that can be written. */
    public static final long MAX = (1L << 62) - 1;

    private Varint() {}

    /** How many bytes {@code value} takes. */
    public static int size(long value) {
        if (value < 1L << 6) {
            return 1;
        }
        if (value < 1L << 14) {
            return 2;
        }
        return value < 1L << 30 ? 4 : 8;
    }

    /** Writes {@code value} in as few bytes as it takes. */
    public static void write(ByteBuf out, long value) {
        if (value < 1L << 6) {
            out.writeByte((int) value);
        } else if (value < 1L << 14) {
            out.writeShort((int) value | 0x4000);
        } else if (value < 1L << 30) {
            out.writeInt((int) value | 0x8000_0000);
        } else {
            out.writeLong(value | 0xC000_0000_0000_0000L);
        }
    }

    /** Reads a number and moves past it. */
    public static long read(ByteBuf in) throws WireException {
        if (!in.isReadable()) {
            throw WireException.encoding("a number is missing at the end of the packet");
        }
        int first = in.getByte(in.readerIndex());
        int bytes = 1 << ((first >>> 6) & 3);
        if (in.readableBytes() < bytes) {
            throw WireException.encoding("a number of " + bytes + " bytes is cut off");
        }
        return switch (bytes) {
            case 1 -> in.readByte() & 0x3F;
            case 2 -> in.readShort() & 0x3FFF;
            case 4 -> in.readInt() & 0x3FFF_FFFF;
            default -> in.readLong() & MAX;
        };
    }
}

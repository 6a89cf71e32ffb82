package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * An unsigned length in a stream: how wide, how many bytes of the message before it, what it counts, in which order.
 *
 * @param width 1, 2, 3, 4 or 8 bytes
 * @param offset bytes of the message before the field
 * @param adjustment the field's value plus this is the number of bytes behind the field
 */
public record LengthField(int width, int offset, int adjustment, ByteOrder byteOrder) {

    /** The largest length the field can hold; 8 bytes are cut at {@link Long#MAX_VALUE}, far above any frame. */
    public long maxValue() {
        return width == Long.BYTES ? Long.MAX_VALUE : (1L << (Byte.SIZE * width)) - 1;
    }

    long read(ByteBuf in, int index) {
        boolean big = byteOrder == ByteOrder.BIG_ENDIAN;
        return switch (width) {
            case 1 -> in.getUnsignedByte(index);
            case 2 -> big ? in.getUnsignedShort(index) : in.getUnsignedShortLE(index);
            case 3 -> big ? in.getUnsignedMedium(index) : in.getUnsignedMediumLE(index);
            case 4 -> big ? in.getUnsignedInt(index) : in.getUnsignedIntLE(index);
            default -> cut(big ? in.getLong(index) : in.getLongLE(index));
        };
    }

    private static long cut(long unsigned) {
        return unsigned < 0 ? Long.MAX_VALUE : unsigned;
    }

    void write(ByteBuf out, long value) {
        if (byteOrder == ByteOrder.BIG_ENDIAN) {
            switch (width) {
                case 1 -> out.writeByte((int) value);
                case 2 -> out.writeShort((int) value);
                case 3 -> out.writeMedium((int) value);
                case 4 -> out.writeInt((int) value);
                default -> out.writeLong(value);
            }
        } else {
            switch (width) {
                case 1 -> out.writeByte((int) value);
                case 2 -> out.writeShortLE((int) value);
                case 3 -> out.writeMediumLE((int) value);
                case 4 -> out.writeIntLE((int) value);
                default -> out.writeLongLE(value);
            }
        }
    }

    /** Takes in the same bytes that {@link #write} writes. */
    void update(CRC32C checksum, long value) {
        boolean big = byteOrder == ByteOrder.BIG_ENDIAN;
        for (int i = 0; i < width; i++) {
            checksum.update((int) (value >>> (Byte.SIZE * (big ? width - 1 - i : i))));
        }
    }
}

package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.zip.CRC32C;

/** {@code message[0, offset) | length | message[offset, ...) | checksum}: see {@code Framing.lengthField()}. */
final class LengthFieldFormat extends FrameFormat {

    private final LengthField field;
    private final int checksumBytes;
    /** The field's value plus this is the number of message bytes behind the field. */
    private final long bias;
    /** The most message bytes behind the field. */
    private final long maxBody;

    private final int minMessageBytes;
    private final int headerBytes;
    /** The span of a frame with nothing behind the field but the checksum. */
    private final long emptySpan;

    private final int overhead;

    LengthFieldFormat(LengthField field, int maxFrameBytes, boolean checksum) {
        super(effectiveMax(field, maxFrameBytes, bytesOf(checksum)));
        this.field = field;
        checksumBytes = bytesOf(checksum);
        bias = (long) field.adjustment() - checksumBytes;
        maxBody = (long) maxFrameBytes() - field.offset();
        minMessageBytes = (int) minMessage(field, checksumBytes);
        headerBytes = field.offset() + field.width();
        emptySpan = span(headerBytes + checksumBytes, headerBytes, checksumBytes);
        overhead = field.width() + checksumBytes;
    }

    private static int bytesOf(boolean checksum) {
        return checksum ? FrameChecksum.BYTES : 0;
    }

    /** A length cannot be negative, so an adjustment above zero asks for that many bytes behind the field. */
    private static long minMessage(LengthField field, int checksumBytes) {
        return field.offset() + Math.max(0, (long) field.adjustment() - checksumBytes);
    }

    private static int effectiveMax(LengthField field, int maxFrameBytes, int checksumBytes) {
        long following = Math.min(Long.MAX_VALUE / 2, field.maxValue()) + field.adjustment();
        long max = Math.min(maxFrameBytes, following - checksumBytes + field.offset());
        long min = Math.max(1, minMessage(field, checksumBytes));
        if (max < min) {
            String with = "(must leave room for a message of " + min + " bytes, with width " + field.width()
                    + ", offset " + field.offset() + ", adjustment " + field.adjustment()
                    + (checksumBytes > 0 ? ", a checksum)" : ")");
            throw new IllegalArgumentException(
                    maxFrameBytes < min
                            ? "maxFrameBytes: " + maxFrameBytes + " " + with
                            : "adjustment: " + field.adjustment() + " " + with);
        }
        return (int) max;
    }

    @Override
    public long probe(ByteBuf in, int index, int readable, int scanned) throws NetException {
        if (readable < headerBytes) {
            return UNKNOWN;
        }
        // the hot path of the default framing: read, add, two compares, add
        long body = field.read(in, index + field.offset()) + bias;
        if (body < 0 || body > maxBody) {
            throw badLength(in, index, readable);
        }
        return emptySpan + body;
    }

    private NetException badLength(ByteBuf in, int index, int readable) {
        long value = field.read(in, index + field.offset());
        String claim = "the length field says " + (value == Long.MAX_VALUE ? "2^63-1 or more" : value);
        boolean overflows = bias > 0 && value > Long.MAX_VALUE - bias;
        if (!overflows && value + bias < 0) {
            String rule = ", less than the " + -bias + " bytes it must count (adjustment " + field.adjustment()
                    + (checksumBytes > 0 ? ", a checksum of 4 bytes)" : ")");
            return FrameFailure.of(Kind.FRAME_CORRUPT, claim + rule, in, index, readable);
        }
        if (overflows || value > Long.MAX_VALUE / 2) {
            return tooLarge(claim, in, index, readable);
        }
        long message = value + bias + field.offset();
        return tooLarge(claim + ", a message of " + message + " bytes", in, index, readable);
    }

    @Override
    public void verify(ByteBuf in, int index, long span) throws NetException {
        if (checksumBytes > 0) {
            FrameChecksum.verify(in, index, wireLength(span));
        }
    }

    @Override
    public int leadingMessageBytes() {
        return field.offset();
    }

    @Override
    public void checkOutbound(ByteBuf message) {
        super.checkOutbound(message);
        int bytes = message.readableBytes();
        if (bytes < minMessageBytes) {
            throw refused(
                    bytes,
                    "be at least " + minMessageBytes + ", offset " + field.offset() + ", adjustment "
                            + field.adjustment());
        }
    }

    @Override
    public int wireSize(int messageBytes) {
        return messageBytes + overhead;
    }

    @Override
    public int writeHeader(ByteBuf message, ByteBuf out) {
        int offset = field.offset();
        if (offset > 0) {
            out.writeBytes(message, message.readerIndex(), offset);
        }
        field.write(out, value(message));
        return offset;
    }

    @Override
    public void writeTrailer(ByteBuf message, ByteBuf out) {
        if (checksumBytes > 0) {
            CRC32C checksum = new CRC32C();
            int start = message.readerIndex();
            int offset = field.offset();
            FrameChecksum.update(checksum, message, start, offset);
            field.update(checksum, value(message));
            FrameChecksum.update(checksum, message, start + offset, message.readableBytes() - offset);
            out.writeInt((int) checksum.getValue());
        }
    }

    private long value(ByteBuf message) {
        return message.readableBytes() - field.offset() - bias;
    }

    @Override
    public FrameFormat withChecksum() {
        return new LengthFieldFormat(field, maxFrameBytes(), true);
    }

    @Override
    List<Object> options() {
        return List.of(field, checksumBytes, maxFrameBytes());
    }

    @Override
    public String toString() {
        return "lengthField(width " + field.width() + ", offset " + field.offset() + ", adjustment "
                + field.adjustment()
                + ", " + field.byteOrder() + ", maxFrameBytes " + maxFrameBytes() + FrameChecksum.text(checksumBytes)
                + ")";
    }
}

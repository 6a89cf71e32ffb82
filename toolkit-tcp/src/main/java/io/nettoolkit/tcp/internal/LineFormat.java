package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import java.util.List;

/** {@code message | LF} or {@code message | CR LF}: see {@code Framing.line()}. */
final class LineFormat extends FrameFormat {

    private static final byte LF = '\n';
    private static final byte CR = '\r';

    private final boolean writesCrlf;

    LineFormat(boolean writesCrlf, int maxFrameBytes) {
        super(maxFrameBytes);
        this.writesCrlf = writesCrlf;
    }

    @Override
    public long probe(ByteBuf in, int index, int readable, int scanned) throws NetException {
        int limit = Math.min(readable, maxFrameBytes() + 2);
        int at = scanned < limit ? in.indexOf(index + scanned, index + limit, LF) : -1;
        if (at < 0) {
            if (contentBytes(in, index, limit) > maxFrameBytes()) {
                throw tooLarge("no end of line within " + limit + " bytes", in, index, readable);
            }
            return UNKNOWN;
        }
        int before = at - index;
        int content = contentBytes(in, index, before);
        if (content > maxFrameBytes()) {
            throw tooLarge("a line of " + content + " bytes", in, index, readable);
        }
        return span(before + 1, 0, before + 1 - content);
    }

    /** The length without a last CR, which belongs to the ending or may still turn out to. */
    private static int contentBytes(ByteBuf in, int index, int length) {
        return length > 0 && in.getByte(index + length - 1) == CR ? length - 1 : length;
    }

    @Override
    public void verify(ByteBuf in, int index, long span) {}

    @Override
    public void checkOutbound(ByteBuf message) {
        super.checkOutbound(message);
        int start = message.readerIndex();
        int end = message.writerIndex();
        int at = message.indexOf(start, end, LF);
        if (at >= 0) {
            throw refused(end - start, "not contain LF, found at " + (at - start) + ": it ends the line");
        }
        if (end > start && message.getByte(end - 1) == CR) {
            throw refused(end - start, "not end in CR: it is taken for part of the line's end");
        }
    }

    @Override
    public int wireSize(int messageBytes) {
        return messageBytes + (writesCrlf ? 2 : 1);
    }

    @Override
    public int writeHeader(ByteBuf message, ByteBuf out) {
        return 0;
    }

    @Override
    public void writeTrailer(ByteBuf message, ByteBuf out) {
        if (writesCrlf) {
            out.writeShort((CR << Byte.SIZE) | LF);
        } else {
            out.writeByte(LF);
        }
    }

    @Override
    public FrameFormat withChecksum() {
        throw new UnsupportedOperationException("a line cannot carry a checksum: its bytes could hold an end of line");
    }

    @Override
    List<Object> options() {
        return List.of(writesCrlf, maxFrameBytes());
    }

    @Override
    public String toString() {
        return "line(" + (writesCrlf ? "CRLF" : "LF") + ", maxFrameBytes " + maxFrameBytes() + ")";
    }
}

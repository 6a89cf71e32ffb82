package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code message | delimiter}: see {@code Framing.delimiter()}.
 *
 * <p>A reader cuts at the first delimiter it meets. That one may begin inside the message and end inside the delimiter
 * behind it: with delimiter {@code aa}, {@code xa|aa} is cut after {@code x}. It takes k bytes at the message's end that
 * are the delimiter's first k, where the delimiter is its own continuation after k bytes, that is: has period k.
 */
final class DelimiterFormat extends FrameFormat {

    private final byte[] delimiter;
    /** The lengths k (1 to length - 1) with delimiter[i + k] = delimiter[i] for all i. */
    private final int[] periods;

    DelimiterFormat(byte[] delimiter, int maxFrameBytes) {
        super(maxFrameBytes);
        this.delimiter = delimiter;
        int length = delimiter.length;
        periods = IntStream.range(1, length)
                .filter(k -> Arrays.equals(delimiter, k, length, delimiter, 0, length - k))
                .toArray();
    }

    @Override
    public long probe(ByteBuf in, int index, int readable, int scanned) throws NetException {
        int window = maxFrameBytes() + delimiter.length;
        int limit = Math.min(readable, window);
        int from = Math.max(0, scanned - delimiter.length + 1);
        int at = find(in, index + from, index + limit);
        if (at >= 0) {
            return span(at - index + delimiter.length, 0, delimiter.length);
        }
        if (readable >= window) {
            throw tooLarge("no delimiter within " + window + " bytes", in, index, readable);
        }
        return UNKNOWN;
    }

    /** Where the first delimiter in [from, to) begins, or -1. */
    private int find(ByteBuf in, int from, int to) {
        int end = to - delimiter.length + 1;
        for (int at = from; at < end; at++) {
            at = in.indexOf(at, end, delimiter[0]);
            if (at < 0) {
                return -1;
            }
            if (startsWith(in, at, delimiter.length)) {
                return at;
            }
        }
        return -1;
    }

    private boolean startsWith(ByteBuf in, int index, int length) {
        for (int i = 0; i < length; i++) {
            if (in.getByte(index + i) != delimiter[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void verify(ByteBuf in, int index, long span) {}

    @Override
    public void checkOutbound(ByteBuf message) {
        super.checkOutbound(message);
        int start = message.readerIndex();
        int end = message.writerIndex();
        int at = find(message, start, end);
        if (at >= 0) {
            throw refused(end - start, "not contain the delimiter, found at " + (at - start));
        }
        for (int period : periods) {
            if (end - start >= period && startsWith(message, end - period, period)) {
                throw refused(
                        end - start,
                        "not end in the first " + period + " of the delimiter's " + delimiter.length
                                + " bytes, which would make the frame end there");
            }
        }
    }

    @Override
    public int wireSize(int messageBytes) {
        return messageBytes + delimiter.length;
    }

    @Override
    public int writeHeader(ByteBuf message, ByteBuf out) {
        return 0;
    }

    @Override
    public void writeTrailer(ByteBuf message, ByteBuf out) {
        out.writeBytes(delimiter);
    }

    @Override
    public FrameFormat withChecksum() {
        throw new UnsupportedOperationException(
                "a delimited frame cannot carry a checksum: its bytes could hold the delimiter");
    }

    @Override
    List<Object> options() {
        return List.of(ByteBufUtil.hexDump(delimiter), maxFrameBytes());
    }

    @Override
    public String toString() {
        return "delimiter(" + ByteBufUtil.hexDump(delimiter) + ", maxFrameBytes " + maxFrameBytes() + ")";
    }
}

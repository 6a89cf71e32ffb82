package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.tcp.Framing;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * How frames stand in a stream: pure functions of bytes, without state.
 *
 * <p>A frame on the wire is {@code header | payload | trailer}. The message that the user sees is the payload, behind
 * the {@link #leadingMessageBytes} first bytes of the header where a format has such.
 *
 * <p>Reading: {@link #probe} until the frame's span is known, wait for {@link #wireLength} bytes, {@link #verify}, take
 * the message. Writing: {@link #checkOutbound}, reserve {@link #wireSize}, {@link #writeHeader}, the rest of the
 * message (copied or gathered), {@link #writeTrailer}. No method moves an index of {@code in} or {@code message}.
 *
 * <p>Part of a frame left over when the stream ends is an error in every format ({@link #truncated}): nobody can tell
 * whether an unterminated last line is whole.
 *
 * <p><b>Threading.</b> Immutable; any thread.
 */
public abstract sealed class FrameFormat
        permits LengthFieldFormat, VarintFormat, FixedLengthFormat, LineFormat, DelimiterFormat {

    /** The answer of {@link #probe} that says: where the frame ends is not known yet. */
    public static final long UNKNOWN = -1;

    /** The largest {@code maxFrameBytes}: a frame stands in one buffer, whose indexes are ints, with room to spare. */
    public static final int MAX_FRAME_BYTES = 1 << 30;

    private static final int HEADER_SHIFT = 32;
    private static final int TRAILER_SHIFT = 48;
    private static final int EDGE_MASK = 0x7FFF;

    private final int maxFrameBytes;

    FrameFormat(int maxFrameBytes) {
        this.maxFrameBytes = maxFrameBytes;
    }

    /** A length field before the frame or within its first bytes; the limit sinks to what the field can express. */
    public static FrameFormat lengthField(LengthField field, int maxFrameBytes) {
        return new LengthFieldFormat(field, maxFrameBytes, false);
    }

    /** A base-128 length before the frame. */
    public static FrameFormat varint(int maxFrameBytes) {
        return new VarintFormat(maxFrameBytes, false);
    }

    /** Frames of always the same length. */
    public static FrameFormat fixedLength(int frameBytes) {
        return new FixedLengthFormat(frameBytes, false);
    }

    /** Lines, written with LF or CR LF behind them, read with either. */
    public static FrameFormat line(Framing.LineEnding ending, int maxFrameBytes) {
        return new LineFormat(ending == Framing.LineEnding.CRLF, maxFrameBytes);
    }

    /** Frames that end in a delimiter. */
    public static FrameFormat delimiter(byte[] delimiter, int maxFrameBytes) {
        return new DelimiterFormat(delimiter.clone(), maxFrameBytes);
    }

    /**
     * Looks at a stream whose next frame starts at {@code index}.
     *
     * @param in the bytes, read in {@code [index, index + readable)} only
     * @param scanned a delimiter format's memory: how many of the bytes were there when an earlier call for this frame
     *     answered {@link #UNKNOWN}, 0 at first; so a peer that drips costs a look at each byte, not at all of them
     * @return {@link #UNKNOWN}, or the frame's span; the frame is complete when its {@link #wireLength} is at most
     *     {@code readable}, and the answer does not change as more bytes come
     * @throws NetException FRAME_TOO_LARGE or FRAME_CORRUPT: this stream has no next frame, close it
     */
    public abstract long probe(ByteBuf in, int index, int readable, int scanned) throws NetException;

    /**
     * Checks the checksum of a complete frame, if the format has one.
     *
     * @throws NetException FRAME_CHECKSUM
     */
    public abstract void verify(ByteBuf in, int index, long span) throws NetException;

    /** How many bytes of a message stand before the length field; where not 0, it is not contiguous on the wire. */
    public int leadingMessageBytes() {
        return 0;
    }

    /**
     * Refuses a message that the peer could not read back as it is.
     *
     * @throws IllegalArgumentException naming value, limit and rule
     */
    public void checkOutbound(ByteBuf message) {
        int bytes = message.readableBytes();
        if (bytes > maxFrameBytes) {
            throw tooLong(bytes);
        }
    }

    /** The exact size on the wire of a message of this many bytes. */
    public abstract int wireSize(int messageBytes);

    /**
     * Writes everything that stands before the rest of the message, its {@link #leadingMessageBytes} included.
     *
     * @return how many bytes of the message that took: go on with the byte at {@code readerIndex} plus this
     */
    public abstract int writeHeader(ByteBuf message, ByteBuf out);

    /** Writes everything that stands after the message; needs nothing from the header, so the two may go apart. */
    public abstract void writeTrailer(ByteBuf message, ByteBuf out);

    /**
     * The same format with a CRC32C behind every frame.
     *
     * @throws UnsupportedOperationException where the end of a frame is found by its content
     */
    public abstract FrameFormat withChecksum();

    /** The most bytes a message may have, as the user sees it: no header, trailer or checksum counted. */
    public final int maxFrameBytes() {
        return maxFrameBytes;
    }

    /**
     * The failure of a stream that ended with part of a frame in the buffer.
     *
     * @param readable bytes of the frame that came, at least 1
     */
    public final NetException truncated(ByteBuf in, int index, int readable) {
        String wanted = "";
        try {
            long span = probe(in, index, readable, 0);
            if (span != UNKNOWN) {
                wanted = " of " + wireLength(span);
            }
        } catch (NetException e) {
            return e;
        }
        String what = "the stream ended inside a frame, after " + readable + wanted + " bytes of it";
        return FrameFailure.of(Kind.FRAME_TRUNCATED, what, in, index, readable);
    }

    /** The whole frame's length on the wire. */
    public static int wireLength(long span) {
        return (int) span;
    }

    /** Bytes before the payload. */
    public static int headerLength(long span) {
        return (int) (span >>> HEADER_SHIFT) & EDGE_MASK;
    }

    /** Bytes after the payload. */
    public static int trailerLength(long span) {
        return (int) (span >>> TRAILER_SHIFT) & EDGE_MASK;
    }

    /** Packed so that growing the wire length by n is adding n; header and trailer are far below 2^15 bytes. */
    static long span(int wireLength, int headerLength, int trailerLength) {
        return ((long) trailerLength << TRAILER_SHIFT) | ((long) headerLength << HEADER_SHIFT) | wireLength;
    }

    /** "message: 9 bytes (must be ...)". */
    static IllegalArgumentException refused(int bytes, String rule) {
        return new IllegalArgumentException("message: " + bytes + " bytes (must " + rule + ")");
    }

    final IllegalArgumentException tooLong(int bytes) {
        return refused(bytes, "be at most maxFrameBytes " + maxFrameBytes);
    }

    final NetException tooLarge(String what, ByteBuf in, int index, int readable) {
        String detail = what + ", the limit is " + maxFrameBytes + " (maxFrameBytes)";
        return FrameFailure.of(Kind.FRAME_TOO_LARGE, detail, in, index, readable);
    }

    /** Everything that makes two formats of one class equal. */
    abstract List<Object> options();

    @Override
    public final boolean equals(Object other) {
        return other instanceof FrameFormat format
                && format.getClass() == getClass()
                && format.options().equals(options());
    }

    @Override
    public final int hashCode() {
        return 31 * getClass().hashCode() + options().hashCode();
    }
}

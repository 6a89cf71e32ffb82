package io.nettoolkit.tcp;

import io.nettoolkit.tcp.internal.FrameFormat;
import io.nettoolkit.tcp.internal.FramingHandler;
import io.nettoolkit.tcp.internal.LengthField;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * How a byte stream is cut into frames, in both directions: what one side encodes with a framing, the other side
 * decodes with an equal one, byte for byte.
 *
 * <pre>{@code
 * Framing framing = Framing.lengthField().maxFrameBytes(64 << 10).build().withChecksum();
 * }</pre>
 *
 * <p>A <em>message</em> is what a handler sees and sends; a <em>frame</em> is the message as it stands on the wire.
 * {@code maxFrameBytes} limits the message, in every kind the same: 1 to 2<sup>30</sup> bytes, with length field,
 * delimiter and checksum not counted. Messages of 0 bytes are legal (except where the length is fixed or the
 * adjustment of a length field asks for more).
 *
 * <p>In the drawings each cell is a byte, {@code m} a byte of the message, {@code c} a byte of the checksum.
 *
 * <p><b>Threading.</b> Immutable and comparable; share it between any number of connections.
 *
 * <p><b>Failure.</b> A stream that breaks its framing has no next frame, so its connection is closed with a
 * {@link io.nettoolkit.core.NetException} of operation DECODE and kind FRAME_TOO_LARGE (a message above the limit),
 * FRAME_CORRUPT (a length that is below what it must count or has no end), FRAME_CHECKSUM, or FRAME_TRUNCATED (the
 * stream ended inside a frame; an unterminated last line too, since nobody can tell whether it is whole). The message
 * has the numbers, the first bytes in hex and, where they spell it, the protocol that was probably sent. Nothing is
 * allocated for a length before its bytes come. A message that the peer could not read back as it is (too long, holding
 * the delimiter) is refused when it is sent, with an {@link IllegalArgumentException}.
 *
 * <p><b>Sources.</b> Varint: the Protocol Buffers encoding guide, "Base 128 Varints". CRC32C: RFC 3720 §12.1.
 */
public final class Framing {

    private static final int MAX_DELIMITER_BYTES = 64;

    private final FrameFormat format;

    private Framing(FrameFormat format) {
        this.format = format;
    }

    /**
     * A length field before each message, or behind its first bytes. By default 4 bytes, big endian, counting the
     * message. "hello":
     *
     * <pre>
     * +--+--+--+--+--+--+--+--+--+
     * |00 00 00 05| h  e  l  l  o|
     * +--+--+--+--+--+--+--+--+--+
     * </pre>
     *
     * <p>With {@code offset(2).width(2)} a 2-byte header, which belongs to the message, stands before the field. The
     * message is {@code CA FE h e l l o}, 7 bytes: the field is put in on encoding and taken out on decoding.
     *
     * <pre>
     * +--+--+--+--+--+--+--+--+--+
     * |CA FE|00 05| h  e  l  l  o|
     * +--+--+--+--+--+--+--+--+--+
     * </pre>
     *
     * <p>With {@code offset(2).width(2).adjustment(-4)} the field counts the whole frame:
     *
     * <pre>
     * +--+--+--+--+--+--+--+--+--+
     * |CA FE|00 09| h  e  l  l  o|
     * +--+--+--+--+--+--+--+--+--+
     * </pre>
     */
    public static LengthFieldBuilder lengthField() {
        return new LengthFieldBuilder();
    }

    /**
     * A base-128 length before each message, as Protocol Buffers' delimited streams have it: 7 bits a byte, the lowest
     * first, the top bit set in all but the last; at most 5 bytes. Written as short as can be, read in any length. A
     * message of 300 bytes:
     *
     * <pre>
     * +--+--+--+--+-- --+
     * |AC 02| m  m  ... |
     * +--+--+--+--+-- --+
     * </pre>
     *
     * @param maxFrameBytes the most bytes of a message, 1 to 2<sup>30</sup>
     */
    public static Framing varint(int maxFrameBytes) {
        return new Framing(FrameFormat.varint(checkedMax("maxFrameBytes", maxFrameBytes)));
    }

    /** Lines that are written with LF: {@link #line(LineEnding, int) line(LineEnding.LF, maxFrameBytes)}. */
    public static Framing line(int maxFrameBytes) {
        return line(LineEnding.LF, maxFrameBytes);
    }

    /**
     * Lines. Read with LF and with CR LF, whichever is written; the ending is not part of the message.
     *
     * <pre>
     *          LF                      CRLF
     * +--+--+--+--+--+--+     +--+--+--+--+--+--+--+
     * | h  e  l  l  o|0A|     | h  e  l  l  o|0D 0A|
     * +--+--+--+--+--+--+     +--+--+--+--+--+--+--+
     * </pre>
     *
     * <p>A message that contains LF or ends in CR is refused on encoding. Bytes are not decoded to characters; any
     * charset that keeps ASCII will do.
     *
     * @param ending what is written
     * @param maxFrameBytes the most bytes of a line without its ending, 1 to 2<sup>30</sup>
     */
    public static Framing line(LineEnding ending, int maxFrameBytes) {
        Objects.requireNonNull(ending, "ending: must not be null");
        return new Framing(FrameFormat.line(ending, checkedMax("maxFrameBytes", maxFrameBytes)));
    }

    /**
     * Messages that end in a delimiter, which is not part of the message. With delimiter {@code 00}:
     *
     * <pre>
     * +--+--+--+--+--+--+
     * | h  e  l  l  o|00|
     * +--+--+--+--+--+--+
     * </pre>
     *
     * <p>The first delimiter in the stream ends the frame. A message is refused on encoding when it contains the
     * delimiter, and also when its end and the delimiter behind it make one that begins earlier: {@code xa} with
     * delimiter {@code aa}.
     *
     * @param delimiter 1 to 64 bytes; copied
     * @param maxFrameBytes the most bytes of a message, 1 to 2<sup>30</sup>
     */
    public static Framing delimiter(byte[] delimiter, int maxFrameBytes) {
        Objects.requireNonNull(delimiter, "delimiter: must not be null");
        if (delimiter.length == 0 || delimiter.length > MAX_DELIMITER_BYTES) {
            throw new IllegalArgumentException(
                    "delimiter: " + delimiter.length + " bytes (must be 1 to " + MAX_DELIMITER_BYTES + ")");
        }
        return new Framing(FrameFormat.delimiter(delimiter, checkedMax("maxFrameBytes", maxFrameBytes)));
    }

    /**
     * Messages of always the same length, one behind the other. A shorter or longer one is refused on encoding.
     *
     * @param frameBytes bytes of every message, 1 to 2<sup>30</sup>
     */
    public static Framing fixedLength(int frameBytes) {
        return new Framing(FrameFormat.fixedLength(checkedMax("frameBytes", frameBytes)));
    }

    /**
     * The same framing with a CRC32C behind every message, 4 bytes big endian, over every byte of the frame before it
     * (so over the length field too). A frame whose checksum does not match ends its connection.
     *
     * <p>A length field counts the checksum among the bytes that follow it, and so does a varint: 5 + 4 here.
     *
     * <pre>
     * +--+--+--+--+--+--+--+--+--+--+--+--+--+
     * |00 00 00 09| h  e  l  l  o| c  c  c  c|
     * +--+--+--+--+--+--+--+--+--+--+--+--+--+
     *  \------------ covered -----------/
     * </pre>
     *
     * @return a framing with checksum, equal to this one where it has one already
     * @throws UnsupportedOperationException for lines and delimiters, which the checksum's bytes could hold
     */
    public Framing withChecksum() {
        return new Framing(format.withChecksum());
    }

    /** The most bytes of a message that this framing reads or writes. */
    public int maxFrameBytes() {
        return format.maxFrameBytes();
    }

    /**
     * A handler for one channel of any pipeline: it decodes what is read to one {@link ByteBuf} for each message and
     * encodes every {@link ByteBuf} that is written.
     */
    public ChannelHandler newHandler() {
        return new FramingHandler(format);
    }

    FrameFormat format() {
        return format;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Framing framing && framing.format.equals(format);
    }

    @Override
    public int hashCode() {
        return format.hashCode();
    }

    @Override
    public String toString() {
        return "Framing." + format;
    }

    private static int checkedMax(String name, int bytes) {
        if (bytes < 1 || bytes > FrameFormat.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException(
                    name + ": " + bytes + " (must be 1 to " + FrameFormat.MAX_FRAME_BYTES + ")");
        }
        return bytes;
    }

    /** What ends a line that is written; both are understood when reading. */
    public enum LineEnding {
        /** {@code 0A}. */
        LF,
        /** {@code 0D 0A}, as most line protocols of the Internet have it. */
        CRLF
    }

    /** Options of a length field. Not thread-safe. */
    public static final class LengthFieldBuilder {

        private static final int DEFAULT_MAX_FRAME_BYTES = 1 << 20;
        private static final int MAX_OFFSET = 1024;

        private int width = Integer.BYTES;
        private int offset;
        private int adjustment;
        private ByteOrder byteOrder = ByteOrder.BIG_ENDIAN;
        private int maxFrameBytes = DEFAULT_MAX_FRAME_BYTES;

        private LengthFieldBuilder() {}

        /** How many bytes the field has: 1, 2, 3, 4 or 8; default 4. Read as unsigned. */
        public LengthFieldBuilder width(int bytes) {
            if (bytes < 1 || (bytes > 4 && bytes != 8)) {
                throw new IllegalArgumentException("width: " + bytes + " (must be 1, 2, 3, 4 or 8)");
            }
            width = bytes;
            return this;
        }

        /**
         * How many bytes of the message stand before the field, 0 to 1024; default 0. A shorter message is refused on
         * encoding.
         */
        public LengthFieldBuilder offset(int bytes) {
            if (bytes < 0 || bytes > MAX_OFFSET) {
                throw new IllegalArgumentException("offset: " + bytes + " (must be 0 to " + MAX_OFFSET + ")");
            }
            offset = bytes;
            return this;
        }

        /**
         * The field's value plus this is the number of bytes that follow the field, a checksum included; default 0. It
         * is {@code -(offset + width)} where the field counts the whole frame. Netty's decoder has the same sign. Where
         * it is above 0, a message with fewer bytes to follow cannot be expressed and is refused on encoding.
         */
        public LengthFieldBuilder adjustment(int bytes) {
            adjustment = bytes;
            return this;
        }

        /** Which byte of the field comes first; default {@link ByteOrder#BIG_ENDIAN}. */
        public LengthFieldBuilder byteOrder(ByteOrder order) {
            byteOrder = Objects.requireNonNull(order, "byteOrder: must not be null");
            return this;
        }

        /**
         * The most bytes of a message, the {@code offset} bytes included, 1 to 2<sup>30</sup>; default 1 MiB. Where the
         * field can express less, that is the limit.
         */
        public LengthFieldBuilder maxFrameBytes(int bytes) {
            maxFrameBytes = checkedMax("maxFrameBytes", bytes);
            return this;
        }

        /**
         * The framing.
         *
         * @throws IllegalArgumentException when no message fits offset, adjustment and limit
         */
        public Framing build() {
            return new Framing(
                    FrameFormat.lengthField(new LengthField(width, offset, adjustment, byteOrder), maxFrameBytes));
        }
    }
}

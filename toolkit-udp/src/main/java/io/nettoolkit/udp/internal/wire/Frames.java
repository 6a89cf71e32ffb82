package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * The frames of a data packet. A frame is a type of one byte and its fields; numbers are {@link Varint}s where nothing
 * else is said.
 *
 * <pre>
 *  0x00 PADDING
 *  0x01 PING
 *  0x02 ACK               largest | delay in us | further ranges | length of the first - 1 | { gap - 1 | length - 1 } …
 *  0x03 ACK_FREQUENCY     packets | delay in us
 *  0x04 IMMEDIATE_ACK
 *  0x10 + 2 order         DATA, whole      channel | sequence | length | bytes
 *  0x11 + 2 order         DATA, a part     channel | sequence | offset | total | length | bytes
 *  0x20 CANCEL            order (1 byte) | channel | sequence | total
 *  0x21 MAX_DATA          bytes | messages
 *  0x22 MAX_CHANNEL_DATA  channel | bytes
 *  0x23 DATA_BLOCKED      (says only that the sender waits for credit)
 *  0x28 PATH_CHALLENGE    8 bytes
 *  0x29 PATH_RESPONSE     8 bytes
 *  0x2A CLOSE             code | length of the reason (1 byte) | reason in UTF-8
 *  0x2B NEW_ID            sequence | connection id (8 bytes) | reset token (16 bytes; zeros for none)
 *  0x2C RETIRE_ID         sequence
 *  0x80 to 0xFF           length | bytes: skipped by whoever does not know the type
 * </pre>
 *
 * Orders: 0 ordered (also PARTIAL), 1 unordered, 2 sequenced, 3 unreliable, 4 unreliable sequenced. {@code gap} and
 * {@code length} count packet numbers, from the largest down (RFC 9000 §19.3.1). Connection ids are
 * numbered from 0, the one of the handshake; a side has two of its own in use at most, and they are retired in their
 * order. Type 0x30 (forward error correction) is reserved.
 *
 * <p>An unknown type below 0x80 ends the connection. All frames but PADDING, ACK and CLOSE ask for an acknowledgement.
 */
public final class Frames {

    /** Reliable, in the order of writing. */
    public static final int ORDERED = 0;

    /** Reliable, in any order. */
    public static final int UNORDERED = 1;

    /** Reliable, the newest only. */
    public static final int SEQUENCED = 2;

    /** Sent once. */
    public static final int UNRELIABLE = 3;

    /** Sent once, never after a newer one. */
    public static final int UNRELIABLE_SEQUENCED = 4;

    /** The longest reason a CLOSE can tell, in bytes. */
    public static final int MAX_REASON_BYTES = 120;

    static final int PADDING = 0x00;
    static final int PING = 0x01;
    static final int ACK = 0x02;
    static final int ACK_FREQUENCY = 0x03;
    static final int IMMEDIATE_ACK = 0x04;
    static final int DATA = 0x10;
    static final int DATA_END = 0x1A;
    static final int CANCEL = 0x20;
    static final int MAX_DATA = 0x21;
    static final int MAX_CHANNEL_DATA = 0x22;
    static final int DATA_BLOCKED = 0x23;
    static final int PATH_CHALLENGE = 0x28;
    static final int PATH_RESPONSE = 0x29;
    static final int CLOSE = 0x2A;
    static final int NEW_ID = 0x2B;
    static final int RETIRE_ID = 0x2C;
    static final int SKIPPABLE = 0x80;

    private Frames() {}

    /** The type of a DATA frame that is all of a message. */
    public static int wholeType(int order) {
        return DATA + 2 * order;
    }

    /** The type of a DATA frame that is a part of a message. */
    public static int partType(int order) {
        return DATA + 2 * order + 1;
    }

    /** Writes an ACK with as many of its ranges as fit in {@code room}; nothing where not even one does. */
    public static boolean writeAck(ByteBuf out, AckFrame ack, int room) {
        long delayMicros = Math.min(ack.delayNanos() / AckFrame.DELAY_UNIT_NANOS, Varint.MAX);
        long largest = ack.largest(0);
        // The count of further ranges takes 1 byte up to 63.
        int size = 1 + Varint.size(largest) + Varint.size(delayMicros) + 1 + Varint.size(largest - ack.smallest(0));
        if (size > room) {
            return false;
        }
        int ranges = 1;
        while (ranges < ack.count()) {
            size += Varint.size(gap(ack, ranges)) + Varint.size(ack.largest(ranges) - ack.smallest(ranges));
            if (size > room) {
                break;
            }
            ranges++;
        }
        out.writeByte(ACK);
        Varint.write(out, largest);
        Varint.write(out, delayMicros);
        Varint.write(out, ranges - 1);
        Varint.write(out, largest - ack.smallest(0));
        for (int i = 1; i < ranges; i++) {
            Varint.write(out, gap(ack, i));
            Varint.write(out, ack.largest(i) - ack.smallest(i));
        }
        return true;
    }

    private static long gap(AckFrame ack, int i) {
        return ack.smallest(i - 1) - ack.largest(i) - 2;
    }

    /** Writes a PING. */
    public static void writePing(ByteBuf out) {
        out.writeByte(PING);
    }

    /** Writes so many bytes of PADDING. */
    public static void writePadding(ByteBuf out, int bytes) {
        out.writeZero(bytes);
    }

    /** Writes an IMMEDIATE_ACK. */
    public static void writeImmediateAck(ByteBuf out) {
        out.writeByte(IMMEDIATE_ACK);
    }

    /** Writes an ACK_FREQUENCY. */
    public static void writeAckFrequency(ByteBuf out, long packets, long delayNanos) {
        out.writeByte(ACK_FREQUENCY);
        Varint.write(out, packets);
        Varint.write(out, delayNanos / AckFrame.DELAY_UNIT_NANOS);
    }

    /** Writes a CANCEL. */
    public static void writeCancel(ByteBuf out, int order, int channel, long sequence, int total) {
        out.writeByte(CANCEL);
        out.writeByte(order);
        Varint.write(out, channel);
        Varint.write(out, sequence);
        Varint.write(out, total);
    }

    /** Writes a MAX_DATA. */
    public static void writeMaxData(ByteBuf out, long bytes, long messages) {
        out.writeByte(MAX_DATA);
        Varint.write(out, bytes);
        Varint.write(out, messages);
    }

    /** Writes a MAX_CHANNEL_DATA. */
    public static void writeMaxChannelData(ByteBuf out, int channel, long bytes) {
        out.writeByte(MAX_CHANNEL_DATA);
        Varint.write(out, channel);
        Varint.write(out, bytes);
    }

    /** Writes a DATA_BLOCKED. */
    public static void writeBlocked(ByteBuf out) {
        out.writeByte(DATA_BLOCKED);
    }

    /** Writes a PATH_CHALLENGE. */
    public static void writePathChallenge(ByteBuf out, long number) {
        out.writeByte(PATH_CHALLENGE);
        out.writeLong(number);
    }

    /** Writes a PATH_RESPONSE. */
    public static void writePathResponse(ByteBuf out, long number) {
        out.writeByte(PATH_RESPONSE);
        out.writeLong(number);
    }

    /** Writes a NEW_ID. */
    public static void writeNewId(ByteBuf out, long sequence, long id, byte[] resetToken) {
        out.writeByte(NEW_ID);
        Varint.write(out, sequence);
        out.writeLong(id);
        out.writeBytes(resetToken);
    }

    /** Writes a RETIRE_ID. */
    public static void writeRetireId(ByteBuf out, long sequence) {
        out.writeByte(RETIRE_ID);
        Varint.write(out, sequence);
    }

    /** Writes a CLOSE; a longer reason is cut. */
    public static void writeClose(ByteBuf out, long code, String reason) {
        out.writeByte(CLOSE);
        Varint.write(out, code);
        writeReason(out, reason);
    }

    static void writeReason(ByteBuf out, String reason) {
        // Cut between characters: at most three bytes each, a surrogate pair takes four for two.
        String cut = reason.substring(0, Math.min(reason.length(), MAX_REASON_BYTES / 3));
        out.writeByte(ByteBufUtil.utf8Bytes(cut));
        ByteBufUtil.writeUtf8(out, cut);
    }

    static String readReason(ByteBuf in) throws WireException {
        int length = in.isReadable() ? in.readUnsignedByte() : 1;
        if (length > in.readableBytes()) {
            throw WireException.encoding("a reason is cut off");
        }
        return in.readCharSequence(length, StandardCharsets.UTF_8).toString();
    }
}

package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;

/**
 * The two headers of wire format version 1. Everything is big-endian, every length is checked.
 *
 * <p>A <b>data packet</b>: 16 bytes, then frames ({@link Frames}), then what the security adds.
 *
 * <pre>
 *   0        1        2        4                 12                16
 *  +--------+--------+--------+-----------------+-----------------+--------+---------------------+
 *  |  0x40  |  0x01  | length |  connection id  |  packet number  | frames | 0, 4 or 16 bytes    |
 *  +--------+--------+--------+-----------------+-----------------+--------+---------------------+
 *   form     version  of the   the receiver's    its low 32 bits            nothing, CRC32C, or
 *                     datagram                                              the tag of AES-GCM
 * </pre>
 *
 * The low six bits of the first byte are zero in this version: a receiver drops a packet that sets one, which leaves them
 * for a key phase and for forward error correction. The length makes a truncated datagram visible where nothing else
 * would: half of it may well be readable frames.
 *
 * <p>A <b>handshake packet</b> ({@link Handshake}): 24 bytes, then its body, then CRC32C.
 *
 * <pre>
 *   0        1        2        4         8                 16                24
 *  +--------+--------+--------+---------+-----------------+-----------------+--------+---------+
 *  |  0xC0  |  type  | length | version |  destination id |  source id      |  body  | CRC32C  |
 *  +--------+--------+--------+---------+-----------------+-----------------+--------+---------+
 * </pre>
 *
 * <p><b>Connection ids</b> are 8 bytes chosen by who receives them: 56 random bits, then the index of the event loop that
 * owns the connection, so that any loop can hand a datagram over without asking.
 *
 * <p><b>Packet numbers</b> count from 0 to 2^62 - 1 and are never reused; the low 32 bits travel, and the receiver takes
 * the number nearest to the one it expects (RFC 9000 §A.3).
 */
public final class Wire {

    /** The version of this format. */
    public static final int VERSION = 1;

    /** Bytes before the frames of a data packet. */
    public static final int HEADER_BYTES = 16;

    /** Bytes before the body of a handshake packet. */
    public static final int LONG_HEADER_BYTES = 24;

    /** The first byte of a data packet. */
    public static final int DATA_FORM = 0x40;

    /** The first byte of a handshake packet. */
    public static final int HANDSHAKE_FORM = 0xC0;

    /**
     * The fewest bytes of a data packet that asks for an acknowledgement: more than a stateless reset has, so that one
     * can always be told that its connection is gone, without two servers resetting each other for ever.
     */
    public static final int MIN_ELICITING_BYTES = 40;

    private static final long PACKET_NUMBER_SPAN = 1L << 32;

    private Wire() {}

    /** Writes a data header; the length is filled in by {@link #setLength}. */
    public static void writeHeader(ByteBuf out, long connectionId, long packetNumber) {
        out.writeByte(DATA_FORM);
        out.writeByte(VERSION);
        out.writeShort(0);
        out.writeLong(connectionId);
        out.writeInt((int) packetNumber);
    }

    /** Fills in the length of the packet that begins at {@code start}. */
    public static void setLength(ByteBuf packet, int start, int bytes) {
        packet.setShort(start + 2, bytes);
    }

    /** Whether these bytes are a data packet of this version and as long as they say. */
    public static boolean isData(ByteBuf in) {
        int at = in.readerIndex();
        return in.readableBytes() >= HEADER_BYTES
                && in.getUnsignedByte(at) == DATA_FORM
                && in.getUnsignedByte(at + 1) == VERSION
                && in.getUnsignedShort(at + 2) == in.readableBytes();
    }

    /** Whether these bytes are a handshake packet, of any version, and as long as they say. */
    public static boolean isHandshake(ByteBuf in) {
        int at = in.readerIndex();
        return in.readableBytes() >= LONG_HEADER_BYTES + Crc32cProtection.BYTES
                && in.getUnsignedByte(at) == HANDSHAKE_FORM
                && in.getUnsignedShort(at + 2) == in.readableBytes();
    }

    /** The connection id a data packet is for. */
    public static long dataConnectionId(ByteBuf in) {
        return in.getLong(in.readerIndex() + 4);
    }

    /** The low bits of a data packet's number. */
    public static int truncatedPacketNumber(ByteBuf in) {
        return in.getInt(in.readerIndex() + 12);
    }

    /** The connection id a handshake packet is for. */
    public static long handshakeDestination(ByteBuf in) {
        return in.getLong(in.readerIndex() + 8);
    }

    /** The event loop that owns a connection. */
    public static int ownerLoop(long connectionId) {
        return (int) connectionId & 0xFF;
    }

    /** A connection id from random bits and the loop that owns it. */
    public static long connectionId(long randomBits, int ownerLoop) {
        return (randomBits & ~0xFFL) | (ownerLoop & 0xFF);
    }

    /** The packet number nearest to {@code expected} that ends in these bits (RFC 9000 §A.3). */
    public static long expandPacketNumber(long expected, int low) {
        long candidate = (expected & -PACKET_NUMBER_SPAN) | (low & 0xFFFF_FFFFL);
        if (candidate <= expected - PACKET_NUMBER_SPAN / 2 && candidate < Varint.MAX + 1 - PACKET_NUMBER_SPAN) {
            return candidate + PACKET_NUMBER_SPAN;
        }
        if (candidate > expected + PACKET_NUMBER_SPAN / 2 && candidate >= PACKET_NUMBER_SPAN) {
            return candidate - PACKET_NUMBER_SPAN;
        }
        return candidate;
    }
}

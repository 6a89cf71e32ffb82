package io.nettoolkit.udp.internal.delivery;

import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.Varint;
import io.netty.buffer.ByteBuf;

/** Cuts messages into DATA frames: as few as fit, and none so small that its head outweighs it. */
final class PartWriter {

    private static final int SMALLEST_PART = 256;

    private int payloadBytes;

    /** The room for frames in a full packet. */
    void setPayloadBytes(int bytes) {
        payloadBytes = bytes;
    }

    /** Whether to begin the message, which will have this number, in so much room: one that fits whole is not cut. */
    boolean hasRoomToBegin(OutMessage m, long sequence, int room) {
        int whole = headBytes(m, sequence, room) + m.length;
        return whole <= room || (whole > payloadBytes && room >= Math.min(SMALLEST_PART, payloadBytes));
    }

    /** Bytes of a DATA frame before its bytes, at most, without offset and total. */
    private static int headBytes(OutMessage m, long sequence, int room) {
        return 1 + Varint.size(m.channel) + Varint.size(sequence) + Varint.size(Math.max(room, 0));
    }

    /** Writes as much of [from, to) as fits; answers how many bytes, or -1 where not even a useful part does. */
    int write(OutMessage m, int from, int to, ByteBuf out, int end) {
        int room = end - out.writerIndex();
        int head = headBytes(m, m.sequence, room);
        int bytes = to - from;
        boolean whole = bytes == m.length && head + bytes <= room;
        if (!whole) {
            head += Varint.size(from) + Varint.size(m.length);
            bytes = Math.min(bytes, room - head);
            if (bytes < to - from && bytes < Math.min(SMALLEST_PART, payloadBytes - head)) {
                return -1;
            }
        }
        out.writeByte(whole ? Frames.wholeType(m.order) : Frames.partType(m.order));
        Varint.write(out, m.channel);
        Varint.write(out, m.sequence);
        if (!whole) {
            Varint.write(out, from);
            Varint.write(out, m.length);
        }
        Varint.write(out, bytes);
        out.writeBytes(m.content, m.content.readerIndex() + from, bytes);
        return bytes;
    }
}

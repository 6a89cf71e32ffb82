package io.nettoolkit.udp.internal.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What a datagram's frames are wrapped in. One for each connection; the keys of both directions are in it.
 *
 * <p>Threading: confined to its connection's loop.
 */
public abstract class PacketProtection {

    /** Datagrams pass as they are. */
    public static final PacketProtection NONE = new PacketProtection() {
        @Override
        public int overheadBytes() {
            return 0;
        }

        @Override
        void protect(ByteBuf out, int start, long packetNumber) {}

        @Override
        @Nullable
        ByteBuf unprotect(ByteBuf datagram, long packetNumber) {
            return datagram.skipBytes(Wire.HEADER_BYTES);
        }
    };

    /** Bytes added to a packet. */
    public abstract int overheadBytes();

    /** Fills in the length of the packet from {@code start} to the writer index, and protects it. */
    public final void seal(ByteBuf out, int start, long packetNumber) {
        Wire.setLength(out, start, out.writerIndex() - start + overheadBytes());
        protect(out, start, packetNumber);
    }

    /**
     * The frames of a data packet ({@link Wire#isData}), or null where it is not genuine. They are readable in the
     * answer, which is {@code datagram} itself or a scratch buffer, and valid until the next call.
     */
    public final @Nullable ByteBuf open(ByteBuf datagram, long packetNumber) {
        if (datagram.readableBytes() < Wire.HEADER_BYTES + overheadBytes()) {
            return null;
        }
        return unprotect(datagram, packetNumber);
    }

    /** Lets go of memory that is only needed while packets come and go. */
    public void trim() {}

    abstract void protect(ByteBuf out, int start, long packetNumber);

    abstract @Nullable ByteBuf unprotect(ByteBuf datagram, long packetNumber);
}

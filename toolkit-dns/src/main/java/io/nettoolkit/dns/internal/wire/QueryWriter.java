package io.nettoolkit.dns.internal.wire;

import io.netty.buffer.ByteBuf;

/** Writes queries (RFC 1035 §4.1, RFC 6891 §6.1, RFC 7830). Stateless. */
public final class QueryWriter {

    private static final int RECURSION_DESIRED = 0x0100;
    /** AD in a query asks for AD in the answer (RFC 6840 §5.7). */
    private static final int WANT_AUTHENTICATED = 0x0020;

    private static final int OPT_BYTES = 11;
    private static final int OPTION_BYTES = 4;
    private static final int PADDING = 12;
    /** Queries are padded to a multiple of this (RFC 8467 §4.1). */
    public static final int PADDING_BLOCK = 128;

    private QueryWriter() {}

    /** Bytes of the longest query that is not padded, with the length in front that TCP has. */
    public static int maxBytes() {
        return 2 + NameReader.HEADER_BYTES + DnsName.MAX_BYTES + 4 + OPT_BYTES;
    }

    /** Bytes of a query. */
    public static int length(DnsName name, int payloadSize) {
        return NameReader.HEADER_BYTES + name.length() + 4 + (payloadSize == 0 ? 0 : OPT_BYTES);
    }

    /**
     * Appends a query.
     *
     * @param question wire form of the name as it is to be spelled; what comes after its end does not count
     * @param payloadSize the longest datagram to be sent in answer; 0 for a query without EDNS
     */
    public static void write(ByteBuf to, int id, byte[] question, int type, int payloadSize) {
        to.writeShort(id);
        to.writeShort(RECURSION_DESIRED | WANT_AUTHENTICATED);
        to.writeLong(payloadSize == 0 ? 0x0001_0000_0000_0000L : 0x0001_0000_0000_0001L);
        to.writeBytes(question, 0, lengthOfName(question));
        to.writeInt(type << 16 | 1);
        if (payloadSize != 0) {
            to.writeByte(0);
            to.writeInt(41 << 16 | payloadSize);
            to.writeInt(0);
            to.writeShort(0);
        }
    }

    private static int lengthOfName(byte[] wire) {
        int end = 0;
        while (wire[end] != 0) {
            end += wire[end] + 1;
        }
        return end + 1;
    }

    /** Fills the query with EDNS that was just written, from {@code start} on, up to a whole block: over TLS its length tells nothing. */
    public static void pad(ByteBuf to, int start) {
        int length = to.writerIndex() - start + OPTION_BYTES;
        int padding = (PADDING_BLOCK - length % PADDING_BLOCK) % PADDING_BLOCK;
        to.setShort(to.writerIndex() - 2, OPTION_BYTES + padding);
        to.writeShort(PADDING);
        to.writeShort(padding);
        to.writeZero(padding);
    }
}

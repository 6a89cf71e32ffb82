package io.nettoolkit.dns.internal.query;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/*
 * Datagrams live for moments: an answer is read out of its buffer before the next one is received, and a query is in the
 * kernel at the end of the burst. So the same few buffers serve again and again, and neither an allocator nor the bookkeeping
 * of leaks has a part in a query. Each is held by one reference of ours; while somebody else has one too, it is in use, and
 * a buffer of the channel's allocator stands in.
 */

/** The buffers of an engine's datagrams. Confined to its loop. */
final class DatagramBuffers extends DefaultMaxMessagesRecvByteBufAllocator {

    /** Longer than any datagram that was asked for. */
    private static final int RECEIVE_BYTES = 4096;

    private static final int READS_AT_ONCE = 128;

    /** Room for some thirty queries of one length. */
    private static final int QUERIES_BYTES = 2048;

    /** A power of two. */
    private static final int QUERIES = 32;

    private final @Nullable ByteBuf[] queries = new ByteBuf[QUERIES];
    private int next;
    private @Nullable ByteBuf answer;
    private boolean closed;

    DatagramBuffers() {
        super(READS_AT_ONCE);
    }

    /**
     * An empty buffer for a query of this length, which whoever sends it releases.
     *
     * @param several whether others of that length are to fit in as well
     */
    ByteBuf forQueries(ByteBufAllocator standIn, int length, boolean several) {
        ByteBuf buffer = queries[next];
        if (buffer == null && !closed) {
            buffer = UnpooledByteBufAllocator.DEFAULT.directBuffer(QUERIES_BYTES, QUERIES_BYTES);
            queries[next] = buffer;
        }
        if (buffer == null || buffer.refCnt() != 1) {
            return standIn.directBuffer(several ? QUERIES_BYTES : length);
        }
        next = (next + 1) & (QUERIES - 1);
        return buffer.clear().retain();
    }

    private ByteBuf forAnswer(ByteBufAllocator standIn) {
        ByteBuf buffer = answer;
        if (buffer == null && !closed) {
            buffer = UnpooledByteBufAllocator.DEFAULT.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES);
            answer = buffer;
        }
        return buffer == null || buffer.refCnt() != 1
                ? standIn.directBuffer(RECEIVE_BYTES, RECEIVE_BYTES)
                : buffer.clear().retain();
    }

    /** Gives them back; those in use go when they are not any more. */
    void close() {
        closed = true;
        if (answer != null) {
            answer.release();
            answer = null;
        }
        for (int i = 0; i < QUERIES; i++) {
            ByteBuf buffer = queries[i];
            if (buffer != null) {
                buffer.release();
                queries[i] = null;
            }
        }
    }

    @Override
    @SuppressWarnings("deprecation") // the old name of the same type is part of the signature
    public Handle newHandle() {
        return new Reads();
    }

    private final class Reads extends MaxMessageHandle {
        @Override
        public int guess() {
            return RECEIVE_BYTES;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return forAnswer(allocator);
        }
    }
}

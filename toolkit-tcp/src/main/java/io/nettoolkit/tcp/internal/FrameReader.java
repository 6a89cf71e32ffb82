package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/*
 * Cuts a stream into frames, in place.
 *
 * Idea. Frames are lent to the sink straight out of the buffer the bytes were read into. Only the frame that a read cuts
 * in two is copied: its first part waits in `partial`, and the next read adds just the bytes that finish it before the
 * rest of that read is again decoded in place. So a byte is copied at most once, and most are not copied at all.
 *
 * Invariants.
 *  - Between two reads, `partial` holds exactly the bytes received and not delivered; it is null when there are none.
 *  - `partial` grows with the bytes that came, never with the length a header claims.
 *  - A byte is searched for a delimiter once (`scanned`).
 */

/**
 * The state of one stream being cut into frames.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class FrameReader {

    /** What room a partial frame starts with where it is shorter, however much its header claims. */
    private static final int FIRST_PARTIAL_BYTES = 256;

    /** How many bytes are added to a partial frame at a time while its end is not known. */
    private static final int PROBE_BYTES = 256;

    private final FrameFormat format;
    private @Nullable ByteBuf partial;
    private int scanned;
    private boolean closed;

    FrameReader(FrameFormat format) {
        this.format = format;
    }

    /** Whether bytes were received that are not delivered: half a frame, or what came while the sink paused. */
    boolean hasPartial() {
        return partial != null;
    }

    /** What those bytes look like, for a message about them; empty where there are none. */
    String describePartial() {
        ByteBuf kept = partial;
        return kept == null ? "" : FrameFailure.describe(kept, kept.readerIndex(), kept.readableBytes());
    }

    /** How many bytes that is. */
    int partialBytes() {
        return partial == null ? 0 : partial.readableBytes();
    }

    /**
     * Delivers every whole frame to the sink. Releases {@code in}.
     *
     * @throws NetException when the bytes break the format's rules; the stream cannot be read on after that
     */
    void read(ByteBuf in, ByteBufAllocator allocator, FrameSink sink) throws Exception {
        try {
            if (partial != null) {
                finishPartial(in, sink);
            }
            if (partial == null) {
                deliverWhole(in, sink);
            }
            // A frame's own handler may have closed this reader.
            if (in.isReadable() && !closed) {
                keep(in, allocator);
            }
        } finally {
            in.release();
        }
    }

    /** Delivers what was kept while the sink paused. */
    void resume(ByteBufAllocator allocator, FrameSink sink) throws Exception {
        ByteBuf kept = partial;
        if (kept != null) {
            partial = null;
            scanned = 0;
            read(kept, allocator, sink);
        }
    }

    /** Drops what is left, and from now on what is not delivered. */
    void close() {
        closed = true;
        if (partial != null) {
            partial.release();
            partial = null;
        }
    }

    private void deliverWhole(ByteBuf in, FrameSink sink) throws Exception {
        while (in.isReadable() && sink.wantsFrames()) {
            int start = in.readerIndex();
            int readable = in.readableBytes();
            long span = format.probe(in, start, readable, 0);
            if (span == FrameFormat.UNKNOWN) {
                scanned = readable;
                return;
            }
            int wireLength = FrameFormat.wireLength(span);
            if (wireLength > readable) {
                return;
            }
            in.readerIndex(start + wireLength);
            deliver(in, start, span, sink);
        }
    }

    /** Adds bytes of {@code in} to the partial frame until it is whole or they run out, and delivers it. */
    private void finishPartial(ByteBuf in, FrameSink sink) throws Exception {
        ByteBuf frame = partial;
        while (frame != null && sink.wantsFrames()) {
            int have = frame.readableBytes();
            long span = format.probe(frame, frame.readerIndex(), have, scanned);
            if (span == FrameFormat.UNKNOWN) {
                scanned = have;
                if (!in.isReadable()) {
                    return;
                }
                frame.writeBytes(in, Math.min(PROBE_BYTES, in.readableBytes()));
                continue;
            }
            int missing = FrameFormat.wireLength(span) - have;
            if (missing > 0) {
                int take = Math.min(missing, in.readableBytes());
                frame.writeBytes(in, take);
                if (take < missing) {
                    return;
                }
            } else if (missing < 0) {
                // The last probe step took too much: those bytes begin the next frame.
                in.readerIndex(in.readerIndex() + missing);
                frame.writerIndex(frame.writerIndex() + missing);
            }
            partial = null;
            scanned = 0;
            try {
                deliver(frame, frame.readerIndex(), span, sink);
            } finally {
                frame.release();
            }
            frame = null;
        }
    }

    private void deliver(ByteBuf in, int start, long span, FrameSink sink) throws Exception {
        format.verify(in, start, span);
        int header = FrameFormat.headerLength(span);
        int payload = FrameFormat.wireLength(span) - header - FrameFormat.trailerLength(span);
        int leading = format.leadingMessageBytes();
        if (leading == 0) {
            sink.onFrame(in, start + header, payload);
            return;
        }
        // The message stands on both sides of its length field: only a copy makes it one piece.
        ByteBuf message = in.alloc().buffer(leading + payload);
        try {
            message.writeBytes(in, start, leading).writeBytes(in, start + header, payload);
            sink.onFrame(message, 0, leading + payload);
        } finally {
            message.release();
        }
    }

    private void keep(ByteBuf in, ByteBufAllocator allocator) {
        int bytes = in.readableBytes();
        if (partial == null) {
            partial = allocator.directBuffer(Math.max(FIRST_PARTIAL_BYTES, bytes));
        }
        partial.writeBytes(in);
    }
}

package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpConfig.Completion;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;

/**
 * Messages written and not flushed, with their promises; and the way they go to the core at the flush. A channel that has
 * been quiet for a while has none.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class PendingWrites {

    /** A piece of a byte stream: a TLS record. The peer sees nothing of a piece before it has all of it. */
    private static final int PIECE_BYTES = 16 << 10;

    private final RudpConfig config;
    private final ArrayDeque<Object> queue = new ArrayDeque<>(2);
    private long bytes;

    PendingWrites(RudpConfig config) {
        this.config = config;
    }

    long bytes() {
        return bytes;
    }

    static boolean isMessage(Object message) {
        return message instanceof ByteBuf || message instanceof RudpMessage;
    }

    private static int size(Object message) {
        return message instanceof RudpMessage addressed
                ? addressed.content().readableBytes()
                : ((ByteBuf) message).readableBytes();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    void add(Object message, ChannelPromise promise) {
        queue.add(message);
        queue.add(promise);
        bytes += size(message);
    }

    /** Releases everything. */
    void fail(Throwable cause) {
        for (Object message = queue.poll(); message != null; message = queue.poll()) {
            ChannelPromise promise = (ChannelPromise) queue.remove();
            bytes -= size(message);
            ReferenceCountUtil.safeRelease(message);
            promise.tryFailure(cause);
        }
    }

    /** Hands everything to the core. */
    void flush(RudpConnection core, long nowNanos) {
        for (Object message = queue.poll(); message != null; message = queue.poll()) {
            ChannelPromise promise = (ChannelPromise) queue.remove();
            bytes -= size(message);
            if (!promise.setUncancellable()) {
                ReferenceCountUtil.safeRelease(message);
            } else if (message instanceof RudpMessage addressed) {
                core.write(nowNanos, outgoing(core, addressed, promise));
            } else if (config.byteStream()) {
                writePieces(core, (ByteBuf) message, promise, nowNanos);
            } else {
                core.write(nowNanos, core.message((ByteBuf) message).token(token(promise, true)));
            }
        }
    }

    private OutMessage outgoing(RudpConnection core, RudpMessage message, ChannelPromise promise) {
        OutMessage out = core.message(message.content())
                .channel(message.channel())
                .mode(message.mode())
                .priority(message.priority())
                .token(token(promise, message.mode().isReliable()));
        Deadline deadline = message.deadline();
        return deadline == null ? out : out.deadlineNanos(deadline.nanos());
    }

    private Object token(ChannelPromise promise, boolean isReliable) {
        boolean isDoneWhenSent = !isReliable || config.completion() == Completion.SENT;
        return isDoneWhenSent ? new WriteToken(promise, true, 1) : promise;
    }

    private void writePieces(RudpConnection core, ByteBuf stream, ChannelPromise promise, long nowNanos) {
        int length = stream.readableBytes();
        if (length == 0) {
            stream.release();
            promise.trySuccess();
            return;
        }
        int piece = (int) Math.max(1, Math.min(PIECE_BYTES, core.peerMaxMessageBytes()));
        if (length <= piece) {
            core.write(nowNanos, core.message(stream).token(token(promise, true)));
            return;
        }
        int pieces = (length + piece - 1) / piece;
        WriteToken token = new WriteToken(promise, config.completion() == Completion.SENT, pieces);
        while (stream.isReadable()) {
            ByteBuf next = stream.readRetainedSlice(Math.min(piece, stream.readableBytes()));
            core.write(nowNanos, core.message(next).token(token));
        }
        stream.release();
    }
}

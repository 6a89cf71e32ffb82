package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.internal.DatagramSegments;
import io.nettoolkit.dns.internal.wire.QueryWriter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * Queries on one socket wait here for the end of the burst. Where the kernel can take such a message apart, those of one length
 * share a buffer and go out as one message: A and AAAA of one name always do, and in a burst of many names there are few
 * lengths. In which order datagrams leave does not matter.
 */

/** The queries of one socket that are to be sent. Confined to the engine's loop. */
final class QueryBatches {

    /** So many of the latest buffers are looked at for one of the same length. */
    private static final int OPEN = 8;

    private final NetTransport transport;
    private final Server server;
    private @Nullable ByteBuf[] buffers = new ByteBuf[OPEN];
    private int[] lengths = new int[OPEN];
    private int used;
    private boolean joined;

    QueryBatches(NetTransport transport, Server server) {
        this.transport = transport;
        this.server = server;
    }

    /** Adds a query; {@code question} as in {@link Attempt#writeQuestion}. Nothing is sent yet, so nothing can go wrong. */
    void add(Channel channel, Attempt attempt, byte[] question) {
        int length = QueryWriter.length(attempt.lookup.name(), attempt.payload);
        ByteBuf buffer = transport.joinsQueries ? open(length) : null;
        if (buffer == null) {
            buffer = transport.buffers.forQueries(channel.alloc(), length, transport.joinsQueries);
            if (used == buffers.length) {
                buffers = Arrays.copyOf(buffers, 2 * used);
                lengths = Arrays.copyOf(lengths, 2 * used);
            }
            buffers[used] = buffer;
            lengths[used++] = length;
        }
        QueryWriter.write(buffer, attempt.id, question, attempt.lookup.typeCode(), attempt.payload);
    }

    private @Nullable ByteBuf open(int length) {
        for (int i = used - 1; i >= 0 && i >= used - OPEN; i--) {
            ByteBuf buffer = buffers[i];
            if (lengths[i] == length && buffer != null) {
                boolean hasRoom =
                        buffer.writableBytes() >= length && buffer.readableBytes() < DatagramSegments.MOST * length;
                return hasRoom ? buffer : null; // the latest of this length, or none has room
            }
        }
        return null;
    }

    /** Hands everything to the channel; not yet to the kernel. */
    void writeTo(Channel channel) {
        for (int i = 0; i < used; i++) {
            ByteBuf buffer = buffers[i];
            buffers[i] = null;
            if (buffer == null) {
                continue;
            }
            boolean several = buffer.readableBytes() > lengths[i];
            joined |= several;
            channel.write(
                    several ? DatagramSegments.joined(buffer, lengths[i], server.address) : buffer,
                    channel.voidPromise());
        }
        used = 0;
    }

    /** Whether the kernel was ever given several queries as one message. */
    boolean hasJoined() {
        return joined;
    }

    /** Gives up what has not been handed to the channel. */
    void drop() {
        for (int i = 0; i < used; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                buffer.release();
                buffers[i] = null;
            }
        }
        used = 0;
    }
}

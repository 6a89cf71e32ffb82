package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.DatagramSegments;
import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams of one burst on their way out: written back to back into few buffers, handed to the socket as slices, and
 * flushed together, which the native transports turn into one system call. Where the kernel takes datagrams of one length to
 * one address as one message, and takes it apart behind the routing, those that follow each other are one slice.
 *
 * <p>Ownership: each slice holds its buffer until it is sent; the batch lets go of it when the burst is over.
 */
final class DatagramBatch {

    private static final int MOST_DATAGRAMS = 48;
    private static final int MOST_BYTES = 1 << 16;
    private static final int FLUSH_EVERY = 256;
    /** A message to the kernel is no longer than a datagram may be. */
    private static final int MOST_JOINED_BYTES = 65_000;

    private final DatagramChannel socket;
    private final int datagramBytes;
    private @Nullable ByteBuf buffer;
    private int expected = 1;
    private int inBurst;
    private int unflushed;

    // The datagrams at the end of the buffer that go out as one message.
    private boolean joins;
    private boolean hasJoined;
    private int runStart;
    private int runBytes;
    private int runDatagrams;
    private int segmentBytes;
    private boolean endsShort;
    private @Nullable SocketAddress runTo;

    DatagramBatch(DatagramChannel socket, int datagramBytes) {
        this.socket = socket;
        this.datagramBytes = datagramBytes;
        joins = DatagramSegments.areTakenBy(socket);
    }

    /**
     * The socket could not send. Some network devices take no joined datagrams; they are sent one by one from then on, and what
     * was lost by it is lost as datagrams are.
     */
    void onSendFailure(Kind kind) {
        if (hasJoined && kind == Kind.OTHER) {
            joins = false;
        }
    }

    /** Where the next datagram is to be written: a full one fits. */
    ByteBuf room() {
        ByteBuf current = buffer;
        if (current != null && current.writableBytes() >= datagramBytes) {
            return current;
        }
        endRun();
        releaseBuffer();
        int datagrams = Math.max(1, Math.min(Math.max(expected, inBurst), MOST_BYTES / datagramBytes));
        int capacity = datagrams * datagramBytes;
        ByteBuf fresh = socket.alloc().directBuffer(capacity, capacity);
        buffer = fresh;
        return fresh;
    }

    /** The last so many bytes written are a datagram; {@code to} is null where the socket is connected. */
    void add(int bytes, @Nullable SocketAddress to) {
        ByteBuf current = Objects.requireNonNull(buffer, "add: nothing was written");
        int start = current.writerIndex() - bytes;
        if (!isNext(start, bytes, to)) {
            endRun();
            runStart = start;
            segmentBytes = bytes;
            runTo = to;
        }
        runBytes += bytes;
        runDatagrams++;
        endsShort = bytes < segmentBytes;
        inBurst++;
        if (++unflushed >= FLUSH_EVERY) {
            flush();
        }
    }

    /** Whether a datagram goes on with the run. */
    private boolean isNext(int start, int bytes, @Nullable SocketAddress to) {
        return joins
                && runDatagrams > 0
                && runDatagrams < DatagramSegments.MOST
                && !endsShort
                && start == runStart + runBytes
                && bytes <= segmentBytes
                && runBytes + bytes <= MOST_JOINED_BYTES
                && Objects.equals(to, runTo);
    }

    private void endRun() {
        if (runDatagrams == 0) {
            return;
        }
        ByteBuf current = Objects.requireNonNull(buffer, "nothing was written");
        ByteBuf run = current.retainedSlice(runStart, runBytes);
        InetSocketAddress to = (InetSocketAddress) runTo;
        boolean several = runDatagrams > 1;
        hasJoined |= several;
        runBytes = 0;
        runDatagrams = 0;
        Object message;
        if (to == null) {
            message = several ? DatagramSegments.joined(run, segmentBytes, socket.remoteAddress()) : run;
        } else {
            message = several ? DatagramSegments.joinedTo(to, run, segmentBytes) : new DatagramPacket(run, to);
        }
        socket.write(message, socket.voidPromise());
    }

    /** The burst is over. */
    void end() {
        if (unflushed > 0) {
            flush();
        }
        releaseBuffer();
        // The next burst is probably as large as this one.
        expected = Math.min(inBurst, MOST_DATAGRAMS);
        inBurst = 0;
    }

    private void flush() {
        endRun();
        unflushed = 0;
        socket.flush();
    }

    private void releaseBuffer() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }
}

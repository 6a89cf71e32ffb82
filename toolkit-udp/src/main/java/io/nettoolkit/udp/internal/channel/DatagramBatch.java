package io.nettoolkit.udp.internal.channel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams of one burst on their way out: written back to back into few buffers, handed to the socket as slices, and
 * flushed together, which the native transports turn into one system call.
 *
 * <p>Ownership: each slice holds its buffer until it is sent; the batch lets go of it when the burst is over.
 */
final class DatagramBatch {

    private static final int MOST_DATAGRAMS = 48;
    private static final int MOST_BYTES = 1 << 16;
    private static final int FLUSH_EVERY = 256;

    private final DatagramChannel socket;
    private final int datagramBytes;
    private @Nullable ByteBuf buffer;
    private int expected = 1;
    private int inBurst;
    private int unflushed;

    DatagramBatch(DatagramChannel socket, int datagramBytes) {
        this.socket = socket;
        this.datagramBytes = datagramBytes;
    }

    /** Where the next datagram is to be written: a full one fits. */
    ByteBuf room() {
        ByteBuf current = buffer;
        if (current != null && current.writableBytes() >= datagramBytes) {
            return current;
        }
        releaseBuffer();
        int datagrams = Math.max(1, Math.min(Math.max(expected, inBurst), MOST_BYTES / datagramBytes));
        int capacity = datagrams * datagramBytes;
        ByteBuf fresh = socket.alloc().directBuffer(capacity, capacity);
        buffer = fresh;
        return fresh;
    }

    /** The last so many bytes written are a datagram; {@code to} is null where the socket is connected. */
    void add(int bytes, @Nullable SocketAddress to) {
        ByteBuf current = buffer;
        if (current == null) {
            throw new IllegalStateException("add: nothing was written");
        }
        ByteBuf datagram = current.retainedSlice(current.writerIndex() - bytes, bytes);
        Object message = to == null ? datagram : new DatagramPacket(datagram, (InetSocketAddress) to);
        socket.write(message, socket.voidPromise());
        inBurst++;
        if (++unflushed >= FLUSH_EVERY) {
            flush();
        }
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

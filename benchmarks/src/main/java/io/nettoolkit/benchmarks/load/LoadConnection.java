package io.nettoolkit.benchmarks.load;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * One connection of the generator: what it still has to write, and when each unanswered message was sent.
 *
 * <p>All frames are alike, so the stream is periodic: bytes owed are a number, and writing them is a matter of starting
 * at the right place of one shared pattern. The answers are counted by their length alone; that a server echoes
 * faithfully is checked once per connection before the load starts.
 *
 * <p><b>Threading.</b> Confined to the generator's thread.
 */
final class LoadConnection {

    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer pattern;
    private final int frameBytes;

    /** A ring of send times; its length is a power of two and it grows with the number of unanswered messages. */
    private long[] sentNanos;

    private long oldest;
    private long next;
    private long unwrittenBytes;
    private long partialFrameBytes;

    LoadConnection(SelectionKey key, ByteBuffer pattern, int frameBytes) {
        this.channel = (SocketChannel) key.channel();
        this.key = key;
        this.pattern = pattern.duplicate();
        this.frameBytes = frameBytes;
        this.sentNanos = new long[64];
    }

    /** Messages sent (or owed) and not answered. */
    long unanswered() {
        return next - oldest;
    }

    /** Owes the server {@code messages} more, counted as sent at {@code nanos}. */
    void owe(int messages, long nanos) {
        if (next + messages - oldest > sentNanos.length) {
            grow(messages);
        }
        int mask = sentNanos.length - 1;
        for (int i = 0; i < messages; i++) {
            sentNanos[(int) (next++ & mask)] = nanos;
        }
        unwrittenBytes += (long) messages * frameBytes;
    }

    /** Writes what is owed, as far as the socket takes it. */
    void write() throws IOException {
        while (unwrittenBytes > 0) {
            int phase = (int) ((frameBytes - unwrittenBytes % frameBytes) % frameBytes);
            int chunk = (int) Math.min(unwrittenBytes, pattern.capacity() - phase);
            pattern.limit(phase + chunk).position(phase);
            int written = channel.write(pattern);
            unwrittenBytes -= written;
            if (written < chunk) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                return;
            }
        }
        if (key.interestOps() != SelectionKey.OP_READ) {
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    /** Reads once into {@code scratch} and answers how many whole frames that completed. */
    int read(ByteBuffer scratch) throws IOException {
        scratch.clear();
        int bytes = channel.read(scratch);
        if (bytes < 0) {
            throw new EOFException("the server closed connection " + channel);
        }
        partialFrameBytes += bytes;
        int frames = (int) (partialFrameBytes / frameBytes);
        partialFrameBytes -= (long) frames * frameBytes;
        return frames;
    }

    /** Takes the send time of the oldest unanswered message off the ring. */
    long takeSentNanos() {
        return sentNanos[(int) (oldest++ & (sentNanos.length - 1))];
    }

    private void grow(int messages) {
        int length = Integer.highestOneBit((int) (next + messages - oldest)) << 1;
        long[] larger = Arrays.copyOf(sentNanos, length);
        for (long i = oldest; i < next; i++) {
            larger[(int) (i & (length - 1))] = sentNanos[(int) (i & (sentNanos.length - 1))];
        }
        sentNanos = larger;
    }
}

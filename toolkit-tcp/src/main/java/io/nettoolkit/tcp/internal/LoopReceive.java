package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets every channel of a loop read into the loop's one buffer.
 *
 * <p>Only for transports that fill the buffer and hand it on within one call (nio, epoll, kqueue): there the reads of a
 * loop never overlap, so one handle serves all its channels and costs a connection nothing. io_uring leaves a buffer
 * with the kernel per channel and keeps Netty's own.
 *
 * <p>Threading: confined to the loop.
 */
final class LoopReceive implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle {

    /** Reads of one channel before the others of the loop have their turn. */
    private static final int MAX_READS = 4;

    private final LoopBuffers buffers;
    private @Nullable ChannelConfig config;
    private int reads;
    private int attempted;
    private int last;

    LoopReceive(LoopBuffers buffers) {
        this.buffers = buffers;
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester") // deprecated by Netty, which still calls it
    public Handle newHandle() {
        return this;
    }

    @Override
    public void reset(ChannelConfig config) {
        this.config = config;
        reads = 0;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
        return buffers.readBuffer();
    }

    @Override
    public int guess() {
        return LoopBuffers.READ_BYTES;
    }

    @Override
    public void incMessagesRead(int count) {
        reads += count;
    }

    @Override
    public void lastBytesRead(int bytes) {
        last = bytes;
    }

    @Override
    public int lastBytesRead() {
        return last;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
        attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
        return attempted;
    }

    @Override
    public boolean continueReading() {
        return attempted == last && mayRead();
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
        return maybeMoreData.get() && mayRead();
    }

    private boolean mayRead() {
        return reads < MAX_READS && config != null && config.isAutoRead();
    }

    @Override
    public void readComplete() {
        config = null;
    }
}

package io.nettoolkit.benchmarks.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * A channel without a socket that is fed bursts of frames as a read from a socket would bring them: one fresh buffer of
 * the channel's allocator, one {@code channelRead}, one {@code channelReadComplete}.
 *
 * <p>It is an {@link EmbeddedChannel}, because that runs the real pipeline and the real outbound buffer on the calling
 * thread, where a {@code LocalChannel} would add a hop between threads; its queues of inbound and outbound messages
 * are bypassed: events enter at the head of the pipeline and what is flushed is counted and released.
 *
 * <p><b>Threading.</b> One thread.
 */
final class BurstChannel extends EmbeddedChannel {

    private final byte[] burst;
    private final ByteArrayOutputStream flushed = new ByteArrayOutputStream();
    private boolean keeping;
    private long flushedBytes;

    BurstChannel(ByteBufAllocator allocator, byte[] burst, ChannelHandler... handlers) {
        this.burst = burst;
        config().setAllocator(allocator);
        pipeline().addLast(handlers);
    }

    /** Feeds one burst and answers how many bytes were flushed so far. */
    long echo() {
        ByteBuf read = alloc().ioBuffer(Integer.highestOneBit(burst.length - 1) << 1);
        read.writeBytes(burst);
        pipeline().fireChannelRead(read);
        pipeline().fireChannelReadComplete();
        return flushedBytes;
    }

    /** Feeds one burst and throws unless exactly the same bytes come back. */
    BurstChannel requireFaithfulEcho() {
        keeping = true;
        echo();
        keeping = false;
        if (!Arrays.equals(flushed.toByteArray(), burst)) {
            throw new IllegalStateException("the echo differs: sent " + burst.length + " bytes, got " + flushed.size());
        }
        return this;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer outbound) {
        for (Object message = outbound.current(); message != null; message = outbound.current()) {
            ByteBuf bytes = (ByteBuf) message;
            flushedBytes += bytes.readableBytes();
            if (keeping) {
                flushed.writeBytes(ByteBufUtil.getBytes(bytes));
            }
            outbound.remove();
        }
    }
}

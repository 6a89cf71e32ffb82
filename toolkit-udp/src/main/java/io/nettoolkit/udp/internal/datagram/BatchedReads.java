package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.internal.EpollChannels;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.DatagramChannel;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Buffers for a socket that reads many datagrams in a call. A call that brought fewer than there was room for has emptied the
 * queue, so it is not followed by another that would bring nothing. That is safe only where the system tells again of what is
 * left, as Netty's epoll transport has it (level-triggered).
 */
public final class BatchedReads extends DefaultMaxMessagesRecvByteBufAllocator {

    private final int bytes;

    private BatchedReads(int bytes, int datagramsPerBurst) {
        super(datagramsPerBurst);
        this.bytes = bytes;
    }

    /**
     * How a socket is to read.
     *
     * @param datagramBytes of each datagram at the most
     * @param perCall how many it reads in a call, and into a buffer
     * @param perBurst how many it reads at the most before others have their turn
     */
    public static RecvByteBufAllocator of(DatagramChannel socket, int datagramBytes, int perCall, int perBurst) {
        int bytes = perCall * datagramBytes;
        return perCall > 1 && EpollChannels.include(socket)
                ? new BatchedReads(bytes, perBurst)
                : new FixedRecvByteBufAllocator(bytes).maxMessagesPerRead(perBurst);
    }

    @Override
    @SuppressWarnings("deprecation") // the type of the method it implements
    public Handle newHandle() {
        return new FullOnly();
    }

    private final class FullOnly extends MaxMessageHandle {

        @Override
        public int guess() {
            return bytes;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return lastBytesRead() >= attemptedBytesRead() && super.continueReading(maybeMore);
        }
    }
}

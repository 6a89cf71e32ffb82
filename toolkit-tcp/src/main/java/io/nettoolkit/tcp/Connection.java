package io.nettoolkit.tcp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.tcp.internal.FramedConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One framed TCP connection: one channel with one close reason.
 *
 * <p><b>Threading.</b> Every method may be called from any thread, except {@link #attach} and {@link #attachment}, which
 * belong to the event loop. Frames go out in the order in which one thread sent them.
 *
 * <p><b>Ownership.</b> {@link #send} releases the frame in every case. {@link #trySend} releases it when it answers true;
 * when it answers false the frame still belongs to the caller.
 *
 * <p><b>Failure.</b> A frame that can never be sent (too long, or containing its delimiter) is an
 * {@link IllegalArgumentException} at the call; everything else fails through the future.
 */
public interface Connection {

    /**
     * The connection that lives on this channel, for code that was handed a bare channel, such as a pool's.
     *
     * @throws IllegalArgumentException when the channel was not made by a {@link TcpServer} or {@link TcpClient}
     */
    static Connection of(Channel channel) {
        FramedConnection connection = channel.pipeline().get(FramedConnection.class);
        if (connection == null) {
            throw new IllegalArgumentException("channel: " + channel + " has no framed connection; it was not made by"
                    + " TcpServer or TcpClient, or is closed");
        }
        return connection;
    }

    /**
     * Queues a frame if the write queue has room. Allocates nothing on the event loop, one task elsewhere. The answer is
     * final: true means that the frame goes out unless the connection ends first.
     *
     * @return false when the queue is at its cap or the connection is closing; the frame then stays the caller's
     */
    boolean trySend(ByteBuf frame);

    /**
     * Sends a frame and says when it was handed to the operating system.
     *
     * @return fails with a {@link io.nettoolkit.core.RejectedException} when the queue is at its cap or the connection is
     *     closing, with a {@link io.nettoolkit.core.NetException} when the connection ended before the frame was
     *     written; completes on the event loop. Cancelling it does not take the frame back
     */
    CompletableFuture<@Nullable Void> send(ByteBuf frame);

    /** Whether the write queue is below half of its cap. */
    boolean isWritable();

    /** Bytes queued and not yet taken by the operating system. */
    long pendingBytes();

    /** Stops the delivery of frames and lets the peer's data wait in the kernel. Idle and frame deadlines stand still. */
    void pauseReading();

    /** Delivers frames again. */
    void resumeReading();

    /**
     * Closes in order: refuses further frames, writes what is queued, sends FIN, and waits a while for the peer's, so
     * that nothing already written is lost to a reset.
     *
     * @return completes when the channel is closed
     */
    CompletableFuture<CloseReason> close();

    /** Resets the connection at once; what is queued is dropped. */
    void abort();

    /** Completes with the one close reason when the channel is closed; never fails. */
    CompletableFuture<CloseReason> closed();

    /** Until now, or for the whole life of a closed connection. */
    ConnectionTimeline timeline();

    /** The channel underneath. Its pipeline is open to other handlers in front of the framing. */
    Channel channel();

    /** The loop that all callbacks of this connection run on. */
    default EventLoop eventLoop() {
        return channel().eventLoop();
    }

    /** This side's address. */
    @Nullable
    default SocketAddress localAddress() {
        return channel().localAddress();
    }

    /** The peer's address. */
    @Nullable
    default SocketAddress remoteAddress() {
        return channel().remoteAddress();
    }

    /** Keeps one object of the handler's with this connection; {@code null} removes it. Event loop only. */
    void attach(@Nullable Object attachment);

    /** What {@link #attach} was given last. Event loop only. */
    @Nullable
    Object attachment();
}

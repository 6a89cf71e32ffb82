package io.nettoolkit.udp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.nettoolkit.udp.internal.channel.PortSettings;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.socket.DatagramChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A reliable connection over UDP as a Netty channel, for ordinary bootstraps, pipelines and handlers.
 *
 * <pre>{@code
 * new Bootstrap()
 *         .group(loops.group())
 *         .channelFactory(RudpChannel.factory(config, loops.datagramChannelFactory()))
 *         .handler(new ChatHandler())
 *         .connect("example.com", 7000);
 * }</pre>
 *
 * <p>What is written and read are messages: a plain {@link io.netty.buffer.ByteBuf} is one of channel 0,
 * {@link DeliveryMode#RELIABLE_ORDERED}; every other one is a {@link RudpMessage}. With
 * {@link RudpConfig.Builder#byteStream} plain buffers are pieces of a stream, and the codecs of TCP and {@code SslHandler}
 * run unchanged.
 *
 * <p>A write's promise completes when the peer has the message ({@link RudpConfig.Builder#completion}), so promises may
 * complete in another order than that of the writes. The channel is writable while no more waits to be sent for the first
 * time than Netty's water marks say, and less than {@link RudpConfig#sendBufferBytes()} to be acknowledged: what keeps it
 * unwritable is congestion, or a peer that does not read. With {@code autoRead} off, what is not read closes the peer's
 * window.
 *
 * <p><b>Threading.</b> As any Netty channel; all methods may be called from any thread.
 *
 * <p><b>Life cycle.</b> {@link #close()} takes no more writes, waits until what was flushed is acknowledged
 * ({@link RudpConfig#drainTimeout()} at most), tells the peer, and only then completes. {@link #abort()} does not wait.
 * When the peer closes, what it sent before is read first.
 *
 * <p><b>Failure.</b> A failed connect is a {@link io.nettoolkit.core.NetException} of a kind that tells why: nobody listens
 * (CONNECT_REFUSED), no answer (CONNECT_TIMEOUT), other security (AUTHENTICATION), a full server (RESOURCE_EXHAUSTED), another
 * version (HANDSHAKE). What ends an established connection other than in order is fired as an exception before
 * {@code channelInactive}. A message that is superseded or past its deadline fails its promise with kind CANCELLED.
 */
public interface RudpChannel extends Channel {

    /**
     * Makes channels for a bootstrap.
     *
     * @param sockets makes the sockets underneath, one for each channel; must fit the group, as
     *     {@link io.nettoolkit.core.EventLoops#datagramChannelFactory} does
     */
    static ChannelFactory<RudpChannel> factory(RudpConfig config, ChannelFactory<? extends DatagramChannel> sockets) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(sockets, "sockets: must not be null");
        PortSettings settings = PortSettings.of(config, sockets, TimeSource.system());
        return () -> new ConnectionChannel(settings);
    }

    /**
     * Sends a message if the channel is writable. Allocates nothing on the event loop, one task elsewhere.
     *
     * @return false when it is not, or is closing; the message then stays the caller's
     */
    boolean trySend(RudpMessage message);

    /**
     * Sends a message and tells what became of it, as a write's promise does.
     *
     * @return fails with a {@link io.nettoolkit.core.NetException}; completes on the event loop. Cancelling it does not take
     *     the message back
     */
    CompletableFuture<@Nullable Void> send(RudpMessage message);

    /** Ends the connection now and tells the peer; what is not acknowledged is given up. */
    void abort();

    /** Completes with the one reason when the channel is closed; never fails. */
    CompletableFuture<CloseReason> closed();

    /**
     * What was measured and done up to now, or in all its life. From another thread than the loop, the figures may be a
     * moment apart.
     *
     * @throws IllegalStateException when it was never connected
     */
    RudpStats stats();

    /** What the pipeline is told by {@code userEventTriggered}. */
    enum Event {
        /** The peer's address changed; {@link #remoteAddress()} is the new one. */
        PATH_CHANGED
    }
}

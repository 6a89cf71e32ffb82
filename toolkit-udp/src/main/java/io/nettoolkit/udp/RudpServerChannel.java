package io.nettoolkit.udp;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.udp.internal.channel.ListeningChannel;
import io.nettoolkit.udp.internal.channel.PortSettings;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import java.util.List;
import java.util.Objects;

/**
 * Accepts reliable connections over UDP, as Netty's server channels do over TCP.
 *
 * <pre>{@code
 * new ServerBootstrap()
 *         .group(loops.group())
 *         .channelFactory(RudpServerChannel.factory(config, loops.datagramChannelFactory()))
 *         .childHandler(new EchoHandler())
 *         .bind(7000);
 * }</pre>
 *
 * <p>One channel is one socket on one loop, and its children live on that loop too, whatever group the bootstrap names for
 * them: they share the socket. {@link RudpServer} binds one for each loop.
 *
 * <p><b>Threading.</b> As any Netty channel.
 *
 * <p><b>Life cycle.</b> Closing it refuses new connections; the socket stays until those there are have gone. Options of
 * sockets set on the bootstrap ({@code SO_RCVBUF}, {@code IP_TOS}, …) are set on the socket.
 *
 * <p><b>Failure.</b> A client is refused where security differs; it hears why.
 */
public interface RudpServerChannel extends ServerChannel {

    /**
     * Makes channels for a bootstrap.
     *
     * @param sockets makes the sockets underneath; must fit the group, as
     *     {@link io.nettoolkit.core.EventLoops#datagramChannelFactory} does
     */
    static ChannelFactory<RudpServerChannel> factory(
            RudpConfig config, ChannelFactory<? extends DatagramChannel> sockets) {
        Objects.requireNonNull(config, "config: must not be null");
        Objects.requireNonNull(sockets, "sockets: must not be null");
        PortSettings settings = PortSettings.of(config, sockets, TimeSource.system());
        return () -> new ListeningChannel(settings, ListeningChannel.Place.ALONE);
    }

    /** The figures of this moment; from another thread than the loop, those of connections may be a moment apart. */
    Stats stats();

    /**
     * The figures of a listening socket, or of all those of a server.
     *
     * @param connections open now
     * @param opened accepted so far
     * @param refused clients told no
     * @param datagramsIn datagrams received, whatever became of them
     * @param bytesIn their bytes
     * @param datagramsOut datagrams sent
     * @param bytesOut their bytes
     * @param strays datagrams for no connection: handshakes, those of connections that are gone, and foreign ones
     * @param handedOver datagrams that came to another loop's socket than their connection's
     * @param sent what all connections have sent so far
     * @param received what all connections have received so far
     * @param optionsNotApplied socket options the system did not grant, in words
     */
    record Stats(
            int connections,
            long opened,
            long refused,
            long datagramsIn,
            long bytesIn,
            long datagramsOut,
            long bytesOut,
            long strays,
            long handedOver,
            RudpStats.Sent sent,
            RudpStats.Received received,
            List<String> optionsNotApplied) {}
}

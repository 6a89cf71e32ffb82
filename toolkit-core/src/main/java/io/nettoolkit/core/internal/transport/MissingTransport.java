package io.nettoolkit.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Stands for a transport that cannot be used: it knows why, and everything else throws that. */
final class MissingTransport extends TransportProvider {

    private final UnsupportedOperationException cause;

    MissingTransport(UnsupportedOperationException cause) {
        this.cause = cause;
    }

    @Override
    public Throwable unavailabilityCause() {
        return cause;
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends Channel> channels() {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels() {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family) {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        throw missing();
    }

    @Override
    public ChannelFactory<? extends Channel> unixChannels() {
        throw missing();
    }

    @Override
    public SocketAddress unixAddress(String path) {
        throw missing();
    }

    @Override
    public @Nullable ChannelOption<?> option(TcpOption option) {
        return null;
    }

    private UnsupportedOperationException missing() {
        return new UnsupportedOperationException(cause.getMessage(), cause);
    }
}

package io.nettoolkit.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Linux epoll. */
final class EpollTransport extends TransportProvider {

    @Override
    public @Nullable Throwable unavailabilityCause() {
        return Epoll.unavailabilityCause();
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        return EpollIoHandler.newFactory();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return EpollServerSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> channels() {
        return EpollSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels() {
        return EpollDatagramChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family) {
        return () -> new EpollDatagramChannel(family);
    }

    @Override
    public boolean takesSegments() {
        return EpollDatagramChannel.isSegmentedDatagramPacketSupported();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        return EpollServerDomainSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> unixChannels() {
        return EpollDomainSocketChannel::new;
    }

    @Override
    public SocketAddress unixAddress(String path) {
        return new DomainSocketAddress(path);
    }

    @Override
    public @Nullable ChannelOption<?> option(TcpOption option) {
        return switch (option) {
            case KEEP_ALIVE_IDLE -> EpollChannelOption.TCP_KEEPIDLE;
            case KEEP_ALIVE_INTERVAL -> EpollChannelOption.TCP_KEEPINTVL;
            case KEEP_ALIVE_COUNT -> EpollChannelOption.TCP_KEEPCNT;
            case USER_TIMEOUT -> EpollChannelOption.TCP_USER_TIMEOUT;
            case NOT_SENT_LOW_WATER_MARK -> EpollChannelOption.TCP_NOTSENT_LOWAT;
            case REUSE_PORT -> EpollChannelOption.SO_REUSEPORT;
            case FAST_OPEN_CONNECT ->
                Epoll.isTcpFastOpenClientSideAvailable() ? ChannelOption.TCP_FASTOPEN_CONNECT : null;
            case FAST_OPEN_QUEUE -> Epoll.isTcpFastOpenServerSideAvailable() ? ChannelOption.TCP_FASTOPEN : null;
        };
    }

    @Override
    public boolean reportsDoubledBuffers() {
        return true;
    }
}

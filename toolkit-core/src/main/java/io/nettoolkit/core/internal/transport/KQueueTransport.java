package io.nettoolkit.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDatagramChannel;
import io.netty.channel.kqueue.KQueueDomainSocketChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerDomainSocketChannel;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.UnixChannelOption;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** macOS and BSD kqueue. */
final class KQueueTransport extends TransportProvider {

    @Override
    public @Nullable Throwable unavailabilityCause() {
        return KQueue.unavailabilityCause();
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        return KQueueIoHandler.newFactory();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return KQueueServerSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> channels() {
        return KQueueSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels() {
        return KQueueDatagramChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family) {
        return () -> new KQueueDatagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        return KQueueServerDomainSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> unixChannels() {
        return KQueueDomainSocketChannel::new;
    }

    @Override
    public SocketAddress unixAddress(String path) {
        return new DomainSocketAddress(path);
    }

    @Override
    public @Nullable ChannelOption<?> option(TcpOption option) {
        return switch (option) {
            case REUSE_PORT -> UnixChannelOption.SO_REUSEPORT;
            case KEEP_ALIVE_IDLE, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_COUNT, USER_TIMEOUT, NOT_SENT_LOW_WATER_MARK -> null;
            case FAST_OPEN_CONNECT ->
                KQueue.isTcpFastOpenClientSideAvailable() ? ChannelOption.TCP_FASTOPEN_CONNECT : null;
            case FAST_OPEN_QUEUE -> KQueue.isTcpFastOpenServerSideAvailable() ? ChannelOption.TCP_FASTOPEN : null;
        };
    }
}

package io.nettoolkit.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** The JDK's selector. */
final class NioTransport extends TransportProvider {

    @Override
    public @Nullable Throwable unavailabilityCause() {
        return null;
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        return NioIoHandler.newFactory();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return NioServerSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> channels() {
        return NioSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels() {
        return NioDatagramChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family) {
        return () -> new NioDatagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        return NioServerDomainSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> unixChannels() {
        return NioDomainSocketChannel::new;
    }

    @Override
    public SocketAddress unixAddress(String path) {
        return UnixDomainSocketAddress.of(path);
    }

    @Override
    public @Nullable ChannelOption<?> option(TcpOption option) {
        try {
            return switch (option) {
                case KEEP_ALIVE_IDLE -> Extended.KEEP_ALIVE_IDLE;
                case KEEP_ALIVE_INTERVAL -> Extended.KEEP_ALIVE_INTERVAL;
                case KEEP_ALIVE_COUNT -> Extended.KEEP_ALIVE_COUNT;
                case REUSE_PORT -> NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT);
                case USER_TIMEOUT, NOT_SENT_LOW_WATER_MARK, FAST_OPEN_CONNECT, FAST_OPEN_QUEUE -> null;
            };
        } catch (LinkageError runtimeWithoutJdkNet) {
            return null;
        }
    }

    /** Apart, because a runtime image on the class path can lack the module jdk.net. */
    private static final class Extended {
        static final ChannelOption<Integer> KEEP_ALIVE_IDLE = NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE);
        static final ChannelOption<Integer> KEEP_ALIVE_INTERVAL =
                NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL);
        static final ChannelOption<Integer> KEEP_ALIVE_COUNT = NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT);

        private Extended() {}
    }
}

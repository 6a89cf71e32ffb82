package io.nettoolkit.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Linux io_uring. */
final class IoUringTransport extends TransportProvider {

    @Override
    public @Nullable Throwable unavailabilityCause() {
        return IoUring.unavailabilityCause();
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        // Netty's sizes: 128 submissions, which only cost one more system call when they are used up, and 4096
        // completions, beyond which the kernel would have to keep a list
        return IoUringIoHandler.newFactory();
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return IoUringServerSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> channels() {
        return IoUringSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels() {
        return IoUringDatagramChannel::new;
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family) {
        return () -> new IoUringDatagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        return IoUringServerDomainSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends Channel> unixChannels() {
        return IoUringDomainSocketChannel::new;
    }

    @Override
    public SocketAddress unixAddress(String path) {
        return new DomainSocketAddress(path);
    }

    @Override
    public @Nullable ChannelOption<?> option(TcpOption option) {
        return switch (option) {
            case KEEP_ALIVE_IDLE -> IoUringChannelOption.TCP_KEEPIDLE;
            case KEEP_ALIVE_INTERVAL -> IoUringChannelOption.TCP_KEEPINTVL;
            case KEEP_ALIVE_COUNT -> IoUringChannelOption.TCP_KEEPCNT;
            case USER_TIMEOUT -> IoUringChannelOption.TCP_USER_TIMEOUT;
            case NOT_SENT_LOW_WATER_MARK -> IoUringChannelOption.TCP_NOTSENT_LOWAT;
            case REUSE_PORT -> IoUringChannelOption.SO_REUSEPORT;
            case FAST_OPEN_CONNECT ->
                IoUring.isTcpFastOpenClientSideAvailable() ? ChannelOption.TCP_FASTOPEN_CONNECT : null;
            case FAST_OPEN_QUEUE -> IoUring.isTcpFastOpenServerSideAvailable() ? ChannelOption.TCP_FASTOPEN : null;
        };
    }

    @Override
    public boolean reportsDoubledBuffers() {
        return true;
    }
}

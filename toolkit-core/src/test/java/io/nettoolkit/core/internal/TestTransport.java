package io.nettoolkit.core.internal;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Each transport with a group of one daemon loop; a test that asks for one this machine lacks is skipped. */
enum TestTransport {
    NIO(null, NioIoHandler::newFactory, NioSocketChannel.class, NioServerSocketChannel.class) {
        @Override
        Class<? extends Channel> unixChannel() {
            return NioDomainSocketChannel.class;
        }

        @Override
        SocketAddress unixAddress(Path path) {
            return UnixDomainSocketAddress.of(path);
        }
    },
    EPOLL(
            Epoll.unavailabilityCause(),
            EpollIoHandler::newFactory,
            EpollSocketChannel.class,
            EpollServerSocketChannel.class) {
        @Override
        Class<? extends Channel> unixChannel() {
            return EpollDomainSocketChannel.class;
        }
    },
    IO_URING(
            IoUring.unavailabilityCause(),
            IoUringIoHandler::newFactory,
            IoUringSocketChannel.class,
            IoUringServerSocketChannel.class) {
        @Override
        Class<? extends Channel> unixChannel() {
            return IoUringDomainSocketChannel.class;
        }
    };

    private final Throwable missing;
    private final Supplier<IoHandlerFactory> handlers;
    private final Class<? extends Channel> channel;
    private final Class<? extends ServerChannel> serverChannel;
    private EventLoopGroup group;

    TestTransport(
            Throwable missing,
            Supplier<IoHandlerFactory> handlers,
            Class<? extends Channel> channel,
            Class<? extends ServerChannel> serverChannel) {
        this.missing = missing;
        this.handlers = handlers;
        this.channel = channel;
        this.serverChannel = serverChannel;
    }

    abstract Class<? extends Channel> unixChannel();

    SocketAddress unixAddress(Path path) {
        return new DomainSocketAddress(path.toFile());
    }

    Bootstrap bootstrap() {
        return new Bootstrap().group(group()).channel(channel);
    }

    Bootstrap unixBootstrap() {
        return new Bootstrap().group(group()).channel(unixChannel());
    }

    ServerBootstrap serverBootstrap() {
        return new ServerBootstrap().group(group()).channel(serverChannel);
    }

    private synchronized EventLoopGroup group() {
        assumeTrue(missing == null, () -> name() + " is not available: " + missing);
        if (group == null) {
            group = new MultiThreadIoEventLoopGroup(
                    1,
                    task -> {
                        Thread thread = new Thread(task, "test-" + name());
                        thread.setDaemon(true);
                        thread.start();
                    },
                    handlers.get());
        }
        return group;
    }
}

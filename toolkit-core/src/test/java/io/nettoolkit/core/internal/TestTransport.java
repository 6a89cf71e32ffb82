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
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Each transport with a group of one daemon loop; a test that asks for one this machine lacks is skipped. */
enum TestTransport {
    NIO,
    EPOLL,
    IO_URING;

    private static final Map<TestTransport, EventLoopGroup> GROUPS = new ConcurrentHashMap<>();

    Bootstrap bootstrap() {
        return new Bootstrap().group(group()).channel(channel());
    }

    Bootstrap unixBootstrap() {
        return new Bootstrap().group(group()).channel(unixChannel());
    }

    ServerBootstrap serverBootstrap() {
        return new ServerBootstrap().group(group()).channel(serverChannel());
    }

    SocketAddress unixAddress(Path path) {
        return this == NIO ? UnixDomainSocketAddress.of(path) : new DomainSocketAddress(path.toFile());
    }

    private Class<? extends Channel> channel() {
        return switch (this) {
            case NIO -> NioSocketChannel.class;
            case EPOLL -> EpollSocketChannel.class;
            case IO_URING -> IoUringSocketChannel.class;
        };
    }

    private Class<? extends Channel> unixChannel() {
        return switch (this) {
            case NIO -> NioDomainSocketChannel.class;
            case EPOLL -> EpollDomainSocketChannel.class;
            case IO_URING -> IoUringDomainSocketChannel.class;
        };
    }

    private Class<? extends ServerChannel> serverChannel() {
        return switch (this) {
            case NIO -> NioServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
        };
    }

    private EventLoopGroup group() {
        Throwable missing = switch (this) {
            case NIO -> null;
            case EPOLL -> Epoll.unavailabilityCause();
            case IO_URING -> IoUring.unavailabilityCause();
        };
        assumeTrue(missing == null, () -> name() + " is not available: " + missing);
        return GROUPS.computeIfAbsent(this, TestTransport::newGroup);
    }

    private static EventLoopGroup newGroup(TestTransport transport) {
        IoHandlerFactory handlers = switch (transport) {
            case NIO -> NioIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
        };
        DefaultThreadFactory threads = new DefaultThreadFactory("test-" + transport, true);
        return new MultiThreadIoEventLoopGroup(1, threads, handlers);
    }
}

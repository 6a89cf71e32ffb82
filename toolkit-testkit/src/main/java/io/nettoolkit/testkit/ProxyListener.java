package io.nettoolkit.testkit;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A loopback port that listens or refuses. A second socket, bound to the port and never listening, keeps it while it
 * refuses; the system answers connects to such a port with a reset. Guarded by the proxy's lock.
 */
final class ProxyListener {

    private static final int REFUSAL_ATTEMPTS = 5_000;
    private static final long REFUSAL_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final EventLoopGroup group;
    private final Consumer<SocketChannel> onAccept;
    private final java.nio.channels.SocketChannel portHolder;
    private final InetSocketAddress address;
    private @Nullable Channel channel;

    ProxyListener(EventLoopGroup group, Consumer<SocketChannel> onAccept) {
        this.group = group;
        this.onAccept = onAccept;
        try {
            portHolder = java.nio.channels.SocketChannel.open()
                    .setOption(StandardSocketOptions.SO_REUSEADDR, true)
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            address = (InetSocketAddress) portHolder.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot take a port on loopback", e);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    void listen() {
        if (channel != null) {
            return;
        }
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel client) {
                        onAccept.accept(client);
                    }
                })
                .bind(address);
        FaultProxy.await(bound);
        channel = bound.channel();
    }

    void refuse() {
        Channel open = channel;
        if (open != null) {
            FaultProxy.await(open.close());
            channel = null;
            awaitRefusal();
        }
    }

    void freePort() {
        try {
            portHolder.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot free port " + address.getPort(), e);
        }
    }

    /** A closed channel listens on until its loop selects again: the JDK keeps its descriptor that long. */
    private void awaitRefusal() {
        for (int attempt = 0; attempt < REFUSAL_ATTEMPTS; attempt++) {
            try (java.nio.channels.SocketChannel probe = java.nio.channels.SocketChannel.open()) {
                probe.connect(address);
            } catch (ConnectException refused) {
                return;
            } catch (IOException resetWhileConnecting) {
                // The listener went away just now: the next attempt is refused.
            }
            LockSupport.parkNanos(REFUSAL_POLL_NANOS);
        }
        throw new IllegalStateException("port " + address.getPort() + " still listens after its channel was closed");
    }
}

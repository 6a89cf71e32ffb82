package io.nettoolkit.testkit;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.SocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One proxied connection: the client's socket, the one to the target, and a pipe each way; all on one event loop. */
final class ProxyLink {

    private final SocketChannel client;
    private final FaultProxy proxy;
    private final Consumer<ProxyLink> onClosed;
    private final Promise<Void> closed;

    private @Nullable SocketChannel target;
    private @Nullable ProxyPipe toTarget;
    private @Nullable ProxyPipe toClient;
    private int openSockets;
    private boolean connected;
    private boolean closing;

    ProxyLink(SocketChannel client, FaultProxy proxy, Consumer<ProxyLink> onClosed) {
        this.client = client;
        this.proxy = proxy;
        this.onClosed = onClosed;
        this.closed = client.eventLoop().newPromise();
        watch(client);
    }

    EventLoop eventLoop() {
        return client.eventLoop();
    }

    /** Completes when both sockets are closed and the link is off the proxy's list. */
    Future<Void> closed() {
        return closed;
    }

    boolean isConnected() {
        return connected && !closing;
    }

    void connect(SocketAddress address) {
        new Bootstrap()
                .group(eventLoop())
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        join(channel);
                    }
                })
                .connect(address)
                .addListener(attempt -> eventLoop().execute(() -> onConnect(attempt.isSuccess())));
    }

    private void join(SocketChannel channel) {
        target = channel;
        watch(channel);
        toTarget = new ProxyPipe(this, client, channel, proxy.toTarget());
        toClient = new ProxyPipe(this, channel, client, proxy.toClient());
        client.pipeline().addLast(new Source(toTarget));
        channel.pipeline().addLast(new Source(toClient));
    }

    private void onConnect(boolean success) {
        connected = success;
        if (success) {
            pump();
        } else {
            reset();
        }
    }

    void pump() {
        if (toTarget != null) {
            toTarget.pump();
        }
        if (toClient != null) {
            toClient.pump();
        }
    }

    void cut(ProxyPipe pipe, FaultPlan.Cut cut) {
        switch (cut) {
            case RESET -> reset();
            case HALF_CLOSE -> pipe.endSink();
            case TRUNCATE -> {
                if (toTarget != null && toClient != null) {
                    toTarget.endSink();
                    toClient.endSink();
                }
            }
            case NEVER -> throw new IllegalArgumentException("cut: " + cut + " (nothing to do)");
        }
    }

    void onPipeFinished() {
        if (toTarget != null && toClient != null && toTarget.isFinished() && toClient.isFinished()) {
            disconnect();
        }
    }

    /** Closes both sockets in the ordinary way. */
    void disconnect() {
        beginClose();
        client.close();
        if (target != null) {
            target.close();
        }
    }

    /** Closes both sockets with a reset. */
    void reset() {
        beginClose();
        resetSocket(client);
        if (target != null) {
            resetSocket(target);
        }
    }

    private void beginClose() {
        closing = true;
        if (toTarget != null) {
            toTarget.drop();
        }
        if (toClient != null) {
            toClient.drop();
        }
    }

    private static void resetSocket(SocketChannel socket) {
        if (socket.isOpen()) {
            socket.config().setSoLinger(0);
            socket.close();
        }
    }

    private void watch(Channel socket) {
        openSockets++;
        socket.closeFuture().addListener(done -> {
            if (--openSockets == 0) {
                onClosed.accept(this);
                closed.setSuccess(null);
            }
        });
    }

    /** Feeds what a socket receives into its pipe, and ends the link when the socket goes down by itself. */
    private final class Source extends ChannelInboundHandlerAdapter {

        private final ProxyPipe pipe;

        Source(ProxyPipe pipe) {
            this.pipe = pipe;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            pipe.onBytes((ByteBuf) message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            pipe.onReadComplete();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                pipe.onEndOfStream();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!closing) {
                reset();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            reset();
        }
    }
}

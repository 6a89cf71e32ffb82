package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.PlatformDependent;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a dialled connection has that an accepted one has not: a socket of its own, connected to the server, and an attempt
 * that succeeds or fails.
 *
 * <p>Threading: confined to the connection's loop.
 */
final class Dialling implements DatagramPort.Owner {

    /** Anybody can forge an ICMP message; who has a key believes it only when it comes to each HELLO. */
    private static final int REFUSALS_WITH_KEY = 3;

    private final ConnectionChannel channel;
    private final PortSettings settings;
    private final DatagramPort port;
    private @Nullable Link link;
    private @Nullable ChannelPromise promise;
    private @Nullable ScheduledFuture<?> timeout;
    private int refusals;
    private boolean isGone;
    private boolean isChannelClosed;

    Dialling(ConnectionChannel channel, PortSettings settings) {
        this.channel = channel;
        this.settings = settings;
        port = new DatagramPort(settings, this);
    }

    DatagramPort port() {
        return port;
    }

    void register(ChannelPromise registered) {
        port.socket().config().setAllocator(channel.config().getAllocator());
        channel.eventLoop().register(port.socket()).addListener(done -> {
            if (done.isSuccess()) {
                port.begin(0);
                registered.setSuccess();
            } else {
                registered.setFailure(done.cause());
            }
        });
    }

    /** A bind of a datagram channel on its loop is over when the call returns, whatever the transport. */
    void bind(SocketAddress localAddress) {
        ChannelFuture bound = port.socket().bind(localAddress);
        if (bound.cause() != null) {
            PlatformDependent.throwException(bound.cause());
        }
    }

    void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise connected) {
        if (promise != null) {
            connected.tryFailure(new IllegalStateException("connect: under way already"));
            return;
        }
        promise = connected;
        ChannelFuture socketReady =
                local == null ? port.socket().connect(remote) : port.socket().connect(remote, local);
        socketReady.addListener(done -> {
            if (!done.isSuccess()) {
                fail(NetException.of(done.cause(), Operation.CONNECT, local, remote, null));
                channel.close();
            } else if (channel.isOpen()) {
                dial(remote);
            }
        });
    }

    private void dial(SocketAddress remote) {
        port.setConnected();
        Link dialled = new Link(port, channel);
        dialled.setCore(RudpConnection.dial(port.setup(), dialled, remote, port.nanoTime()));
        link = dialled;
        channel.begin(dialled, remote);
        Duration patience = Duration.ofMillis(channel.config().getConnectTimeoutMillis());
        if (!patience.isZero() && patience.compareTo(settings.config().handshakeTimeout()) < 0) {
            timeout = port.loop()
                    .schedule(
                            () -> dialled.refuse(timedOut(remote, patience)), patience.toNanos(), TimeUnit.NANOSECONDS);
        }
        port.add(dialled);
    }

    private static NetException timedOut(SocketAddress remote, Duration patience) {
        String detail = "no answer within CONNECT_TIMEOUT_MILLIS";
        return NetException.builder(Kind.CONNECT_TIMEOUT, Operation.CONNECT)
                .remote(remote)
                .elapsed(patience)
                .detail(detail)
                .cause(new ConnectTimeoutException(detail + ": " + remote))
                .build();
    }

    /** The connection is established; answers whether anybody wants it still. */
    boolean succeed() {
        stopTimer();
        ChannelPromise connected = promise;
        return connected != null && connected.trySuccess();
    }

    void fail(Throwable cause) {
        stopTimer();
        ChannelPromise connected = promise;
        if (connected != null) {
            connected.tryFailure(cause);
        }
    }

    private void stopTimer() {
        if (timeout != null) {
            timeout.cancel(false);
            timeout = null;
        }
    }

    /** The socket goes when both the channel is closed and the peer has been told. */
    void onChannelClosed(boolean neverDialled) {
        fail(new ClosedChannelException());
        isChannelClosed = true;
        if (neverDialled || isGone) {
            port.close();
        }
    }

    @Override
    public void onStray(long nowNanos, InetSocketAddress from, ByteBuf datagram) {
        // A reset bears the id the server was called by; nothing else can be meant on a connected socket.
        Link only = link;
        if (only != null) {
            only.onDatagram(nowNanos, from, datagram);
        }
    }

    @Override
    public void onSocketFailure(Throwable cause) {
        Link only = link;
        if (only == null || channel.isActive()) {
            return;
        }
        Kind kind = Kind.of(cause);
        boolean isTold = kind == Kind.CONNECT_REFUSED || kind == Kind.UNREACHABLE || kind == Kind.PERMISSION;
        if (isTold && ++refusals >= (settings.keys().isKeyed() ? REFUSALS_WITH_KEY : 1)) {
            only.refuse(
                    NetException.of(cause, Operation.CONNECT, channel.localAddress(), channel.remoteAddress(), null));
        }
    }

    @Override
    public @Nullable ConnectionChannel accept(Link link) {
        return null;
    }

    @Override
    public void onGone(Link gone) {
        isGone = true;
        if (isChannelClosed) {
            port.close();
        }
    }

    @Override
    public void onTurnEnd() {}

    @Override
    public void onSocketClosed() {
        if (channel.isOpen()) {
            channel.close();
        }
    }
}

package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpServer;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Tells a listener of a server's connections, or of a client's. */
@Sharable
final class ConnectionWatch extends ChannelInboundHandlerAdapter {

    private final ConnectionListener listener;
    private final CallbackGuard guard;
    /** One for all channels, as in {@link HandlerAdapter}. */
    private final ChannelFutureListener onClosed = closed -> onClosed((ConnectionChannel) closed.channel());

    ConnectionWatch(ConnectionListener listener, CallbackGuard guard) {
        this.listener = listener;
        this.guard = guard;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        ConnectionChannel channel = (ConnectionChannel) context.channel();
        guard.run(() -> listener.onOpen(channel, channel.timeline()));
        channel.closeFuture().addListener(onClosed);
        context.fireChannelActive();
    }

    private void onClosed(ConnectionChannel channel) {
        CloseReason reason = channel.closeReason();
        guard.run(() -> listener.onClose(channel, reason, channel.timeline()));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == RudpChannel.Event.PATH_CHANGED && listener instanceof RudpServer.Listener hearer) {
            guard.run(() -> hearer.onPathChanged((RudpChannel) context.channel()));
        }
        context.fireUserEventTriggered(event);
    }
}

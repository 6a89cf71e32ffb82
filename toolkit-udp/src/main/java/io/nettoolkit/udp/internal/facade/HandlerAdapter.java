package io.nettoolkit.udp.internal.facade;

import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.internal.channel.ConnectionChannel;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** A user's handler at the end of the pipelines of a server's connections, or of a client's. */
@Sharable
final class HandlerAdapter extends ChannelInboundHandlerAdapter {

    private final RudpHandler handler;
    private final CallbackGuard guard;
    /** One for all channels: of thousands that are idle, each would hold its own. */
    private final ChannelFutureListener onClosed = closed -> onClosed((ConnectionChannel) closed.channel());

    HandlerAdapter(RudpHandler handler, CallbackGuard guard) {
        this.handler = handler;
        this.guard = guard;
    }

    private static ConnectionChannel channel(ChannelHandlerContext context) {
        return (ConnectionChannel) context.channel();
    }

    private void failed(ChannelHandlerContext context, Throwable failure) {
        guard.failed(failure);
        channel(context).fail(failure);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        try {
            handler.onOpen(channel(context));
        } catch (Throwable failure) {
            failed(context, failure);
        }
        context.channel().closeFuture().addListener(onClosed);
    }

    private void onClosed(ConnectionChannel channel) {
        guard.run(() -> handler.onClose(channel, channel.closeReason()));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object received) {
        RudpMessage message =
                received instanceof RudpMessage addressed ? addressed : RudpMessage.of((ByteBuf) received);
        try {
            handler.onMessage(channel(context), message);
        } catch (Throwable failure) {
            failed(context, failure);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        try {
            handler.onWritabilityChanged(channel(context));
        } catch (Throwable failure) {
            failed(context, failure);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // Why the connection ended: onClose tells.
    }
}

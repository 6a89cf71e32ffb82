package io.nettoolkit.udp.internal.channel;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the pipeline ends in. Netty's own, but that writes go to the core with their promises, in place of Netty's outbound
 * buffer, which completes a promise when a message leaves it and in no other order than the first; that closing takes its
 * time; and that an accepted connection stays on the loop of its socket, whichever one it is registered with.
 */
final class ConnectionUnsafe implements Channel.Unsafe {

    private final ConnectionChannel channel;
    private final Channel.Unsafe netty;

    ConnectionUnsafe(ConnectionChannel channel, Channel.Unsafe netty) {
        this.channel = channel;
        this.netty = netty;
    }

    @Override
    public void register(EventLoop loop, ChannelPromise promise) {
        Channel parent = channel.parent();
        netty.register(parent == null ? loop : parent.eventLoop(), promise);
    }

    @Override
    public void write(Object message, ChannelPromise promise) {
        channel.write0(message, promise);
    }

    @Override
    public void flush() {
        channel.flush0();
    }

    @Override
    public void close(ChannelPromise promise) {
        channel.closeInOrder(promise);
    }

    @Override
    public void disconnect(ChannelPromise promise) {
        channel.closeInOrder(promise);
    }

    @Override
    public void deregister(ChannelPromise promise) {
        promise.tryFailure(new UnsupportedOperationException("a connection stays on the loop of its socket"));
    }

    @Override
    public void bind(SocketAddress localAddress, ChannelPromise promise) {
        netty.bind(localAddress, promise);
    }

    @Override
    public void connect(SocketAddress remoteAddress, @Nullable SocketAddress localAddress, ChannelPromise promise) {
        netty.connect(remoteAddress, localAddress, promise);
    }

    @Override
    public void closeForcibly() {
        netty.closeForcibly();
    }

    @Override
    public void beginRead() {
        netty.beginRead();
    }

    @Override
    @SuppressWarnings("deprecation") // Netty's interface has no other type for it
    public RecvByteBufAllocator.Handle recvBufAllocHandle() {
        return netty.recvBufAllocHandle();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return netty.localAddress();
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return netty.remoteAddress();
    }

    @Override
    public ChannelPromise voidPromise() {
        return netty.voidPromise();
    }

    @Override
    public @Nullable ChannelOutboundBuffer outboundBuffer() {
        return netty.outboundBuffer();
    }
}

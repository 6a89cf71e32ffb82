package io.nettoolkit.udp;

import io.nettoolkit.core.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Stands between one client and a server as an address translator does that forgets its binding now and then. */
final class NatRelay implements AutoCloseable {

    private final EventLoops loops;
    private final EventLoop loop;
    private final InetSocketAddress server;
    private final Channel inside;
    private volatile Channel outside;
    private volatile @Nullable InetSocketAddress client;

    NatRelay(EventLoops loops, InetSocketAddress server) throws Exception {
        this.loops = loops;
        this.server = server;
        loop = loops.next();
        outside = bind(new Back());
        inside = bind(new Forth());
    }

    private Channel bind(SimpleChannelInboundHandler<DatagramPacket> handler) throws Exception {
        return Rig.await(new Bootstrap()
                        .group(loop)
                        .channelFactory(loops.datagramChannelFactory())
                        .handler(handler)
                        .bind(new InetSocketAddress("127.0.0.1", 0)))
                .channel();
    }

    int port() {
        return ((InetSocketAddress) inside.localAddress()).getPort();
    }

    /** From now on the client has another address. */
    void rebind() throws Exception {
        Channel before = outside;
        outside = bind(new Back());
        Rig.await(before.close());
    }

    @Override
    public void close() {
        inside.close().syncUninterruptibly();
        outside.close().syncUninterruptibly();
    }

    private final class Forth extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            client = packet.sender();
            outside.writeAndFlush(new DatagramPacket(packet.content().retain(), server));
        }
    }

    private final class Back extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            InetSocketAddress to = client;
            if (to != null) {
                inside.writeAndFlush(new DatagramPacket(packet.content().retain(), to));
            }
        }
    }
}

package io.nettoolkit.benchmarks.stream;

import io.nettoolkit.core.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** A stream over the kernel's TCP. */
final class TcpStreams {

    private TcpStreams() {}

    static Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
        EventLoops loops = EventLoops.builder().threads(1).build();
        return new ServerBootstrap()
                .group(loops.group())
                .channelFactory(loops.serverChannelFactory())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(StreamContestant.each(handler))
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    static Channel connect(int port, ChannelHandler handler) throws InterruptedException {
        EventLoops loops = EventLoops.builder().threads(1).build();
        return new Bootstrap()
                .group(loops.group())
                .channelFactory(loops.channelFactory())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, StreamContestant.WATER_MARK)
                .handler(handler)
                .connect(InetAddress.getLoopbackAddress(), port)
                .sync()
                .channel();
    }
}

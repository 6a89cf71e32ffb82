package io.nettoolkit.benchmarks.stream;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import io.nettoolkit.udp.RudpServerChannel;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Supplier;

/** A stream over toolkit-udp. */
final class RudpStreams {

    static final RudpConfig PLAINTEXT = config(RudpSecurity.plaintext());
    static final RudpConfig KEYED = config(RudpSecurity.psk(new byte[16]));

    private RudpStreams() {}

    private static RudpConfig config(RudpSecurity security) {
        return RudpConfig.bulk(security).toBuilder()
                .byteStream(true)
                .datagramBytes(StreamContestant.DATAGRAM_BYTES)
                .maxReceiveWindowBytes(StreamContestant.WINDOW_BYTES)
                .idleTimeout(Duration.ofSeconds(StreamContestant.IDLE_SECONDS))
                .build();
    }

    static Channel bind(RudpConfig config, Supplier<ChannelHandler> handler) throws InterruptedException {
        EventLoops loops = EventLoops.builder().threads(1).build();
        return new ServerBootstrap()
                .group(loops.group())
                .channelFactory(RudpServerChannel.factory(config, loops.datagramChannelFactory()))
                .childHandler(StreamContestant.each(handler))
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    static Channel connect(RudpConfig config, int port, ChannelHandler handler) throws InterruptedException {
        EventLoops loops = EventLoops.builder().threads(1).build();
        return new Bootstrap()
                .group(loops.group())
                .channelFactory(RudpChannel.factory(config, loops.datagramChannelFactory()))
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, StreamContestant.WATER_MARK)
                .handler(handler)
                .connect(InetAddress.getLoopbackAddress(), port)
                .sync()
                .channel();
    }
}

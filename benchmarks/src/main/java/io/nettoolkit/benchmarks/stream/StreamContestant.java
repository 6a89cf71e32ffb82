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
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.function.Supplier;

/** Who carries the stream. Datagrams are of 1,452 bytes, windows may grow to 16 MiB. */
public enum StreamContestant {
    /** Ours, in the clear. */
    TOOLKIT("toolkit-udp, plaintext") {
        @Override
        Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws InterruptedException {
            return bindRudp(loops, PLAINTEXT, handler);
        }

        @Override
        Channel connect(EventLoops loops, int port, ChannelHandler handler) throws InterruptedException {
            return connectRudp(loops, PLAINTEXT, port, handler);
        }
    },
    /** Ours, encrypted. */
    TOOLKIT_PSK("toolkit-udp, AES-128-GCM") {
        @Override
        Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws InterruptedException {
            return bindRudp(loops, KEYED, handler);
        }

        @Override
        Channel connect(EventLoops loops, int port, ChannelHandler handler) throws InterruptedException {
            return connectRudp(loops, KEYED, port, handler);
        }
    },
    /** Netty's QUIC codec over quiche. */
    NETTY_QUIC("Netty QUIC, TLS 1.3, GSO") {
        @Override
        Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws Exception {
            return QuicStreams.bind(loops, handler);
        }

        @Override
        Channel connect(EventLoops loops, int port, ChannelHandler handler) throws Exception {
            return QuicStreams.connect(loops, port, handler);
        }
    },
    /** KCP in Java on Netty. */
    KCP_NETTY("kcp-netty, no congestion control") {
        @Override
        Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws InterruptedException {
            return KcpStreams.bind(handler);
        }

        @Override
        Channel connect(EventLoops loops, int port, ChannelHandler handler) throws InterruptedException {
            return KcpStreams.connect(port, handler);
        }
    },
    /** The kernel's. */
    NETTY_TCP("Netty TCP") {
        @Override
        Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws InterruptedException {
            return new ServerBootstrap()
                    .group(loops.group())
                    .channelFactory(loops.serverChannelFactory())
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childHandler(each(handler))
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
        }

        @Override
        Channel connect(EventLoops loops, int port, ChannelHandler handler) throws InterruptedException {
            return new Bootstrap()
                    .group(loops.group())
                    .channelFactory(loops.channelFactory())
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                    .handler(handler)
                    .connect(InetAddress.getLoopbackAddress(), port)
                    .sync()
                    .channel();
        }
    };

    static final int DATAGRAM_BYTES = 1452;
    static final int WINDOW_BYTES = 16 << 20;
    static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(256 << 10, 512 << 10);

    private static final RudpConfig PLAINTEXT = rudp(RudpSecurity.plaintext());
    private static final RudpConfig KEYED = rudp(RudpSecurity.psk(new byte[16]));

    private final String words;

    StreamContestant(String words) {
        this.words = words;
    }

    /** Listens on a free port. */
    abstract Channel bind(EventLoops loops, Supplier<ChannelHandler> handler) throws Exception;

    /** A stream to the server. */
    abstract Channel connect(EventLoops loops, int port, ChannelHandler handler) throws Exception;

    private static RudpConfig rudp(RudpSecurity security) {
        return RudpConfig.bulk(security).toBuilder()
                .byteStream(true)
                .datagramBytes(DATAGRAM_BYTES)
                .maxReceiveWindowBytes(WINDOW_BYTES)
                .build();
    }

    private static Channel bindRudp(EventLoops loops, RudpConfig config, Supplier<ChannelHandler> handler)
            throws InterruptedException {
        return new ServerBootstrap()
                .group(loops.group())
                .channelFactory(RudpServerChannel.factory(config, loops.datagramChannelFactory()))
                .childHandler(each(handler))
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    private static Channel connectRudp(EventLoops loops, RudpConfig config, int port, ChannelHandler handler)
            throws InterruptedException {
        return new Bootstrap()
                .group(loops.group())
                .channelFactory(RudpChannel.factory(config, loops.datagramChannelFactory()))
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .handler(handler)
                .connect(InetAddress.getLoopbackAddress(), port)
                .sync()
                .channel();
    }

    static ChannelInitializer<Channel> each(Supplier<ChannelHandler> handler) {
        return new ChannelInitializer<>() {
            @Override
            public boolean isSharable() {
                return true;
            }

            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handler.get());
            }
        };
    }

    /** Its name in options and files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return words;
    }
}

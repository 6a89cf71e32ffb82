package io.nettoolkit.benchmarks.stream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.WriteBufferWaterMark;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Who carries the stream. Datagrams are of 1,452 bytes, windows may grow to 16 MiB. This class itself runs on any Netty: each
 * contestant's code is in a class of its own.
 */
public enum StreamContestant {
    /** Ours, in the clear. */
    TOOLKIT("toolkit-udp, plaintext") {
        @Override
        Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
            return RudpStreams.bind(RudpStreams.PLAINTEXT, handler);
        }

        @Override
        Channel connect(int port, ChannelHandler handler) throws InterruptedException {
            return RudpStreams.connect(RudpStreams.PLAINTEXT, port, handler);
        }
    },
    /** Ours, encrypted. */
    TOOLKIT_PSK("toolkit-udp, AES-128-GCM") {
        @Override
        Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
            return RudpStreams.bind(RudpStreams.KEYED, handler);
        }

        @Override
        Channel connect(int port, ChannelHandler handler) throws InterruptedException {
            return RudpStreams.connect(RudpStreams.KEYED, port, handler);
        }
    },
    /** Netty's QUIC codec over quiche. */
    NETTY_QUIC("Netty QUIC, TLS 1.3, GSO") {
        @Override
        Channel bind(Supplier<ChannelHandler> handler) throws Exception {
            return QuicStreams.bind(handler);
        }

        @Override
        Channel connect(int port, ChannelHandler handler) throws Exception {
            return QuicStreams.connect(port, handler);
        }
    },
    /** KCP in Java, on the Netty it was built for. */
    KCP_NETTY("kcp-netty on Netty 4.1, no congestion control") {
        @Override
        Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
            return KcpStreams.bind(handler);
        }

        @Override
        Channel connect(int port, ChannelHandler handler) throws InterruptedException {
            return KcpStreams.connect(port, handler);
        }

        @Override
        public String classPath() {
            return KcpStreams.classPath();
        }
    },
    /** The kernel's. */
    NETTY_TCP("Netty TCP") {
        @Override
        Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
            return TcpStreams.bind(handler);
        }

        @Override
        Channel connect(int port, ChannelHandler handler) throws InterruptedException {
            return TcpStreams.connect(port, handler);
        }
    };

    static final int DATAGRAM_BYTES = 1452;
    static final int WINDOW_BYTES = 16 << 20;
    /** Nobody gives up while the others have their turns. */
    static final int IDLE_SECONDS = 300;

    static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(256 << 10, 512 << 10);

    private final String words;

    StreamContestant(String words) {
        this.words = words;
    }

    /** Listens on a free port. */
    abstract Channel bind(Supplier<ChannelHandler> handler) throws Exception;

    /** A stream to the server. */
    abstract Channel connect(int port, ChannelHandler handler) throws Exception;

    /** What its processes run with. */
    public String classPath() {
        return System.getProperty("java.class.path");
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

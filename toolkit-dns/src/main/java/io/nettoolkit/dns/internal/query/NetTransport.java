package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.internal.tls.LiveTls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Carries messages over sockets. Confined to the engine's loop. */
final class NetTransport implements Transport {

    private static final int MAX_DATAGRAM_BYTES = 65_535;

    final QueryEngine engine;
    final Sockets sockets;
    /** Where a datagram is read from: the reader wants an array, and may change it. */
    final byte[] scratch = new byte[MAX_DATAGRAM_BYTES];

    private List<UdpSocket> written = new ArrayList<>();
    private List<UdpSocket> spare = new ArrayList<>();
    private boolean flushing;
    private final Runnable flush = this::flush;

    /**
     * What sockets are made with.
     *
     * @param tls for connections; null where they are plain
     */
    record Sockets(
            EventLoop loop,
            ChannelFactory<? extends DatagramChannel> datagrams,
            ChannelFactory<? extends Channel> streams,
            ByteBufAllocator allocator,
            @Nullable LiveTls tls) {}

    NetTransport(QueryEngine engine, Sockets sockets) {
        this.engine = engine;
        this.sockets = sockets;
    }

    @Override
    public Link open(Server server) {
        return new NetLink(this, server);
    }

    /** Sends out what is written to this socket when the loop has run what it has to run now: all of a burst at once. */
    void flushLater(UdpSocket socket) {
        written.add(socket);
        if (!flushing) {
            flushing = true;
            sockets.loop.execute(flush);
        }
    }

    /** Sends out what is written. */
    void flush() {
        flushing = false;
        List<UdpSocket> now = written;
        written = spare;
        spare = now;
        for (int i = 0; i < now.size(); i++) {
            now.get(i).flush();
        }
        now.clear();
    }
}

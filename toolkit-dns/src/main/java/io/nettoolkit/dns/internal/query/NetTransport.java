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

    /** So many queries do not wait for the end of the burst: the server is to work while we go on. */
    private static final int MANY = 32;

    final QueryEngine engine;
    final Sockets sockets;
    /** Where a datagram is read from: the reader wants an array, and may change it. */
    final byte[] scratch = new byte[MAX_DATAGRAM_BYTES];

    final DatagramBuffers buffers = new DatagramBuffers();

    /** Queries since the last time they were sent out. */
    int written;

    /** Whether several queries go to the kernel as one message; no more once a device has refused that. */
    boolean joinsQueries;

    private List<UdpSocket> dirty = new ArrayList<>();
    private List<UdpSocket> spare = new ArrayList<>();
    private boolean flushing;
    private final Runnable flush = this::flush;

    /**
     * What sockets are made with.
     *
     * @param takesSegments whether datagram channels take several datagrams as one message
     * @param tls for connections; null where they are plain
     */
    record Sockets(
            EventLoop loop,
            ChannelFactory<? extends DatagramChannel> datagrams,
            ChannelFactory<? extends Channel> streams,
            ByteBufAllocator allocator,
            boolean takesSegments,
            @Nullable LiveTls tls) {}

    NetTransport(QueryEngine engine, Sockets sockets) {
        this.engine = engine;
        this.sockets = sockets;
        this.joinsQueries = sockets.takesSegments;
    }

    @Override
    public Link open(Server server) {
        return new NetLink(this, server);
    }

    @Override
    public void close() {
        buffers.close();
    }

    /** Sends out what is written to this socket when the loop has run what it has to run now: all of a burst at once. */
    void flushLater(UdpSocket socket) {
        dirty.add(socket);
        if (!flushing) {
            flushing = true;
            sockets.loop.execute(flush);
        }
    }

    /** Sends out what is written. */
    void flush() {
        flushing = false;
        flushNow();
    }

    /** Sends out what is written where that is much. Not within a send. */
    void flushMany() {
        if (written >= MANY) {
            flushNow();
        }
    }

    private void flushNow() {
        written = 0;
        List<UdpSocket> now = dirty;
        dirty = spare;
        spare = now;
        for (int i = 0; i < now.size(); i++) {
            now.get(i).flush();
        }
        now.clear();
    }
}

package io.nettoolkit.dns.internal.query;

import io.netty.channel.ChannelFuture;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The sockets to one server. Somebody who wants to forge an answer has to guess the id and the port of the query, so both
 * are random: the pool has up to POOL datagram sockets, each connected to the server from a port the system picks at random,
 * and each burst of queries goes out through one of them at random. A socket is used for so many queries and so long, then
 * another takes its place.
 */

/** The way to one server: a pool of datagram sockets, and a connection where one is needed. Confined to the engine's loop. */
final class NetLink implements Transport.Link {

    /** Sockets in use at a time. */
    static final int POOL = 8;

    /** Queries of one burst. */
    private static final int BURST = 256;

    /** Fewer queries under way than these, and a burst is over when it has been sent. */
    private static final int FEW = 8;

    private final NetTransport transport;
    private final Server server;
    private final @Nullable UdpSocket[] pool = new UdpSocket[POOL];
    /** No longer used for new queries, but still waiting for answers. */
    private final List<UdpSocket> retired = new ArrayList<>();

    private @Nullable UdpSocket current;
    private int sentInBurst;
    private @Nullable StreamConnection connection;
    private boolean closed;

    NetLink(NetTransport transport, Server server) {
        this.transport = transport;
        this.server = server;
    }

    @Override
    public void send(Attempt attempt) {
        if (attempt.stream) {
            connection().send(attempt);
            return;
        }
        UdpSocket socket = current;
        if (socket == null || !socket.isUsable(attempt.sentNanos)) {
            socket = pick(attempt.sentNanos);
            current = socket;
            sentInBurst = 0;
        }
        sentInBurst++;
        socket.send(attempt);
    }

    private UdpSocket pick(long nowNanos) {
        int index = transport.engine.bits().nextId() & (POOL - 1);
        UdpSocket socket = pool[index];
        if (socket != null && !socket.isUsable(nowNanos)) {
            retire(socket);
            socket = null;
        }
        if (socket == null) {
            socket = new UdpSocket(transport, this, server, nowNanos);
            pool[index] = socket;
            socket.open();
        }
        return socket;
    }

    private void retire(UdpSocket socket) {
        if (!socket.closeIfIdle()) {
            retired.add(socket);
        }
    }

    /** What was written went out; at the end of a burst the next one takes another socket. */
    void onFlushed(UdpSocket socket, int underWay) {
        if (current == socket && (underWay < FEW || sentInBurst >= BURST)) {
            current = null;
        }
    }

    /** A socket waits for nothing any more. */
    void onIdle(UdpSocket socket) {
        if (!retired.isEmpty() && retired.contains(socket) && socket.closeIfIdle()) {
            retired.remove(socket);
        }
    }

    /** A socket cannot be used. */
    void onBroken(UdpSocket socket) {
        if (current == socket) {
            current = null;
        }
        retired.remove(socket);
        for (int i = 0; i < POOL; i++) {
            if (pool[i] == socket) {
                pool[i] = null;
            }
        }
    }

    private StreamConnection connection() {
        StreamConnection open = connection;
        if (open == null || !open.isUsable()) {
            open = new StreamConnection(transport, this, server);
            connection = open;
            if (!closed) {
                open.open();
            }
        }
        return open;
    }

    /** Whether the next query takes this connection. */
    boolean isCurrent(StreamConnection one) {
        return connection == one;
    }

    @Override
    public void close() {
        closed = true;
        for (UdpSocket socket : pool) {
            if (socket != null) {
                socket.close();
            }
        }
        for (UdpSocket socket : List.copyOf(retired)) {
            socket.close();
        }
        if (connection != null) {
            connection.close();
        }
    }

    /** Ignores how it ends. */
    static void ignore(ChannelFuture future) {}
}

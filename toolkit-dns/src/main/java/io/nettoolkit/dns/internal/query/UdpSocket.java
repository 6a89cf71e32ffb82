package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.NetFailure.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramPacket;
import java.net.PortUnreachableException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket connected to one server, so that the kernel drops what comes from elsewhere and tells at once when nobody
 * listens there. No id is used twice in its life. Confined to the engine's loop.
 */
final class UdpSocket extends ChannelInboundHandlerAdapter implements Transport.Carrier {

    /** Then another port is taken. At most a quarter of all ids, so that free ones are found at once. */
    static final int MAX_USES = 16_384;

    static final long MAX_AGE_NANOS = 60_000_000_000L;

    private final NetTransport transport;
    private final NetLink link;
    private final Server server;
    private final long openedNanos;
    private final IdTable pending = new IdTable();
    private final long[] usedIds = new long[65_536 / Long.SIZE];
    private final byte[] question = new byte[255];
    private final QueryBatches batches;
    private @Nullable Queue<Attempt> waiting = new ArrayDeque<>();
    private int uses;
    private boolean dirty;
    private boolean broken;
    private @Nullable Channel channel;

    UdpSocket(NetTransport transport, NetLink link, Server server, long nowNanos) {
        this.transport = transport;
        this.link = link;
        this.server = server;
        this.openedNanos = nowNanos;
        this.batches = new QueryBatches(transport, server);
    }

    /** Begins to open; what is sent before it is open waits. */
    void open() {
        Channel opening = transport.sockets.datagrams().newChannel();
        channel = opening;
        opening.config().setOption(ChannelOption.ALLOCATOR, transport.sockets.allocator());
        opening.config().setOption(ChannelOption.RECVBUF_ALLOCATOR, transport.buffers);
        opening.config().setOption(ChannelOption.MAX_MESSAGES_PER_WRITE, Integer.MAX_VALUE);
        opening.pipeline().addLast(this);
        transport.sockets.loop().register(opening).addListener((ChannelFuture registered) -> {
            if (registered.isSuccess()) {
                opening.connect(server.address).addListener((ChannelFuture connected) -> onConnect(connected.cause()));
            } else {
                onConnect(registered.cause());
            }
        });
    }

    private void onConnect(@Nullable Throwable cause) {
        if (cause != null) {
            // Not before the send that opened it has returned.
            transport.sockets.loop().execute(() -> fail(cause));
            return;
        }
        Queue<Attempt> all = waiting;
        waiting = null;
        if (all != null) {
            for (Attempt attempt : all) {
                write(attempt);
            }
        }
    }

    boolean isUsable(long nowNanos) {
        return !broken && uses < MAX_USES && nowNanos - openedNanos < MAX_AGE_NANOS;
    }

    void send(Attempt attempt) {
        int id;
        do {
            id = transport.engine.bits().nextId();
        } while (wasUsed(id));
        usedIds[id >> 6] |= 1L << id;
        uses++;
        attempt.id = id;
        attempt.carrier = this;
        pending.add(attempt);
        if (waiting != null) {
            waiting.add(attempt);
        } else {
            write(attempt);
        }
    }

    private void write(Attempt attempt) {
        Channel open = channel;
        if (open == null || attempt.carrier != this) {
            return;
        }
        attempt.writeQuestion(question);
        batches.add(open, attempt, question);
        if (!dirty) {
            dirty = true;
            transport.flushLater(this);
        }
        transport.written++;
    }

    void flush() {
        dirty = false;
        link.onFlushed(this, pending.size());
        if (channel != null) {
            batches.writeTo(channel);
            channel.flush();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket packet = (DatagramPacket) message;
        int length;
        try {
            ByteBuf content = packet.content();
            length = content.readableBytes();
            content.readBytes(transport.scratch, 0, length);
        } finally {
            packet.release();
        }
        transport.engine.received(this, server, transport.scratch, length);
        transport.flushMany();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }

    /** Nobody listens there, or the socket is of no use: everything on it has to go another way. */
    private void fail(Throwable cause) {
        if (broken) {
            return;
        }
        broken = true;
        link.onBroken(this);
        Kind kind = cause instanceof PortUnreachableException ? Kind.CONNECT_REFUSED : Kind.of(cause);
        boolean ofJoining = kind == Kind.OTHER && batches.hasJoined() && transport.joinsQueries;
        if (ofJoining) {
            transport.joinsQueries = false;
        }
        for (Attempt attempt = pending.any(); attempt != null; attempt = pending.any()) {
            pending.remove(attempt);
            if (ofJoining) {
                transport.engine.connectionLost(attempt);
            } else {
                transport.engine.unreachable(attempt, kind, cause);
            }
        }
        close();
    }

    @Override
    public @Nullable Attempt find(int id) {
        return pending.get(id);
    }

    @Override
    public boolean wasUsed(int id) {
        return (usedIds[id >> 6] >>> id & 1) != 0;
    }

    /** Anybody may have sent it. */
    @Override
    public void onNoAnswer() {}

    @Override
    public boolean isStream() {
        return false;
    }

    @Override
    public void forget(Attempt attempt) {
        pending.remove(attempt);
        if (pending.size() == 0) {
            link.onIdle(this);
        }
    }

    /** Closes it unless it waits for answers. */
    boolean closeIfIdle() {
        if (pending.size() != 0) {
            return false;
        }
        close();
        return true;
    }

    void close() {
        broken = true;
        batches.drop();
        if (channel != null) {
            channel.close();
        }
    }
}

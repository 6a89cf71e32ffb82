package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.internal.wire.QueryWriter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/*
 * A connection to one server, over which queries go one after the other without waiting, and answers come in any order
 * (RFC 7766). Each message has its length before it:
 *
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *    |            length of the message              |   then the message
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *
 * It stays open for a while after the last answer, for the next query, unless another one has taken its place. A server may
 * close it at any time; queries under way then go again over another one. One over which no message came while queries waited
 * in vain is closed too.
 */

/** A TCP or TLS connection to one server. Confined to the engine's loop. */
final class StreamConnection extends ChannelInboundHandlerAdapter implements Transport.Carrier {

    /** How long it stays open without queries. Servers close idle ones after about this time (RFC 7766 §6.2.3). */
    static final long IDLE_NANOS = 10_000_000_000L;

    private static final int CONNECT_MILLIS = 5_000;
    private static final int FIRST_BUFFER_BYTES = 512;
    private static final int LENGTH_BYTES = 2;
    private static final int MAX_MESSAGE_BYTES = 65_535;

    private final NetTransport transport;
    private final NetLink link;
    private final Server server;
    private final IdTable pending = new IdTable();
    private final byte[] question = new byte[255];
    private final Idle idle = new Idle();
    private @Nullable Queue<Attempt> waiting = new ArrayDeque<>();
    private @Nullable Channel channel;
    private boolean closed;
    /** A query waited in vain and no whole message came since it was sent: others take another connection. */
    private boolean doubtful;

    private boolean flushing;
    private int answers;
    private long lastMessageNanos;

    /** What came of a message that is not complete. */
    private byte[] partial = new byte[FIRST_BUFFER_BYTES];

    private int partialBytes;

    StreamConnection(NetTransport transport, NetLink link, Server server) {
        this.transport = transport;
        this.link = link;
        this.server = server;
    }

    /** Closes the connection when nobody has needed it for a while. */
    private final class Idle extends TimerHeap.Node {
        @Override
        void onDue(long nowNanos) {
            if (pending.size() == 0) {
                close();
            }
        }
    }

    void open() {
        Channel opening = transport.sockets.streams().newChannel();
        channel = opening;
        opening.config().setOption(ChannelOption.ALLOCATOR, transport.sockets.allocator());
        opening.config().setOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS);
        opening.config().setOption(ChannelOption.TCP_NODELAY, true);
        opening.pipeline().addLast(this);
        transport.sockets.loop().register(opening).addListener((ChannelFuture registered) -> {
            if (registered.isSuccess()) {
                opening.connect(server.address).addListener((ChannelFuture connected) -> onConnect(connected));
            } else {
                transport.sockets.loop().execute(() -> fail(registered.cause()));
            }
        });
    }

    private void onConnect(ChannelFuture connected) {
        if (!connected.isSuccess()) {
            transport.sockets.loop().execute(() -> fail(connected.cause()));
            return;
        }
        if (transport.sockets.tls() == null) {
            ready();
            return;
        }
        try {
            SslHandler tls = transport
                    .sockets
                    .tls()
                    .newHandler(
                            connected.channel().alloc(),
                            server.address.getAddress().getHostAddress(),
                            server.address.getPort());
            connected.channel().pipeline().addFirst(tls);
        } catch (RuntimeException refused) {
            transport.sockets.loop().execute(() -> fail(refused));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                ready();
            } else {
                fail(handshake.cause());
            }
        }
    }

    private void ready() {
        Queue<Attempt> all = waiting;
        waiting = null;
        if (all != null) {
            for (Attempt attempt : all) {
                write(attempt);
            }
        }
    }

    boolean isUsable() {
        // Half of all ids, so that a free one is found at once.
        return !closed && !doubtful && pending.size() < 1 << 15;
    }

    void send(Attempt attempt) {
        int id;
        do {
            id = transport.engine.bits().nextId();
        } while (pending.get(id) != null);
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
        ByteBuf query = open.alloc().directBuffer(QueryWriter.maxBytes() + QueryWriter.PADDING_BLOCK);
        query.writeShort(0);
        QueryWriter.write(query, attempt.id, question, attempt.lookup.typeCode(), attempt.payload);
        if (transport.sockets.tls() != null && attempt.payload != 0) {
            QueryWriter.pad(query, LENGTH_BYTES);
        }
        query.setShort(0, query.readableBytes() - LENGTH_BYTES);
        open.write(query, open.voidPromise());
        if (!flushing) {
            flushing = true;
            open.eventLoop().execute(this::flush);
        }
    }

    private void flush() {
        flushing = false;
        if (channel != null) {
            channel.flush();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            while (bytes.isReadable() && !closed) {
                int have = partialBytes;
                int want = have < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + messageLength();
                int take = Math.min(want - have, bytes.readableBytes());
                if (have + take > partial.length) {
                    partial = Arrays.copyOf(partial, Math.min(want, Math.max(partial.length * 2, have + take)));
                }
                bytes.readBytes(partial, have, take);
                partialBytes = have + take;
                if (partialBytes == LENGTH_BYTES && messageLength() == 0) {
                    fail(Kind.PROTOCOL, new IOException("a message of length 0"));
                } else if (partialBytes > LENGTH_BYTES && partialBytes == LENGTH_BYTES + messageLength()) {
                    onMessage();
                }
            }
        } finally {
            bytes.release();
        }
    }

    private int messageLength() {
        return (partial[0] & 0xff) << 8 | (partial[1] & 0xff);
    }

    private void onMessage() {
        int length = messageLength();
        System.arraycopy(partial, LENGTH_BYTES, transport.scratch, 0, length);
        partialBytes = 0;
        transport.engine.received(this, server, transport.scratch, length);
        answers++;
        lastMessageNanos = transport.engine.nowNanos();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(new EOFException("the server closed the connection"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }

    private void fail(Throwable cause) {
        fail(cause instanceof EOFException ? Kind.PEER_CLOSED : Kind.of(cause), cause);
    }

    private void fail(Kind kind, Throwable cause) {
        if (closed) {
            return;
        }
        boolean hadAnswered = answers > 0;
        shut();
        for (Attempt attempt = pending.any(); attempt != null; attempt = pending.any()) {
            pending.remove(attempt);
            if (hadAnswered) {
                transport.engine.connectionLost(attempt);
            } else {
                transport.engine.unreachable(attempt, kind, cause);
            }
        }
    }

    @Override
    public @Nullable Attempt find(int id) {
        return pending.get(id);
    }

    @Override
    public boolean wasUsed(int id) {
        return true;
    }

    /** One of the two has lost where messages begin, and is not going to find it again. */
    @Override
    public void onNoAnswer() {
        fail(Kind.PROTOCOL, new IOException("a message that is no answer"));
    }

    @Override
    public boolean isStream() {
        return true;
    }

    @Override
    public void forget(Attempt attempt) {
        pending.remove(attempt);
        if (waiting != null) {
            waiting.remove(attempt);
        }
        doubtful |= attempt.late && (answers == 0 || lastMessageNanos - attempt.sentNanos <= 0);
        if (pending.size() == 0 && !closed) {
            if (doubtful || !link.isCurrent(this)) {
                close();
            } else {
                transport.engine.timers().wakeAt(idle, transport.engine.nowNanos() + IDLE_NANOS);
            }
        }
    }

    /** Closes it; what is under way on it fails. */
    void close() {
        fail(new EOFException("the connection carried nothing any more"));
    }

    private void shut() {
        closed = true;
        transport.engine.timers().sleep(idle);
        if (channel != null) {
            channel.close();
        }
    }
}

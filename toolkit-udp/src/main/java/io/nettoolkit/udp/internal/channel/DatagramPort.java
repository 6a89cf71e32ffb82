package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.internal.channel.PortCounters.Figure;
import io.nettoolkit.udp.internal.connection.ConnectionSetup;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/*
 * One UDP socket and the connections on it.
 *
 * Idea. Whatever happens to a connection (a datagram, a write, a read, a timer) only marks it; a turn then serves all that
 * are marked: received messages to their handlers, outcomes to their promises, datagrams to the socket, and one flush at the
 * end. A turn runs at the end of each burst of reads, when timers fired, and else as a task of the loop, so that all writes
 * of one round of the loop leave in one system call. What handlers do within a turn marks connections again, and the turn
 * goes on until nothing is marked.
 *
 * Who owns which buffer. A datagram that was read is the port's until the core has copied what it keeps out of it, within
 * the call. A written message is the core's from the flush on, and released when it is settled. A received one is the
 * handler's. A datagram to be sent is a slice of the batch's buffer (DatagramBatch) and the socket's.
 *
 * Timers. One scheduled wake-up for the socket, and a heap of the connections' deadlines, so an idle connection costs a
 * place in an array. Deadlines that move on are left where they are and looked at again when they come: acknowledgements
 * move them with each datagram.
 *
 * Demultiplexing is by connection id alone; addresses may change. Handshakes and what no connection here knows go to the
 * owner: a listening channel answers them or hands them over to the loop whose number the id bears.
 *
 * When the socket does not take more (its buffer is full), connections are not polled until it does: what waits then is
 * in the core, where it can still be reordered, superseded and given up.
 */

/**
 * A socket with its connections.
 *
 * <p>Threading: confined to its loop.
 */
final class DatagramPort extends ChannelInboundHandlerAdapter {

    /** Whose port it is. */
    interface Owner {
        /** A datagram for none of the connections. */
        void onStray(long nowNanos, InetSocketAddress from, ByteBuf datagram);

        /** A datagram of this socket's could not be sent, or its host told that nobody listens. */
        void onSocketFailure(Throwable cause);

        /** A client showed that it has its answer: the channel for its connection; null refuses it. */
        @Nullable
        ConnectionChannel accept(Link link);

        /** A connection is over and forgotten. */
        void onGone(Link link);

        /** All that is marked was served. */
        void onTurnEnd();

        /** The socket is closed. */
        void onSocketClosed();
    }

    /** Deadlines further off are never. */
    private static final long FARTHEST_NANOS = Long.MAX_VALUE / 4;

    private final PortSettings settings;
    private final Owner owner;
    private final DatagramChannel socket;
    private final PortCounters counters = new PortCounters();
    private final List<String> optionsNotApplied;
    private final DatagramBatch batch;
    private final LongObjectHashMap<Link> links = new LongObjectHashMap<>(2);
    private final ArrayDeque<Link> marked = new ArrayDeque<>(2);
    private final ArrayDeque<Link> heldBack = new ArrayDeque<>(2);
    private final ArrayDeque<Object> outcomes = new ArrayDeque<>(2);
    private final DeadlineHeap deadlines = new DeadlineHeap();
    private final Runnable turnTask = this::runTurnTask;
    private final Runnable wakeUpTask = this::onWakeUp;

    private @Nullable ConnectionSetup setup;
    private boolean connected;
    private boolean inBurst;
    private boolean turning;
    private boolean turnScheduled;
    private @Nullable ScheduledFuture<?> wakeUp;
    private long wakeUpNanos;

    /** A port with a new socket, not registered yet. */
    DatagramPort(PortSettings settings, Owner owner) {
        this.settings = settings;
        this.owner = owner;
        socket = settings.sockets().newChannel();
        optionsNotApplied = SocketSetup.apply(socket, settings.config());
        batch = new DatagramBatch(socket, settings.config().datagramBytes());
        socket.pipeline().addLast(this);
    }

    /** To be called on the loop before anything else. */
    void begin(int ownerLoop) {
        setup = LoopShare.setup(settings.config(), settings.keys(), socket.alloc(), ownerLoop);
        socket.closeFuture().addListener(closed -> onSocketClosed());
    }

    ConnectionSetup setup() {
        return Objects.requireNonNull(setup, "begin has not been called");
    }

    Owner owner() {
        return owner;
    }

    DatagramChannel socket() {
        return socket;
    }

    PortCounters counters() {
        return counters;
    }

    List<String> optionsNotApplied() {
        return optionsNotApplied;
    }

    EventLoop loop() {
        return socket.eventLoop();
    }

    long nanoTime() {
        return settings.time().nanoTime();
    }

    /** From now on datagrams are sent without an address. */
    void setConnected() {
        connected = true;
    }

    /** Puts a new connection on. */
    void add(Link link) {
        links.put(link.core().localId(), link);
        mark(link);
    }

    @Nullable
    Link link(long connectionId) {
        return links.get(connectionId);
    }

    Iterable<Link> links() {
        return new ArrayList<>(links.values());
    }

    boolean hasLinks() {
        return !links.isEmpty();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        inBurst = true;
        if (message instanceof DatagramPacket packet) {
            try {
                onDatagram(nanoTime(), packet.sender(), packet.content());
            } finally {
                packet.release();
            }
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        inBurst = false;
        turn();
    }

    /** A datagram came, here or at the socket of another loop. */
    void onDatagram(long nowNanos, InetSocketAddress from, ByteBuf datagram) {
        counters.add(Figure.DATAGRAMS_IN, 1);
        counters.add(Figure.BYTES_IN, datagram.readableBytes());
        boolean isData = Wire.isData(datagram);
        if (!isData && !Wire.isHandshake(datagram)) {
            counters.add(Figure.STRAYS, 1);
            return;
        }
        long id = isData ? Wire.dataConnectionId(datagram) : Wire.handshakeDestination(datagram);
        Link link = links.get(id);
        if (link == null) {
            owner.onStray(nowNanos, from, datagram);
        } else {
            link.onDatagram(nowNanos, from, datagram);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (socket.isWritable()) {
            for (Link link = heldBack.poll(); link != null; link = heldBack.poll()) {
                link.isHeldBack = false;
                mark(link);
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        batch.onSendFailure(Kind.of(cause));
        owner.onSocketFailure(cause);
    }

    /** Has the next turn serve this connection; sees to it that there is one. */
    void mark(Link link) {
        if (!link.isMarked) {
            link.isMarked = true;
            marked.add(link);
        }
        needTurn();
    }

    /** Sees to it that there is a turn. */
    void needTurn() {
        if (!inBurst && !turning && !turnScheduled) {
            turnScheduled = true;
            loop().execute(turnTask);
        }
    }

    private void runTurnTask() {
        turnScheduled = false;
        turn();
    }

    private void turn() {
        if (turning) {
            return;
        }
        turning = true;
        try {
            do {
                for (Link link = marked.poll(); link != null; link = marked.poll()) {
                    link.isMarked = false;
                    serve(link);
                }
                owner.onTurnEnd();
                batch.end();
                // What handlers, and failures to send, have marked meanwhile.
            } while (!marked.isEmpty());
        } finally {
            turning = false;
        }
        armTimer();
    }

    private void serve(Link link) {
        try {
            link.serve();
        } catch (RuntimeException broken) {
            link.onBroken(broken);
            mark(link);
        }
    }

    /** Has the core write its datagrams; false where the socket takes no more of them now. */
    boolean poll(RudpConnection core, Link link) {
        long now = nanoTime();
        while (socket.isWritable()) {
            int bytes = core.poll(now, batch.room());
            if (bytes == 0) {
                return true;
            }
            send(bytes, core.remote());
        }
        if (socket.isOpen() && !link.isHeldBack) {
            link.isHeldBack = true;
            heldBack.add(link);
        }
        return false;
    }

    /** Where an answer of so many bytes can be written that {@link #send} then sends. */
    ByteBuf room() {
        return batch.room();
    }

    void send(int bytes, SocketAddress to) {
        counters.add(Figure.DATAGRAMS_OUT, 1);
        counters.add(Figure.BYTES_OUT, bytes);
        batch.add(bytes, connected ? null : to);
    }

    /** What became of a written message; to be told when the core's call is over. */
    void addOutcome(Link link, Object token, Object outcome) {
        outcomes.add(link);
        outcomes.add(token);
        outcomes.add(outcome);
    }

    /** Tells the writers. What they do in return may add outcomes. */
    void tellOutcomes() {
        for (Object link = outcomes.poll(); link != null; link = outcomes.poll()) {
            Object token = outcomes.remove();
            ((Link) link).tell(token, outcomes.remove());
        }
    }

    /** Has the connection woken up in so many nanoseconds. */
    void schedule(Link link, long nowNanos, long inNanos) {
        if (inNanos > FARTHEST_NANOS) {
            deadlines.remove(link);
            return;
        }
        long at = nowNanos + inNanos;
        if (link.heapIndex < 0 || at - link.deadlineNanos < 0) {
            deadlines.set(link, at);
        }
    }

    private void armTimer() {
        Link first = deadlines.first();
        ScheduledFuture<?> armed = wakeUp;
        if (first == null || !socket.isOpen()) {
            return;
        }
        if (armed != null) {
            if (first.deadlineNanos - wakeUpNanos >= 0) {
                return;
            }
            armed.cancel(false);
        }
        wakeUpNanos = first.deadlineNanos;
        long delay = Math.max(0, wakeUpNanos - nanoTime());
        wakeUp = loop().schedule(wakeUpTask, delay, TimeUnit.NANOSECONDS);
    }

    private void onWakeUp() {
        wakeUp = null;
        long now = nanoTime();
        for (Link link = deadlines.first(); link != null && link.deadlineNanos - now <= 0; link = deadlines.first()) {
            deadlines.remove(link);
            link.onDeadline(now);
        }
        turn();
    }

    /** The connection is over. */
    void remove(Link link) {
        if (links.remove(link.core().localId()) != null) {
            deadlines.remove(link);
            heldBack.remove(link);
            owner.onGone(link);
        }
    }

    /** Closes the socket, and with it whatever is still on it. */
    void close() {
        if (socket.isRegistered()) {
            socket.close();
        } else {
            socket.unsafe().closeForcibly();
        }
    }

    private void onSocketClosed() {
        if (wakeUp != null) {
            wakeUp.cancel(false);
            wakeUp = null;
        }
        for (Link link : links()) {
            link.onSocketClosed();
            if (!link.isMarked) {
                link.isMarked = true;
                marked.add(link);
            }
        }
        // Now: the loop may be shutting down and take no more tasks.
        turn();
        owner.onSocketClosed();
    }
}

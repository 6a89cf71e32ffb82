package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.udp.RudpServerChannel;
import io.nettoolkit.udp.internal.channel.PortCounters.Figure;
import io.nettoolkit.udp.internal.connection.ConnectionEvents;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.nettoolkit.udp.internal.connection.ServerGate;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.util.internal.PlatformDependent;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket and the connections it accepted, all on one loop. Closed, it takes no more of them, and its socket stays
 * until the last one is gone.
 *
 * <p>Threading: as Netty's channels.
 */
public final class ListeningChannel extends AbstractServerChannel
        implements RudpServerChannel, SocketConfig.Reader, DatagramPort.Owner, ServerGate.Acceptor {

    /** Connections that may wait for a server that does not read; then clients wait without being known here. */
    private static final int MAX_BACKLOG = 128;

    private static final int MAX_HANDED_OVER = 1024;

    private final PortSettings settings;
    private final Place place;
    private final DatagramPort port;
    private final ChannelConfig config;
    private final ArrayDeque<ConnectionChannel> backlog = new ArrayDeque<>();
    private final ConnectionSet children = new ConnectionSet();
    private final AtomicInteger handedOver = new AtomicInteger();
    private @Nullable ServerGate gate;
    private @Nullable Link newcomer;
    private volatile boolean closed;
    private boolean readPending;

    /**
     * Where a listening channel stands among those of its server.
     *
     * @param index its number, which goes into connection ids
     * @param group the others; null where there are none
     * @param admission how many connections it may take
     */
    public record Place(int index, @Nullable PortGroup group, Admission admission) {

        /** A channel on its own. */
        public static final Place ALONE = new Place(0, null, Admission.UNLIMITED);
    }

    /** Not registered yet. */
    public ListeningChannel(PortSettings settings, Place place) {
        this.settings = settings;
        this.place = place;
        port = new DatagramPort(settings, this);
        config = new SocketConfig(this, port.socket());
    }

    @Override
    public void onAutoReadCleared() {
        if (isRegistered() && !eventLoop().inEventLoop()) {
            eventLoop().execute(() -> readPending = false);
        } else {
            readPending = false;
        }
    }

    /** Lets other sockets listen at the same address; false where the transport cannot. */
    public boolean sharePort() {
        return SocketSetup.sharePort(port.socket());
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed && port.socket().isActive();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return port.socket().localAddress();
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        port.socket().config().setAllocator(config.getAllocator());
        eventLoop().register(port.socket()).addListener(done -> {
            if (done.isSuccess()) {
                port.begin(place.index());
                gate = new ServerGate(port.setup(), this, port.nanoTime());
                if (place.group() != null) {
                    place.group().join(place.index(), this);
                }
                promise.setSuccess();
            } else {
                promise.setFailure(done.cause());
            }
        });
    }

    /** A bind of a datagram channel on its loop is over when the call returns, whatever the transport. */
    @Override
    protected void doBind(SocketAddress localAddress) {
        ChannelFuture bound = port.socket().bind(localAddress);
        if (bound.cause() != null) {
            PlatformDependent.throwException(bound.cause());
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (!backlog.isEmpty()) {
            port.needTurn();
        }
    }

    @Override
    protected void doDeregister() {
        // The channel itself is registered nowhere; its socket is.
    }

    @Override
    protected void doClose() {
        if (closed) {
            return;
        }
        closed = true;
        for (ConnectionChannel child = backlog.poll(); child != null; child = backlog.poll()) {
            child.unsafe().closeForcibly();
        }
        for (Link link : port.links()) {
            if (link.channel() == null) {
                link.core().abort(port.nanoTime());
                port.mark(link);
            }
        }
        if (!port.hasLinks()) {
            port.close();
        }
    }

    private ServerGate gate() {
        return Objects.requireNonNull(gate, "the channel is not registered");
    }

    // Datagrams that belong to no connection here

    @Override
    public void onStray(long nowNanos, InetSocketAddress from, ByteBuf datagram) {
        boolean isData = Wire.isData(datagram);
        long id = isData ? Wire.dataConnectionId(datagram) : Wire.handshakeDestination(datagram);
        PortGroup group = place.group();
        // A HELLO is for nobody yet, and its connection lives where it arrives.
        if (group != null && id != 0 && Wire.ownerLoop(id) != place.index()) {
            if (group.handOver(Wire.ownerLoop(id), from, datagram)) {
                port.counters().add(Figure.HANDED_OVER, 1);
                return;
            }
        }
        port.counters().add(Figure.STRAYS, 1);
        if (!isData && (closed || backlog.size() >= MAX_BACKLOG)) {
            return;
        }
        ByteBuf room = port.room();
        int before = room.writerIndex();
        switch (gate().onDatagram(nowNanos, from, datagram, room)) {
            case ANSWERED -> port.send(room.writerIndex() - before, from);
            case ACCEPTED -> {
                Link accepted = Objects.requireNonNull(newcomer, "accepted without being asked");
                newcomer = null;
                accepted.setCore(gate().accepted());
                port.add(accepted);
            }
            case REPEATED -> {
                Link known = port.link(gate().accepted().localId());
                if (known != null) {
                    port.mark(known);
                }
            }
            case IGNORED -> {}
        }
        port.needTurn();
    }

    /** Another loop got a datagram that is for this one. */
    boolean takeOver(InetSocketAddress from, ByteBuf datagram) {
        if (handedOver.incrementAndGet() > MAX_HANDED_OVER) {
            handedOver.decrementAndGet();
            return false;
        }
        ByteBuf copy = port.socket().alloc().buffer(datagram.readableBytes()).writeBytes(datagram.duplicate());
        try {
            eventLoop().execute(() -> {
                handedOver.decrementAndGet();
                try {
                    port.onDatagram(port.nanoTime(), from, copy);
                } finally {
                    copy.release();
                }
            });
            return true;
        } catch (RejectedExecutionException loopIsGone) {
            handedOver.decrementAndGet();
            copy.release();
            return false;
        }
    }

    @Override
    public @Nullable ConnectionEvents accept(SocketAddress from) {
        if (!place.admission().tryEnter()) {
            return null;
        }
        newcomer = new Link(port, null);
        return newcomer;
    }

    @Override
    public void onRefused(SocketAddress from, Refuse why) {
        port.counters().add(Figure.REFUSED, 1);
        String detail = CloseCode.text(why.code()) + ": " + why.reason();
        Exception cause = why.code() == CloseCode.BUSY
                ? new RejectedException(toString(), Reason.CONNECTION_LIMIT, Duration.ZERO, detail)
                : NetException.builder(Kind.AUTHENTICATION, Operation.ACCEPT)
                        .remote(from)
                        .detail(detail)
                        .build();
        JfrEvents.connectionReject(from, cause);
        place.admission().onRefused(from, cause);
    }

    @Override
    public void onDisplaced(RudpConnection connection) {
        Link link = port.link(connection.localId());
        if (link != null) {
            port.remove(link);
        }
    }

    // Connections

    @Override
    public @Nullable ConnectionChannel accept(Link link) {
        if (closed) {
            return null;
        }
        ConnectionChannel child = new ConnectionChannel(this, settings, link);
        port.counters().add(Figure.OPENED, 1);
        children.add(child);
        backlog.add(child);
        return child;
    }

    /** A connection's channel is closed. */
    void onChildClosed(ConnectionChannel child) {
        children.remove(child);
    }

    @Override
    public void onTurnEnd() {
        if (backlog.isEmpty() || closed || !(readPending || config.isAutoRead())) {
            return;
        }
        readPending = false;
        do {
            ConnectionChannel child = backlog.remove();
            child.onAccepted();
            pipeline().fireChannelRead(child);
        } while (!backlog.isEmpty() && config.isAutoRead());
        pipeline().fireChannelReadComplete();
    }

    @Override
    public void onSocketFailure(Throwable cause) {
        // A datagram could not be sent to one of many: it counts as lost, and its connection finds out.
    }

    @Override
    public void onGone(Link link) {
        place.admission().leave();
        if (closed && !port.hasLinks()) {
            port.close();
        }
    }

    @Override
    public void onSocketClosed() {
        if (place.group() != null) {
            place.group().leave(place.index());
        }
        if (!closed) {
            close();
        }
    }

    /** Completes when the socket is closed: the last connection is gone and its address free. */
    public ChannelFuture socketClosed() {
        return port.socket().closeFuture();
    }

    /** Ends what is left, and with it the socket, at once. */
    public void closeSocket() {
        if (eventLoop().inEventLoop()) {
            port.close();
        } else {
            eventLoop().execute(port::close);
        }
    }

    /** The connections there are. Any thread. */
    public void forEachChild(Consumer<ConnectionChannel> action) {
        children.forEach(action);
    }

    @Override
    public Stats stats() {
        PortCounters counters = port.counters();
        ConnectionSet.Sums sums = children.sums();
        return new Stats(
                sums.live(),
                counters.get(Figure.OPENED),
                counters.get(Figure.REFUSED),
                counters.get(Figure.DATAGRAMS_IN),
                counters.get(Figure.BYTES_IN),
                counters.get(Figure.DATAGRAMS_OUT),
                counters.get(Figure.BYTES_OUT),
                counters.get(Figure.STRAYS),
                counters.get(Figure.HANDED_OVER),
                sums.sent(),
                sums.received(),
                port.optionsNotApplied());
    }
}

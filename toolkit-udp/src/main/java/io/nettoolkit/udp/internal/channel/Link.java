package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.udp.internal.connection.ConnectionEvents;
import io.nettoolkit.udp.internal.connection.RudpConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPromise;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One connection on a port: the core, and between it and the channel what the one tells and the other may not hear before
 * the core's call is over.
 *
 * <p>Threading: confined to the loop of its port.
 */
final class Link implements ConnectionEvents {

    private static final Object DONE = new Object();

    private final DatagramPort port;
    private @Nullable RudpConnection core;
    private @Nullable ConnectionChannel channel;
    private @Nullable CloseReason ended;
    private boolean established;
    private boolean establishedTold;
    private boolean moved;

    boolean isMarked;
    boolean isHeldBack;
    int heapIndex = -1;
    long deadlineNanos;

    /** A connection of this port; {@code channel} is null while it is not established on the accepting side. */
    Link(DatagramPort port, @Nullable ConnectionChannel channel) {
        this.port = port;
        this.channel = channel;
    }

    void setCore(RudpConnection core) {
        this.core = core;
    }

    RudpConnection core() {
        return Objects.requireNonNull(core, "a link without its core");
    }

    DatagramPort port() {
        return port;
    }

    void setChannel(@Nullable ConnectionChannel channel) {
        this.channel = channel;
    }

    @Nullable
    ConnectionChannel channel() {
        return channel;
    }

    /** Why it ended; null while it has not. */
    @Nullable
    CloseReason ended() {
        return ended;
    }

    void onDatagram(long nowNanos, SocketAddress from, ByteBuf datagram) {
        try {
            core().onDatagram(nowNanos, from, datagram);
        } catch (RuntimeException broken) {
            onBroken(broken);
        }
        port.mark(this);
    }

    void onDeadline(long nowNanos) {
        try {
            core().onTimeout(nowNanos);
        } catch (RuntimeException broken) {
            onBroken(broken);
        }
        port.mark(this);
    }

    /** Reads, tells, sends, and sets the timer. */
    void serve() {
        port.tellOutcomes();
        if (established && !establishedTold) {
            establishedTold = true;
            showEstablished();
        }
        ConnectionChannel shown = channel;
        if (shown != null) {
            if (moved) {
                moved = false;
                shown.onMoved(core().remote());
            }
            shown.deliver();
        }
        boolean polled = port.poll(core(), this);
        port.tellOutcomes();
        CloseReason reason = ended;
        if (shown != null) {
            shown.updateWritability();
            if (reason != null) {
                shown.onEnded(reason);
            }
        }
        if (core().isTerminated()) {
            if (channel == null) {
                core().discard();
            }
            port.remove(this);
        } else if (polled) {
            long now = port.nanoTime();
            port.schedule(this, now, core().nextTimeoutNanos(now));
        }
    }

    private void showEstablished() {
        ConnectionChannel dialled = channel;
        if (dialled != null) {
            dialled.onEstablished();
            return;
        }
        channel = port.owner().accept(this);
        if (channel == null) {
            core().abort(port.nanoTime());
        }
    }

    /**
     * The core threw: a congestion controller did, or there is an error in it. The connection ends, the others do not. Its peer
     * is told, unless that throws as well.
     */
    void onBroken(RuntimeException broken) {
        if (ended == null) {
            ended = CloseReason.failed(Initiator.LOCAL, broken);
            core().abort(port.nanoTime());
        } else {
            core().kill();
        }
    }

    /** Nothing can be sent any more. */
    void onSocketClosed() {
        if (ended == null) {
            NetException closed = NetException.builder(Kind.LOCAL_CLOSED, Operation.CLOSE)
                    .remote(core().remote())
                    .detail("the socket was closed")
                    .cause(new ClosedChannelException())
                    .build();
            ended = CloseReason.failed(Initiator.LOCAL, closed);
        }
        core().kill();
        // Who has not read by now will not be asked again.
        core().discard();
    }

    /** This side ends the connection because of something that went wrong. */
    void fail(Throwable cause) {
        if (ended == null) {
            ended = CloseReason.failed(Initiator.LOCAL, cause);
            core().discard();
            core().abort(port.nanoTime());
            port.mark(this);
        }
    }

    /** Ends an attempt to connect. */
    void refuse(NetException why) {
        if (ended == null && !established) {
            ended = CloseReason.failed(Initiator.NETWORK, why);
            core().kill();
            port.mark(this);
        }
    }

    @Override
    public void onEstablished() {
        established = true;
    }

    @Override
    public void onClosed(CloseReason reason) {
        if (ended == null) {
            ended = reason;
        }
    }

    @Override
    public void onPathChanged() {
        moved = true;
    }

    @Override
    public void onQuiet() {
        if (channel != null) {
            channel.onQuiet();
        }
    }

    @Override
    public void onSent(Object token) {
        if (token instanceof WriteToken write && write.isDoneWhenSent) {
            port.addOutcome(this, token, DONE);
        }
    }

    @Override
    public void onAcknowledged(Object token) {
        if (!(token instanceof WriteToken write && write.isDoneWhenSent)) {
            port.addOutcome(this, token, DONE);
        }
    }

    @Override
    public void onDropped(Object token, Drop reason) {
        port.addOutcome(this, token, reason);
    }

    /** Completes what waits for a message. */
    void tell(Object token, Object outcome) {
        WriteToken write = token instanceof WriteToken parts ? parts : null;
        ChannelPromise promise = write != null ? write.promise : (ChannelPromise) token;
        if (outcome instanceof Drop reason) {
            boolean mistake = reason == Drop.TOO_LONG || reason == Drop.NO_SUCH_CHANNEL;
            // A void promise would fire an exception, which is for mistakes.
            if (mistake || !promise.isVoid()) {
                promise.tryFailure(failure(reason));
            }
        } else if (write == null || --write.pieces == 0) {
            promise.trySuccess();
        }
    }

    private Exception failure(Drop reason) {
        return switch (reason) {
            case SUPERSEDED -> failure(Kind.CANCELLED, "a newer message of its channel was written");
            case EXPIRED -> failure(Kind.CANCELLED, "its deadline passed");
            case TOO_LONG ->
                failure(
                        Kind.FRAME_TOO_LARGE,
                        "the message is longer than the " + core().peerMaxMessageBytes() + " bytes the peer takes");
            case NO_SUCH_CHANNEL -> failure(Kind.PROTOCOL, "the peer has no such channel");
            case CLOSED -> closed();
        };
    }

    /** What those fail with whose messages the end of the connection took along. */
    NetException closed() {
        CloseReason reason = ended;
        Kind kind = reason == null ? Kind.LOCAL_CLOSED : reason.kind();
        return NetException.builder(kind, Operation.WRITE)
                .remote(core().remote())
                .detail("the connection ended before the message was acknowledged")
                .cause(reason != null && reason.failure() != null ? reason.failure() : new ClosedChannelException())
                .build();
    }

    private NetException failure(Kind kind, String detail) {
        return NetException.builder(kind, Operation.WRITE)
                .remote(core().remote())
                .detail(detail)
                .build();
    }
}

package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.RudpStats;
import io.nettoolkit.udp.internal.delivery.Inbox;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.recovery.AckTracker;
import io.nettoolkit.udp.internal.recovery.LossRecovery;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Handshake.Accept;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.KeySchedule.Side;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection as a machine without I/O. See the note of {@link io.nettoolkit.udp.internal the package}.
 *
 * <pre>{@code
 * connection.onDatagram(now, from, datagram);          // or write, receive, close, onTimeout
 * while ((bytes = connection.poll(now, out)) > 0) { send(out, connection.remote()); }
 * wakeUpIn(connection.nextTimeoutNanos(now));          // then call onTimeout
 * }</pre>
 *
 * After every call that may have changed something the caller polls until nothing comes, then asks for the deadline.
 *
 * <p>Threading: confined to its loop. Times given to it must not go back.
 *
 * <p>Ownership: a datagram given in stays the caller's, as does the buffer polled into; a written message is the
 * connection's; a received one is the sink's.
 */
public final class RudpConnection {

    /** No timeout is pending. */
    public static final long NO_TIMEOUT = Long.MAX_VALUE;

    private static final long NEVER = LossRecovery.NEVER;

    /** Where in its life a connection is. */
    public enum State {
        /** The handshake is under way. */
        CONNECTING,
        /** Messages flow. */
        ESTABLISHED,
        /** Nothing more may be written; what was is delivered. */
        FLUSHING,
        /** Ended, and the peer is told. */
        CLOSING,
        /** Ended. */
        CLOSED
    }

    private final ConnectionSetup setup;
    private final ConnectionEvents events;
    private final Side side;
    private final long originNanos;
    private final ConnectionIds ids;
    private final PathState path;
    private final PacketIntake intake = new PacketIntake(this);
    private final AckTracker acks;
    private final Inbox inbox;
    private final LossRecovery recovery;
    private final Liveness liveness;
    private final Traffic traffic = new Traffic();
    private final Outbox outbox;
    private @Nullable Opening opening;
    private PacketProtection protection = PacketProtection.NONE;
    /** Null at rest, and before the handshake is over. */
    private @Nullable PacketAssembler assembler;

    /** Null while it does not end. */
    private @Nullable Ending ending;

    private @Nullable TransportParameters peer;
    private State state = State.CONNECTING;
    private @Nullable Throwable unreachable;
    /** How many packets the peer was asked to acknowledge at once. */
    private int ackFrequency = 2;

    private RudpConnection(
            ConnectionSetup setup, ConnectionEvents events, Side side, SocketAddress remote, long nowNanos) {
        this.setup = setup;
        this.events = events;
        this.side = side;
        originNanos = nowNanos;
        path = new PathState(remote);
        ids = new ConnectionIds(setup, events);
        acks = new AckTracker(setup.config().maxAckDelay().toNanos());
        inbox = new Inbox(setup.config(), setup.allocator());
        outbox = new Outbox(events);
        recovery = new LossRecovery(
                setup.config().datagramBytes(),
                setup.config().initialRtt().toNanos(),
                path -> SilentController.INSTANCE,
                intake);
        liveness = new Liveness(setup.config());
    }

    /** A connection that dials {@code remote}: poll it for its first datagram. */
    public static RudpConnection dial(
            ConnectionSetup setup, ConnectionEvents events, SocketAddress remote, long nowNanos) {
        RudpConnection connection = new RudpConnection(setup, events, Side.CLIENT, remote, nowNanos);
        connection.opening = new ClientHandshake(setup, connection.localId(), 0);
        return connection;
    }

    /** A connection that was accepted: poll it for its answer. */
    static RudpConnection accept(ConnectionSetup setup, ConnectionEvents events, SocketAddress remote, long nowNanos) {
        return new RudpConnection(setup, events, Side.SERVER, remote, nowNanos);
    }

    /** Gives an accepted connection what its client said. */
    void answer(ServerHandshake handshake, TransportParameters parameters, StatelessReset resets) {
        opening = handshake;
        ids.setPeer(handshake.peerId(), ConnectionIds.NO_TOKEN);
        ids.setResets(resets);
        protection = handshake.protection();
        setPeer(0, parameters);
    }

    /** A datagram for this connection came from this address. */
    public void onDatagram(long nowNanos, SocketAddress from, ByteBuf datagram) {
        long now = nowNanos - originNanos;
        int start = datagram.readerIndex();
        int end = datagram.writerIndex();
        if (state == State.CLOSED) {
            return;
        }
        if (Wire.isData(datagram)) {
            intake.onDataPacket(now, from, datagram);
            if (ending != null) {
                ending.endFlush(now);
            }
        } else if (Wire.isHandshake(datagram)) {
            onHandshakePacket(now, from, datagram);
        } else {
            traffic.invalid++;
        }
        datagram.setIndex(start, end);
    }

    /** A data packet that is genuine and new came. */
    void onPacket(long now, SocketAddress from, int bytes) {
        unreachable = null;
        traffic.onReceived(bytes);
        path.onReceived(from, bytes);
        liveness.onReceived(now);
        Opening handshake = opening;
        if (handshake != null) {
            opening = null;
            handshake.end();
            establish();
        }
    }

    /** The newest packet came from another address than the ones before it. */
    void onMoved(long now, SocketAddress from, int bytes) {
        if (side == Side.CLIENT) {
            return;
        }
        if (path.move(from, bytes, setup.random().nextLong(), now, recovery.basePtoNanos())) {
            recovery.restart(setup.config().congestionControl());
        }
        ids.rotate();
        recovery.resetBackoff();
        events.onPathChanged();
    }

    private void onHandshakePacket(long now, SocketAddress from, ByteBuf datagram) {
        int start = datagram.readerIndex();
        try {
            Header header = setup.handshake().readHeader(datagram);
            if (header.type() == Handshake.RESET) {
                onReset(now, header, setup.handshake().readReset(datagram));
            } else if (opening != null && from.equals(path.remote())) {
                opening.onPacket(now, header, datagram, start);
                afterDialling(now);
            }
        } catch (WireException corrupt) {
            traffic.invalid++;
        }
    }

    private void afterDialling(long now) {
        if (!(opening instanceof ClientHandshake handshake)) {
            return;
        }
        Accept accept = handshake.accept();
        if (accept != null) {
            opening = null;
            ids.setPeer(handshake.peerId(), accept.resetToken());
            protection = setup.keys().protection(Side.CLIENT, handshake.random(), accept.random());
            setPeer(now, accept.parameters());
            long rtt = handshake.rttNanos(now);
            if (rtt > 0) {
                recovery.rtt().sample(rtt, 0);
            }
            // The server waits for a packet that shows that the client has its answer.
            assembler(now).requestPing();
            establish();
        } else if (handshake.isRefused()) {
            ending().endSilently(failures(now).handshake(handshake.refusal(), Kind.HANDSHAKE));
        }
    }

    private void setPeer(long now, TransportParameters parameters) {
        peer = parameters;
        recovery.setPeerAckDelay(parameters.maxAckDelayMicros() * 1000);
        liveness.begin(now, parameters.idleTimeoutMillis());
        recovery.setIdleTimeout(liveness.idleNanos());
        outbox.setPeer(parameters);
        outbox.setPatience(liveness.idleNanos());
        recovery.mtu().limit(parameters.maxDatagramBytes());
    }

    private void establish() {
        state = state == State.CONNECTING ? State.ESTABLISHED : state;
        // After that: where it throws, the peer can be told.
        recovery.control(setup.config().congestionControl());
        ids.issue();
        events.onEstablished();
    }

    private void onReset(long now, Header header, byte[] token) {
        if (peer != null && ids.isGenuineReset(header.destination(), token)) {
            ending().endSilently(failures(now).reset());
        }
    }

    /**
     * The network says that datagrams do not arrive (ICMP), by an exception of the socket. A client that still dials ends
     * with the failure it stands for: at once, or where it has a key when its second HELLO is answered like that too,
     * because anybody on the path can say so. Later it ends nothing; where the connection ends for want of answers it is
     * told as the cause.
     */
    public void onUnreachable(long nowNanos, Throwable cause) {
        long now = nowNanos - originNanos;
        unreachable = cause;
        if (opening instanceof ClientHandshake handshake && handshake.isEndedByUnreachable()) {
            ending().endSilently(failures(now).refused(cause));
        }
    }

    /**
     * Datagrams leave from another address from now on, or will soon: they bear another id of the peer's, where it issued
     * one, so that nobody can tell by the id where the connection was before.
     */
    public void rotateId() {
        ids.rotate();
    }

    /** A message to fill in and to {@link #write}. */
    public OutMessage message(ByteBuf content) {
        return outbox.take(content);
    }

    /**
     * Writes a message. Its deadline, if it has one, is a time like {@code nowNanos}.
     *
     * @return false where the connection takes none any more; then its token was told CLOSED
     */
    public boolean write(long nowNanos, OutMessage message) {
        if (state != State.CONNECTING && state != State.ESTABLISHED) {
            outbox.refuse(message);
            return false;
        }
        message.relativeTo(originNanos);
        outbox.write(message);
        return true;
    }

    /** Whether less waits to be acknowledged than the configured send buffer. */
    public boolean isWritable() {
        return outbox.unsettledBytes() < setup.config().sendBufferBytes();
    }

    /** Bytes written and not sent for the first time: what windows keep back. */
    public long queuedBytes() {
        return outbox.queuedBytes();
    }

    /** Bytes written and not acknowledged. */
    public long unsettledBytes() {
        return outbox.unsettledBytes();
    }

    /** The longest message the peer takes; 0 before it has said. */
    public long peerMaxMessageBytes() {
        return peer == null ? 0 : peer.maxMessageBytes();
    }

    /** Hands the next received message to the sink and answers whether there was one. Not asking closes the window. */
    public boolean receive(MessageSink sink) {
        return inbox.poll(sink);
    }

    /** Whether {@link #receive} has something. */
    public boolean hasReadable() {
        return inbox.hasReady();
    }

    /** Closes when everything written is acknowledged, or the drain timeout is over. */
    public void close(long nowNanos) {
        ending().close(nowNanos - originNanos);
    }

    /** Closes now; what is not acknowledged is given up. */
    public void abort(long nowNanos) {
        ending().abort(nowNanos - originNanos);
    }

    /** Ends without a word to the peer: nothing can be sent any more. */
    public void kill() {
        kill(CloseReason.local());
    }

    void kill(CloseReason reason) {
        if (state != State.CLOSED) {
            ending().endSilently(reason);
        }
    }

    /** What ends it; made by whoever has it end. */
    Ending ending() {
        Ending current = ending;
        if (current == null) {
            current = new Ending(this);
            ending = current;
        }
        return current;
    }

    void setState(State state) {
        this.state = state;
    }

    void endOpening() {
        if (opening != null) {
            opening.end();
            opening = null;
        }
    }

    /** It has ended: nothing is sent or acknowledged any more. */
    void release() {
        outbox.close();
        recovery.rest();
        inbox.close();
    }

    /** The deadline of {@link #nextTimeoutNanos} has passed; calling it early does no harm. */
    public void onTimeout(long nowNanos) {
        long now = nowNanos - originNanos;
        switch (state) {
            case CONNECTING -> onHandshakeTimeout(now);
            case ESTABLISHED, FLUSHING -> {
                liveness.onTimeout(this, now);
                if (ending != null) {
                    ending.endFlush(now);
                }
            }
            case CLOSING -> ending().onDeadline(now);
            default -> {}
        }
    }

    private void onHandshakeTimeout(long now) {
        Opening handshake = opening;
        if (handshake != null && handshake.isTimedOut(now)) {
            ending().endSilently(failures(now).handshake(handshake.refusal(), handshake.timeoutKind()));
        }
    }

    /** Nanoseconds until {@link #onTimeout} has to be called, 0 for now, {@link #NO_TIMEOUT} for never. */
    public long nextTimeoutNanos(long nowNanos) {
        long now = nowNanos - originNanos;
        long deadline = switch (state) {
            case CONNECTING -> opening == null ? NEVER : opening.deadlineNanos();
            case ESTABLISHED, FLUSHING ->
                Math.min(liveness.deadlineNanos(this), ending == null ? NEVER : ending.deadlineNanos());
            case CLOSING -> ending().deadlineNanos();
            case CLOSED -> NEVER;
        };
        return deadline == NEVER ? NO_TIMEOUT : Math.max(0, deadline - now);
    }

    /**
     * Writes the next datagram behind what {@code out} holds, which needs room for a full one.
     *
     * @return its bytes; 0 where there is none to send now
     */
    public int poll(long nowNanos, ByteBuf out) {
        long now = nowNanos - originNanos;
        int start = out.writerIndex();
        int bytes = 0;
        switch (state) {
            case CONNECTING -> {
                if (opening != null && opening.poll(now, out)) {
                    bytes = out.writerIndex() - start;
                }
            }
            case ESTABLISHED, FLUSHING -> {
                return assembler != null || hasToSend(now) ? assembler(now).poll(now, out) : 0;
            }
            case CLOSING -> {
                Shutdown shutdown = shutdown();
                if (shutdown != null && shutdown.isDue()) {
                    bytes = assembler(now).pollClose(out, shutdown);
                    shutdown.onSent(now);
                }
            }
            default -> {}
        }
        traffic.onSent(bytes);
        path.onSent(bytes);
        return bytes;
    }

    void onDataSent(long now, int bytes, boolean eliciting) {
        traffic.onSent(bytes);
        path.onSent(bytes);
        if (eliciting) {
            liveness.onElicitingSent(now);
        }
    }

    void onAcksTaken(long now) {
        assembler(now).adaptFrequency(peer == null ? 0 : peer.maxAckDelayMicros() * 1000);
    }

    Failures failures(long now) {
        return new Failures(path.remote(), now, unreachable);
    }

    /** What puts packets together; to be asked for when there is something to send. The handshake is over. */
    PacketAssembler assembler(long now) {
        PacketAssembler current = assembler;
        if (current == null) {
            current = new PacketAssembler(this, protection, ackFrequency, now);
            assembler = current;
        }
        return current;
    }

    /** Whether a connection at rest has something to send. */
    private boolean hasToSend(long now) {
        return acks.dueNanos() <= now
                || path.isChallengeDue()
                || ids.hasFrames()
                || inbox.hasGrants()
                || outbox.hasSendable();
    }

    /** When something may leave that may not yet. */
    long sendDeadlineNanos() {
        return assembler == null ? acks.dueNanos() : assembler.deadlineNanos();
    }

    /** The id datagrams for this connection carry. */
    public long localId() {
        return ids.local();
    }

    /** Every id that datagrams for this connection may carry. */
    public void forEachId(LongConsumer action) {
        ids.forEachLocal(action);
    }

    ConnectionIds ids() {
        return ids;
    }

    long peerId() {
        return ids.peer();
    }

    /** Where datagrams go. */
    public SocketAddress remote() {
        return path.remote();
    }

    /** Where in its life it is. */
    public State state() {
        return state;
    }

    /** Whether it can be forgotten. */
    public boolean isTerminated() {
        return state == State.CLOSED;
    }

    /** How long it has existed. */
    long ageNanos(long nowNanos) {
        return nowNanos - originNanos;
    }

    boolean isOpen() {
        return state == State.ESTABLISHED || state == State.FLUSHING;
    }

    /** Whether nothing is under way in either direction, so that what is kept for later can go. */
    boolean isQuiet() {
        return recovery.packetsInFlight() == 0 && outbox.isSettled() && inbox.bufferedBytes() == 0;
    }

    /** Nothing has been under way for a while (the note of {@link Liveness} tells what goes). */
    void rest() {
        events.onQuiet();
        recovery.rest();
        outbox.rest();
        inbox.rest();
        acks.rest();
        if (assembler != null && assembler.isIdle()) {
            ackFrequency = assembler.frequencyPackets();
            assembler = null;
        }
        protection.trim();
    }

    /** Gives back what was received and not read. */
    public void discard() {
        inbox.discard();
    }

    /** What was measured and done up to now. */
    public RudpStats stats() {
        return traffic.stats(recovery, outbox, inbox);
    }

    /** Probes that are to be sent whatever the window says. */
    int pendingProbes() {
        return assembler == null ? 0 : assembler.pendingProbes();
    }

    ConnectionSetup setup() {
        return setup;
    }

    LossRecovery recovery() {
        return recovery;
    }

    AckTracker acks() {
        return acks;
    }

    Outbox outbox() {
        return outbox;
    }

    Inbox inbox() {
        return inbox;
    }

    PathState path() {
        return path;
    }

    ConnectionEvents events() {
        return events;
    }

    Traffic traffic() {
        return traffic;
    }

    /** What tells the peer of the end; null while it need not be told. */
    @Nullable
    Shutdown shutdown() {
        return ending == null ? null : ending.shutdown();
    }

    /** The protection in force; null before the handshake has brought it about. */
    @Nullable
    PacketProtection protection() {
        return peer == null ? null : protection;
    }
}

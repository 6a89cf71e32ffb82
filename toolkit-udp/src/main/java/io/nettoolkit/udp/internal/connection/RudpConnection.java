package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.udp.RudpStats;
import io.nettoolkit.udp.internal.delivery.Inbox;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.recovery.AckTracker;
import io.nettoolkit.udp.internal.recovery.LossRecovery;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Handshake.Accept;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.KeySchedule.Side;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Objects;
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
    private final long localId;
    private final PathState path;
    private final PacketIntake intake = new PacketIntake(this);
    private final AckTracker acks;
    private final Inbox inbox;
    private final LossRecovery recovery;
    private final Liveness liveness;
    private final Traffic traffic = new Traffic();
    private final Outbox outbox;
    private @Nullable ClientHandshake dialling;
    private @Nullable ServerHandshake accepting;
    private PacketProtection protection = PacketProtection.NONE;
    private @Nullable PacketAssembler assembler;
    private @Nullable Shutdown shutdown;
    private @Nullable TransportParameters peer;
    private byte[] resetToken = new byte[0];
    private long peerId;
    private State state = State.CONNECTING;
    private long flushEndNanos = NEVER;
    private boolean ended;

    private RudpConnection(
            ConnectionSetup setup, ConnectionEvents events, Side side, SocketAddress remote, long nowNanos) {
        this.setup = setup;
        this.events = events;
        this.side = side;
        originNanos = nowNanos;
        path = new PathState(remote);
        localId = Wire.connectionId(setup.random().nextLong(), setup.ownerLoop());
        acks = new AckTracker(setup.config().maxAckDelay().toNanos());
        inbox = new Inbox(setup.config(), setup.allocator());
        int overhead = setup.keys().isKeyed() ? 16 : 4;
        outbox = new Outbox(setup.config().datagramBytes() - Wire.HEADER_BYTES - overhead, events);
        recovery = new LossRecovery(
                setup.config().datagramBytes(),
                setup.config().initialRtt().toNanos(),
                setup.config().congestionControl(),
                intake.notes());
        liveness = new Liveness(setup.config());
    }

    /** A connection that dials {@code remote}: poll it for its first datagram. */
    public static RudpConnection dial(
            ConnectionSetup setup, ConnectionEvents events, SocketAddress remote, long nowNanos) {
        RudpConnection connection = new RudpConnection(setup, events, Side.CLIENT, remote, nowNanos);
        connection.dialling = new ClientHandshake(setup, connection.localId, 0);
        return connection;
    }

    /** A connection that was accepted: poll it for its answer. */
    static RudpConnection accept(ConnectionSetup setup, ConnectionEvents events, SocketAddress remote, long nowNanos) {
        return new RudpConnection(setup, events, Side.SERVER, remote, nowNanos);
    }

    /** Gives an accepted connection what its client said. */
    void answer(ServerHandshake handshake, TransportParameters parameters) {
        accepting = handshake;
        peerId = handshake.peerId();
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
            onDataPacket(now, from, datagram, end - start);
        } else if (Wire.isHandshake(datagram)) {
            onHandshakePacket(now, from, datagram);
        } else {
            traffic.invalid++;
        }
        datagram.setIndex(start, end);
    }

    private void onDataPacket(long now, SocketAddress from, ByteBuf datagram, int bytes) {
        if (peer == null || Wire.dataConnectionId(datagram) != localId) {
            traffic.invalid++;
            return;
        }
        long number = Wire.expandPacketNumber(acks.expected(), Wire.truncatedPacketNumber(datagram));
        if (acks.isDuplicate(number)) {
            traffic.duplicates++;
            return;
        }
        ByteBuf frames = protection.open(datagram, number);
        if (frames == null) {
            traffic.invalid++;
            return;
        }
        traffic.onReceived(bytes);
        path.onReceived(from, bytes);
        liveness.onReceived(now);
        confirm();
        boolean newest = number >= acks.expected();
        intake.begin(now);
        Shutdown ending = shutdown;
        try {
            boolean eliciting = setup.frames().read(frames, intake);
            acks.onReceived(now, number, eliciting);
            if (ending != null && eliciting) {
                ending.onPacket();
            }
        } catch (WireException e) {
            fail(now, e.code(), String.valueOf(e.getMessage()));
            return;
        }
        if (newest && side == Side.SERVER && !from.equals(path.remote())) {
            onMoved(now, from, bytes);
        }
        endFlush(now);
    }

    private void confirm() {
        ServerHandshake handshake = accepting;
        if (handshake != null) {
            accepting = null;
            handshake.finish();
            establish();
        }
    }

    private void onMoved(long now, SocketAddress from, int bytes) {
        if (path.move(from, bytes, setup.random().nextLong(), now, recovery.basePtoNanos())) {
            recovery.restart(setup.config().congestionControl());
        }
        recovery.resetBackoff();
        events.onPathChanged();
    }

    private void onHandshakePacket(long now, SocketAddress from, ByteBuf datagram) {
        int start = datagram.readerIndex();
        try {
            Header header = setup.handshake().readHeader(datagram);
            if (header.type() == Handshake.RESET) {
                onReset(now, header, setup.handshake().readReset(datagram));
            } else if (dialling != null && from.equals(path.remote())) {
                dialling.onPacket(now, header, datagram, start);
                afterDialling(now);
            } else if (accepting != null && header.type() == Handshake.HELLO) {
                accepting.onHello();
            }
        } catch (WireException corrupt) {
            traffic.invalid++;
        }
    }

    private void afterDialling(long now) {
        ClientHandshake handshake = dialling;
        if (handshake == null) {
            return;
        }
        Accept accept = handshake.accept();
        if (accept != null) {
            dialling = null;
            peerId = handshake.peerId();
            resetToken = accept.resetToken();
            protection = setup.keys().protection(Side.CLIENT, handshake.random(), accept.random());
            setPeer(now, accept.parameters());
            long rtt = handshake.rttNanos(now);
            if (rtt > 0) {
                recovery.rtt().sample(rtt, 0);
            }
            // The server waits for a packet that shows that the client has its answer.
            assembler().requestPing();
            establish();
        } else if (handshake.isRefused()) {
            endSilently(now, handshakeFailure(now, handshake.refusal(), Kind.HANDSHAKE));
        }
    }

    private void setPeer(long now, TransportParameters parameters) {
        peer = parameters;
        recovery.setPeerAckDelay(Math.min(parameters.maxAckDelayMicros() * 1000, 1_000_000_000L));
        liveness.begin(now, parameters.idleTimeoutMillis());
        recovery.setIdleTimeout(liveness.idleNanos());
        outbox.setPeer(parameters);
        int datagram = (int) Math.min(setup.config().datagramBytes(), parameters.maxDatagramBytes());
        assembler = new PacketAssembler(this, protection, datagram, now);
    }

    private void establish() {
        state = state == State.CONNECTING ? State.ESTABLISHED : state;
        events.onEstablished();
    }

    private void onReset(long now, Header header, byte[] token) {
        if (resetToken.length > 0 && header.destination() == peerId && MessageDigest.isEqual(token, resetToken)) {
            endSilently(
                    now,
                    failure(Kind.RESET, Operation.READ, "the peer does not know this connection (any more)", now),
                    Initiator.NETWORK);
        }
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
        long now = nowNanos - originNanos;
        if (state == State.CONNECTING) {
            endSilently(now, CloseReason.local());
        } else if (state == State.ESTABLISHED) {
            state = State.FLUSHING;
            flushEndNanos = now + setup.config().drainTimeout().toNanos();
            endFlush(now);
        }
    }

    /** Closes now; what is not acknowledged is given up. */
    public void abort(long nowNanos) {
        long now = nowNanos - originNanos;
        if (state == State.CONNECTING) {
            endSilently(now, CloseReason.local());
        } else if (isOpen()) {
            end(now, CloseReason.local(), CloseCode.NONE, "");
        }
    }

    /** Ends without a word to the peer: nothing can be sent any more. */
    public void kill() {
        if (state != State.CLOSED) {
            endSilently(0, CloseReason.local());
        }
    }

    private void endFlush(long now) {
        if (state == State.FLUSHING && (outbox.isSettled() || now >= flushEndNanos)) {
            end(now, CloseReason.local(), CloseCode.NONE, "");
        }
    }

    void onPeerClose(long now, long code, String reason) {
        Shutdown ending = shutdown;
        if (ending != null) {
            ending.onClose(false);
        } else if (isOpen()) {
            CloseReason why = code == CloseCode.NONE
                    ? CloseReason.peer()
                    : CloseReason.failed(
                            Initiator.PEER,
                            failure(
                                    Kind.PROTOCOL,
                                    Operation.READ,
                                    "the peer closed: " + CloseCode.text(code) + ": " + reason,
                                    now));
            end(now, why, CloseCode.NONE, "");
            Objects.requireNonNull(shutdown).onClose(true);
        }
    }

    /** The peer broke a rule. */
    private void fail(long now, long code, String reason) {
        if (isOpen()) {
            NetException failure = failure(Kind.PROTOCOL, Operation.DECODE, CloseCode.text(code) + ": " + reason, now);
            end(now, CloseReason.failed(Initiator.PEER, failure), code, reason);
        }
    }

    private void end(long now, CloseReason reason, long code, String text) {
        state = State.CLOSING;
        shutdown = new Shutdown(code, text, now, recovery.basePtoNanos());
        tellEnd(reason);
    }

    private void endSilently(long now, NetException failure) {
        endSilently(now, failure, Initiator.PEER);
    }

    private void endSilently(long now, NetException failure, Initiator initiator) {
        endSilently(now, CloseReason.failed(initiator, failure));
    }

    private void endSilently(long now, CloseReason reason) {
        state = State.CLOSED;
        dialling = null;
        if (accepting != null) {
            accepting.finish();
            accepting = null;
        }
        tellEnd(reason);
    }

    private void tellEnd(CloseReason reason) {
        if (ended) {
            return;
        }
        ended = true;
        outbox.close();
        recovery.close();
        inbox.close();
        events.onClosed(reason);
    }

    /** The deadline of {@link #nextTimeoutNanos} has passed; calling it early does no harm. */
    public void onTimeout(long nowNanos) {
        long now = nowNanos - originNanos;
        switch (state) {
            case CONNECTING -> onHandshakeTimeout(now);
            case ESTABLISHED, FLUSHING -> onOpenTimeout(now);
            case CLOSING -> {
                if (shutdown != null && shutdown.onDeadline(now)) {
                    state = State.CLOSED;
                }
            }
            default -> {}
        }
    }

    private void onHandshakeTimeout(long now) {
        ClientHandshake handshake = dialling;
        if (handshake != null && handshake.isTimedOut(now)) {
            endSilently(now, handshakeFailure(now, handshake.refusal(), Kind.CONNECT_TIMEOUT), Initiator.NETWORK);
        } else if (accepting != null && accepting.isTimedOut(now)) {
            endSilently(now, handshakeFailure(now, null, Kind.HANDSHAKE), Initiator.NETWORK);
        }
    }

    private NetException handshakeFailure(long now, @Nullable Refuse refusal, Kind otherwise) {
        if (refusal == null) {
            return failure(otherwise, Operation.CONNECT, "no answer", now);
        }
        Kind kind = refusal.code() == CloseCode.SECURITY
                ? Kind.AUTHENTICATION
                : refusal.code() == CloseCode.BUSY ? Kind.RESOURCE_EXHAUSTED : Kind.HANDSHAKE;
        return failure(kind, Operation.CONNECT, CloseCode.text(refusal.code()) + ": " + refusal.reason(), now);
    }

    private void onOpenTimeout(long now) {
        if (now >= liveness.idleDeadlineNanos(recovery.basePtoNanos())) {
            boolean waiting = recovery.sent().packetsInFlight() > 0;
            Kind kind = waiting ? Kind.PATH_LOST : Kind.IDLE_TIMEOUT;
            String what = waiting ? recovery.ptoCount() + " probes were not answered" : "nothing was said";
            endSilently(now, failure(kind, Operation.READ, what, now), Initiator.NETWORK);
            return;
        }
        if (now >= path.deadlineNanos() && path.onDeadline(now)) {
            events.onPathChanged();
        }
        outbox.expire(now);
        if (now >= recovery.deadlineNanos() && !assembler().isHeldBack()) {
            int probes = recovery.onDeadline(now);
            if (probes > 0) {
                recovery.visitOldest(probes, intake.notes().lost());
                assembler().requestProbes(probes);
            }
        }
        if (now >= liveness.keepAliveNanos() && recovery.sent().packetsInFlight() == 0) {
            liveness.onKeepAlive(now);
            assembler().requestPing();
        }
        endFlush(now);
    }

    /** Nanoseconds until {@link #onTimeout} has to be called, 0 for now, {@link #NO_TIMEOUT} for never. */
    public long nextTimeoutNanos(long nowNanos) {
        long now = nowNanos - originNanos;
        long deadline = switch (state) {
            case CONNECTING ->
                dialling != null ? dialling.deadlineNanos() : accepting != null ? accepting.deadlineNanos() : NEVER;
            case ESTABLISHED, FLUSHING -> openDeadlineNanos();
            case CLOSING -> shutdown == null ? NEVER : shutdown.deadlineNanos();
            case CLOSED -> NEVER;
        };
        return deadline == NEVER ? NO_TIMEOUT : Math.max(0, deadline - now);
    }

    private long openDeadlineNanos() {
        // Where nothing can be sent there is nothing to probe with (RFC 9002 §6.2.2.1).
        long deadline = assembler().isHeldBack() ? NEVER : recovery.deadlineNanos();
        deadline = Math.min(deadline, assembler().deadlineNanos());
        deadline = Math.min(deadline, liveness.idleDeadlineNanos(recovery.basePtoNanos()));
        if (recovery.sent().packetsInFlight() == 0) {
            deadline = Math.min(deadline, liveness.keepAliveNanos());
        }
        deadline = Math.min(deadline, Math.min(path.deadlineNanos(), outbox.expiryNanos()));
        return Math.min(deadline, flushEndNanos);
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
                if (dialling != null && dialling.poll(now, out)) {
                    bytes = out.writerIndex() - start;
                } else if (accepting != null && accepting.poll(now, out, localId)) {
                    bytes = out.writerIndex() - start;
                }
            }
            case ESTABLISHED, FLUSHING -> {
                return assembler().poll(now, out);
            }
            case CLOSING -> {
                Shutdown ending = shutdown;
                if (ending != null && ending.isDue()) {
                    bytes = assembler().pollClose(out, ending);
                    ending.onSent(now);
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

    void onAcksTaken() {
        assembler().adaptFrequency(peer == null ? 0 : peer.maxAckDelayMicros() * 1000);
    }

    void onPathChallenge(long number) {
        assembler().requestResponse(number);
    }

    void requestFrequency() {
        assembler().requestFrequency();
    }

    private NetException failure(Kind kind, Operation operation, String detail, long now) {
        return NetException.builder(kind, operation)
                .remote(path.remote())
                .elapsed(Duration.ofNanos(now))
                .detail(detail)
                .build();
    }

    private PacketAssembler assembler() {
        return Objects.requireNonNull(assembler, "the handshake is not over");
    }

    /** The id datagrams for this connection carry. */
    public long localId() {
        return localId;
    }

    long peerId() {
        return peerId;
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
}

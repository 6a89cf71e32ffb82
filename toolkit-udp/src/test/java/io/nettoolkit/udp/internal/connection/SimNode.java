package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.udp.internal.connection.SimWorkload.Sent;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.nettoolkit.udp.internal.delivery.OutMessage;
import io.nettoolkit.udp.internal.delivery.Outbox;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A connection in the simulator: the shell that polls it and wakes it up, and what it was told. */
final class SimNode implements ConnectionEvents {

    final SimNetwork network;
    final Map<Object, String> outcomes = new HashMap<>();
    final List<Object> sent = new ArrayList<>();

    @Nullable
    RudpConnection connection;

    @Nullable
    CloseReason closed;

    boolean established;
    /** How often it let go of what it does not need while nothing is under way. */
    int rests;

    boolean reading = true;
    /** Sends no data packets: a client that shakes hands and is never heard of again. */
    boolean mute;
    /** Whether the connection may throw; then it is ended, as the real shell does. */
    boolean mayBreak;

    @Nullable
    RuntimeException broken;

    int pathChanges;
    int retiredIds;
    boolean routesIds = true;
    long mostBuffered;
    MessageSink sink = (channel, mode, content) -> content.release();

    private long lastNumber = -1;
    private boolean writesOthers;
    private boolean writesWorkload;
    private long unsettledBytes;
    /** What this side granted, and unreliable messages. */
    long mostBufferable = Long.MAX_VALUE;

    long mostRemembered = Long.MAX_VALUE;

    private final ByteBuf out = new UnpooledByteBufAllocator(false, true).heapBuffer(2048);
    private long timerNanos = Long.MAX_VALUE;
    private SocketAddress local;

    SimNode(SimNetwork network, SocketAddress local) {
        this.network = network;
        this.local = local;
    }

    RudpConnection connection() {
        return Objects.requireNonNull(connection);
    }

    SocketAddress local() {
        return local;
    }

    /** What a NAT does when it forgets a binding. */
    void rebind(SocketAddress to) {
        network.rebind(this, local, to);
        local = to;
    }

    void onDatagram(SocketAddress from, byte[] datagram) {
        ByteBuf in = Unpooled.wrappedBuffer(datagram);
        guarded(() -> connection().onDatagram(network.clock.now(), from, in));
        if (broken == null && in.readableBytes() != datagram.length) {
            throw new AssertionError("the datagram was not left as it was");
        }
        pump();
    }

    boolean write(Sent token, OutMessage message) {
        writesWorkload = true;
        unsettledBytes += token.length();
        return write0(message);
    }

    /** A message that is not one of a workload's: then what is owed is not known. */
    boolean write(OutMessage message) {
        writesOthers = true;
        return write0(message);
    }

    private boolean write0(OutMessage message) {
        boolean taken = connection().write(network.clock.now(), message);
        pump();
        return taken;
    }

    void close() {
        connection().close(network.clock.now());
        pump();
    }

    private void guarded(Runnable event) {
        if (!mayBreak) {
            event.run();
            return;
        }
        try {
            event.run();
        } catch (RuntimeException e) {
            if (broken == null) {
                broken = e;
                connection().abort(network.clock.now());
            } else {
                connection().kill();
            }
        }
    }

    /** Reads, sends, and sets the timer. */
    void pump() {
        guarded(this::pump0);
    }

    private void pump0() {
        long now = network.clock.now();
        RudpConnection c = connection();
        while (reading && c.receive(sink)) {
            // The sink has it.
        }
        mostBuffered = Math.max(mostBuffered, c.inbox().bufferedBytes());
        while (true) {
            long windowBefore = c.recovery().controller().windowBytes();
            int probes = c.pendingProbes();
            out.clear();
            int bytes = c.poll(now, out);
            if (bytes == 0) {
                break;
            }
            long inFlight = c.recovery().bytesInFlight();
            if (inFlight < 0 || out.readableBytes() != bytes) {
                throw new AssertionError(inFlight + " bytes in flight, a datagram of " + bytes + " bytes");
            }
            if (inFlight > windowBefore && probes == 0 && !isOnlyAck(c, inFlight)) {
                throw new AssertionError(inFlight + " bytes in flight, window " + windowBefore + ", and no probe");
            }
            lastInFlight = inFlight;
            checkNumber(out);
            byte[] datagram = new byte[bytes];
            out.readBytes(datagram);
            if (mute && Wire.isData(Unpooled.wrappedBuffer(datagram))) {
                continue;
            }
            network.send(this, c.remote(), datagram);
        }
        lastInFlight = c.recovery().bytesInFlight();
        checkMemory(c);
        schedule(now);
    }

    private long lastInFlight;

    /** With a key a number that is used again gives the key away; without one it is taken for a duplicate. */
    private void checkNumber(ByteBuf datagram) {
        if (!Wire.isData(datagram)) {
            return;
        }
        long number = Wire.expandPacketNumber(lastNumber + 1, Wire.truncatedPacketNumber(datagram));
        if (number <= lastNumber) {
            throw new AssertionError("packet number " + number + " after " + lastNumber);
        }
        lastNumber = number;
    }

    /** What is held is what is owed: messages without an outcome, packets of which something may still be heard. */
    private void checkMemory(RudpConnection c) {
        Outbox outbox = c.outbox();
        boolean isOwed = outbox.unsettledBytes() == unsettledBytes
                && outbox.queuedBytes() >= 0
                && outbox.queuedBytes() <= unsettledBytes;
        if (writesWorkload && !writesOthers && !isOwed) {
            throw new AssertionError(outbox.unsettledBytes() + " bytes unsettled, " + outbox.queuedBytes()
                    + " of them queued, where " + unsettledBytes + " have no outcome");
        }
        if (c.inbox().bufferedBytes() > mostBufferable) {
            throw new AssertionError(c.inbox().bufferedBytes() + " bytes received and not read");
        }
        long tracked = c.recovery().packetsRemembered();
        if (tracked > mostRemembered) {
            throw new AssertionError(
                    tracked + " packets remembered, " + c.recovery().packetsInFlight() + " of them in flight");
        }
    }

    /** The window may have shrunk below what is in flight; a packet that adds nothing to it may leave nevertheless. */
    private boolean isOnlyAck(RudpConnection c, long inFlight) {
        return !c.isOpen() || inFlight <= lastInFlight;
    }

    private void schedule(long now) {
        long timeout = connection().nextTimeoutNanos(now);
        long at = timeout == RudpConnection.NO_TIMEOUT ? Long.MAX_VALUE : now + timeout;
        if (at == Long.MAX_VALUE || at >= timerNanos) {
            // An earlier timer looks again when it fires.
            return;
        }
        timerNanos = at;
        network.clock.at(at, () -> {
            if (timerNanos == at) {
                timerNanos = Long.MAX_VALUE;
                network.countTimer();
                guarded(() -> connection().onTimeout(network.clock.now()));
                pump();
            }
        });
    }

    @Override
    public void onEstablished() {
        established = true;
    }

    @Override
    public void onClosed(CloseReason reason) {
        assertThat(closed).as("closed twice").isNull();
        closed = reason;
    }

    @Override
    public void onQuiet() {
        rests++;
    }

    @Override
    public void onPathChanged() {
        pathChanges++;
    }

    @Override
    public boolean onIdIssued(long id) {
        if (routesIds) {
            network.addId(id, this);
        }
        return routesIds;
    }

    @Override
    public void onIdRetired(long id) {
        retiredIds++;
        network.removeId(id);
    }

    @Override
    public void onSent(Object token) {
        sent.add(token);
        if (token instanceof Sent message && !message.mode().isReliable()) {
            unsettledBytes -= message.length();
        }
    }

    @Override
    public void onAcknowledged(Object token) {
        assertThat(outcomes.put(token, "acknowledged"))
                .as("second outcome of %s", token)
                .isNull();
        onSettled(token);
    }

    private void onSettled(Object token) {
        if (token instanceof Sent message) {
            unsettledBytes -= message.length();
        }
    }

    @Override
    public void onDropped(Object token, Drop reason) {
        assertThat(outcomes.put(token, reason.name()))
                .as("second outcome of %s", token)
                .isNull();
        onSettled(token);
    }
}

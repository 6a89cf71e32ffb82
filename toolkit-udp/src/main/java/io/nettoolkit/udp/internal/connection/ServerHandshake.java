package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Handshake.Accept;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Hello;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.nettoolkit.udp.internal.wire.KeySchedule.Side;
import io.nettoolkit.udp.internal.wire.PacketProtection;
import io.nettoolkit.udp.internal.wire.TransportParameters;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The listening side from a valid cookie until the client shows that it has the answer: ACCEPT, once for each HELLO and
 * again with growing pauses.
 */
final class ServerHandshake implements Opening {

    /** ACCEPTs sent without being asked again; each HELLO gets one in any case. */
    private static final int MAX_UNASKED = 10;

    private final ConnectionSetup setup;
    private final Ids ids;
    private final byte[] clientRandom;
    private final byte[] random;
    private final byte[] resetToken;
    private final long giveUpNanos;
    private final Runnable onOver;
    private boolean due = true;
    private long sendNanos;
    private long pauseNanos;
    private int unasked;

    /** The connection ids of both sides. */
    record Ids(long local, long peer) {}

    ServerHandshake(ConnectionSetup setup, Ids ids, Hello hello, byte[] resetToken, Runnable onOver) {
        this.onOver = onOver;
        this.setup = setup;
        this.ids = ids;
        this.resetToken = resetToken;
        clientRandom = hello.random();
        random = setup.randomBytes(KeySchedule.RANDOM_BYTES);
        giveUpNanos = setup.config().handshakeTimeout().toNanos();
        pauseNanos = 3 * setup.config().initialRtt().toNanos();
    }

    PacketProtection protection() {
        return setup.keys().protection(Side.SERVER, clientRandom, random);
    }

    long peerId() {
        return ids.peer();
    }

    /** The client was heard, or given up. */
    @Override
    public void end() {
        onOver.run();
    }

    @Override
    public void onPacket(long nowNanos, Header header, ByteBuf in, int start) {
        due |= header.type() == Handshake.HELLO;
    }

    @Override
    public @Nullable Refuse refusal() {
        return null;
    }

    @Override
    public Kind timeoutKind() {
        return Kind.HANDSHAKE;
    }

    /** Writes an ACCEPT where one is due. */
    @Override
    public boolean poll(long nowNanos, ByteBuf out) {
        if (!due && (unasked >= MAX_UNASKED || nowNanos < sendNanos)) {
            return false;
        }
        unasked += due ? 0 : 1;
        due = false;
        sendNanos = nowNanos + pauseNanos;
        pauseNanos *= 2;
        Accept accept = new Accept(random, resetToken, TransportParameters.of(setup.config()), true);
        Header header = new Header(Handshake.ACCEPT, Wire.VERSION, ids.peer(), ids.local());
        setup.handshake().writeAccept(out, header, accept, clientRandom, setup.keys());
        return true;
    }

    @Override
    public long deadlineNanos() {
        return unasked >= MAX_UNASKED ? giveUpNanos : Math.min(sendNanos, giveUpNanos);
    }

    @Override
    public boolean isTimedOut(long nowNanos) {
        return nowNanos >= giveUpNanos;
    }
}

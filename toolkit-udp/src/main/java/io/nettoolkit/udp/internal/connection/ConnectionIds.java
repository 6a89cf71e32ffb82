package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.internal.recovery.SentPackets;
import io.nettoolkit.udp.internal.wire.Frames;
import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.Wire;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection ids of both sides: of each the one in use, and a spare one to go on with where the path changes, so that
 * who sees both paths cannot tell by the id that they carry one connection.
 *
 * <p>Each side issues a spare id as soon as the connection is established, and another one when the peer retires the one
 * in use; where its shell routes but one id, it issues none, and the peer stays with the first.
 *
 * <p><b>Sources.</b> RFC 9000 §5.1, §9.5, §19.15, §19.16; with two ids in place of a negotiated number.
 */
final class ConnectionIds {

    static final byte[] NO_TOKEN = {};
    private static final byte[] ZEROS = new byte[Handshake.RESET_TOKEN_BYTES];
    /** The largest NEW_ID and RETIRE_ID there are, together. */
    private static final int FRAME_BYTES = 33 + 9;

    private final ConnectionSetup setup;
    private final ConnectionEvents events;
    private @Nullable StatelessReset resets;

    private long local;
    private int localSequence;
    private @Nullable Spare localSpare;
    private boolean newDue;

    private long peer;
    private byte[] peerToken = NO_TOKEN;
    private int peerSequence;
    private @Nullable Spare peerSpare;
    private boolean retireDue;

    /** An id to go on with, and the token that a stateless reset of it bears. */
    private static final class Spare {
        final long id;
        final byte[] resetToken;

        Spare(long id, byte[] resetToken) {
            this.id = id;
            this.resetToken = resetToken;
        }
    }

    ConnectionIds(ConnectionSetup setup, ConnectionEvents events) {
        this.setup = setup;
        this.events = events;
        local = newId();
    }

    private long newId() {
        return Wire.connectionId(setup.random().nextLong(), setup.ownerLoop());
    }

    /** Tokens for our ids; without, they have none. */
    void setResets(StatelessReset resets) {
        this.resets = resets;
    }

    void setPeer(long id, byte[] resetToken) {
        peer = id;
        peerToken = resetToken;
    }

    /** The id the peer should use. */
    long local() {
        return local;
    }

    boolean isLocal(long id) {
        return id == local || (localSpare != null && id == localSpare.id);
    }

    void forEachLocal(LongConsumer action) {
        action.accept(local);
        if (localSpare != null) {
            action.accept(localSpare.id);
        }
    }

    /** The id the peer's packets bear. */
    long peer() {
        return peer;
    }

    /** Issues a spare id, if it would reach us. */
    void issue() {
        long id = newId();
        if (events.onIdIssued(id)) {
            localSpare = new Spare(id, resets == null ? ZEROS : resets.token(id));
            newDue = true;
        }
    }

    /** Goes on with the peer's spare id; answers whether there is one. */
    boolean rotate() {
        Spare next = peerSpare;
        if (next == null) {
            return false;
        }
        setPeer(next.id, next.resetToken);
        peerSpare = null;
        peerSequence++;
        retireDue = true;
        return true;
    }

    void onNewId(long sequence, long id, byte[] token) throws WireException {
        if (sequence > peerSequence + 1) {
            throw WireException.protocol("connection id " + sequence + " while " + peerSequence + " is not retired");
        }
        if (sequence == peerSequence + 1) {
            if (peerSpare != null && peerSpare.id != id) {
                throw WireException.protocol("two connection ids of number " + sequence);
            }
            peerSpare = new Spare(id, Arrays.equals(token, ZEROS) ? NO_TOKEN : token);
        }
    }

    void onRetireId(long sequence) throws WireException {
        Spare next = localSpare;
        if (sequence > localSequence || (sequence == localSequence && next == null)) {
            throw WireException.protocol("connection id " + sequence + " is retired, which is the last one");
        }
        if (sequence == localSequence && next != null) {
            long retired = local;
            local = next.id;
            localSequence++;
            localSpare = null;
            newDue = false;
            events.onIdRetired(retired);
            issue();
        }
    }

    boolean isGenuineReset(long id, byte[] token) {
        return id == peer && StatelessReset.isGenuine(setup, token, peerToken, id);
    }

    boolean hasFrames() {
        return newDue || retireDue;
    }

    void writeFrames(ByteBuf out, int end, SentPackets sent) {
        if (!hasFrames() || end - out.writerIndex() < FRAME_BYTES) {
            return;
        }
        if (newDue && localSpare != null) {
            newDue = false;
            Frames.writeNewId(out, localSequence + 1, localSpare.id, localSpare.resetToken);
            sent.note(PacketIntake.NOTE_NEW_ID, null, localSequence + 1, 0);
        }
        if (retireDue) {
            retireDue = false;
            Frames.writeRetireId(out, peerSequence - 1);
            sent.note(PacketIntake.NOTE_RETIRE_ID, null, peerSequence - 1, 0);
        }
    }

    /** What told of an id was lost, and is told again where it still matters. */
    void onNewIdLost(long sequence) {
        newDue |= localSpare != null && sequence == localSequence + 1;
    }

    void onRetireIdLost(long sequence) {
        retireDue |= sequence == peerSequence - 1;
    }
}

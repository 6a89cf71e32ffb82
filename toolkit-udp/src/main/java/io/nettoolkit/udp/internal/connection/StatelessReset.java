package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.udp.internal.wire.Handshake;
import io.nettoolkit.udp.internal.wire.KeySchedule;
import io.nettoolkit.udp.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The answer to a data packet for a connection that is not known (any more), and what proves it: the HMAC of the
 * connection id, cut to 16 bytes, under a key that comes from the pre-shared one, so that it outlives a restart and
 * either side can tell the other's. Without a pre-shared key it is random and only told, by a server in its ACCEPT.
 *
 * <p><b>Sources.</b> RFC 9000 §10.3.
 */
final class StatelessReset {

    private final ConnectionSetup setup;
    private final byte[] key;

    StatelessReset(ConnectionSetup setup) {
        this.setup = setup;
        key = setup.keys().isKeyed() ? setup.keys().derive("rudp1 reset") : setup.randomBytes(KeySchedule.RANDOM_BYTES);
    }

    byte[] token(long connectionId) {
        byte[] id = ByteBuffer.allocate(Long.BYTES).putLong(connectionId).array();
        return Arrays.copyOf(KeySchedule.hmac(key, id), Handshake.RESET_TOKEN_BYTES);
    }

    /** Answers a data packet, unless that is not longer than the answer: or two could go on answering each other. */
    boolean answer(ByteBuf datagram, ByteBuf out) {
        if (datagram.readableBytes() <= Handshake.RESET_BYTES) {
            return false;
        }
        long id = Wire.dataConnectionId(datagram);
        setup.handshake().writeReset(out, id, token(id));
        return true;
    }

    /** Whether this is the token of the peer's connection id, which it told us, or which we can tell. */
    static boolean isGenuine(ConnectionSetup setup, byte[] token, byte[] told, long peerId) {
        if (told.length > 0) {
            return MessageDigest.isEqual(token, told);
        }
        return setup.keys().isKeyed() && MessageDigest.isEqual(token, new StatelessReset(setup).token(peerId));
    }
}

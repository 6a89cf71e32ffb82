package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.udp.internal.wire.Handshake.Header;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import io.nettoolkit.udp.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One side of the handshake, for as long as the connection is not established. */
interface Opening {

    /** A handshake packet came from the peer; {@code start} is where it began, {@code in} is past its header. */
    void onPacket(long nowNanos, Header header, ByteBuf in, int start) throws WireException;

    /** Writes a packet where one is due. */
    boolean poll(long nowNanos, ByteBuf out);

    long deadlineNanos();

    boolean isTimedOut(long nowNanos);

    /** What it is called when time is up. */
    Kind timeoutKind();

    /** The last no of the peer; null for none. */
    @Nullable
    Refuse refusal();

    /** The handshake is over, well or not. */
    void end();
}

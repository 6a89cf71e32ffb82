package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** What is said about a stream that is not what its framing says: the facts, the first bytes, who probably sent them. */
final class FrameFailure {

    private static final int SHOWN_BYTES = 16;

    private FrameFailure() {}

    static NetException of(Kind kind, String what, ByteBuf in, int index, int readable) {
        return NetException.builder(kind, Operation.DECODE)
                .detail(what + "; " + describe(in, index, readable))
                .build();
    }

    /** "first bytes 47 45 54 20; this looks like HTTP". */
    static String describe(ByteBuf in, int index, int readable) {
        int shown = Math.min(readable, SHOWN_BYTES);
        StringBuilder text = new StringBuilder(96).append("first bytes");
        for (int i = 0; i < shown; i++) {
            text.append(' ').append(ByteBufUtil.hexDump(in, index + i, 1));
        }
        String protocol = ProtocolGuess.of(in, index, readable);
        return (protocol == null ? text : text.append("; this looks like ").append(protocol)).toString();
    }
}

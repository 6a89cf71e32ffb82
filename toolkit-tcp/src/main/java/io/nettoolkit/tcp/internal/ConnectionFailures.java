package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.tls.TlsFailures;
import io.netty.channel.Channel;

/** Says what went wrong on one connection, with its addresses and its age. */
final class ConnectionFailures {

    private final Channel channel;
    private final ConnectionHistory history;

    ConnectionFailures(Channel channel, ConnectionHistory history) {
        this.channel = channel;
        this.history = history;
    }

    NetException of(Kind kind, Operation operation, String detail) {
        return at(kind, operation).detail(detail).build();
    }

    /** Classifies the cause; what the framing found out is given the addresses it cannot know. */
    NetException of(Throwable cause, Operation operation) {
        if (cause instanceof NetException known && known.remote() == null) {
            return at(known.kind(), known.operation())
                    .detail(known.detail())
                    .cause(known)
                    .build();
        }
        return NetException.of(cause, operation, channel.localAddress(), channel.remoteAddress(), history.age());
    }

    /** A failure of TLS, with what to do about it. */
    NetException ofTls(Throwable cause) {
        return TlsFailures.describe(cause, channel.localAddress(), channel.remoteAddress(), history.age());
    }

    NetException truncated(int bytes) {
        return of(
                Kind.FRAME_TRUNCATED,
                Operation.DECODE,
                "the stream ended inside a frame, after " + bytes + " bytes of it");
    }

    /** What becomes of a frame that was taken and not written when the connection ended. */
    NetException unwritten(CloseReason ended) {
        return at(ended.kind(), Operation.WRITE)
                .detail("the connection ended before this was written")
                .cause(ended.failure())
                .build();
    }

    NetException handlerThrew(String method, Throwable thrown) {
        return at(Kind.OTHER, Operation.READ)
                .detail("FrameHandler." + method + " threw " + thrown)
                .cause(thrown)
                .build();
    }

    private NetException.Builder at(Kind kind, Operation operation) {
        return NetException.builder(kind, operation)
                .local(channel.localAddress())
                .remote(channel.remoteAddress())
                .elapsed(history.age());
    }
}

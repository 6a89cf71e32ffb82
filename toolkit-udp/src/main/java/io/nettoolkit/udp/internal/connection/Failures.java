package io.nettoolkit.udp.internal.connection;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.udp.internal.wire.CloseCode;
import io.nettoolkit.udp.internal.wire.Handshake.Refuse;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why a connection ended, in words.
 *
 * @param remote the peer
 * @param nanos how long the connection had existed
 * @param unreachable what the network said last about datagrams that did not arrive; null for nothing
 */
record Failures(SocketAddress remote, long nanos, @Nullable Throwable unreachable) {

    private NetException failure(Kind kind, Operation operation, String detail) {
        return NetException.builder(kind, operation)
                .remote(remote)
                .elapsed(Duration.ofNanos(nanos))
                .detail(detail)
                .cause(unreachable)
                .build();
    }

    /** The handshake failed: the peer said no, or {@code otherwise}. */
    CloseReason handshake(@Nullable Refuse refusal, Kind otherwise) {
        if (refusal == null) {
            return unreachable == null
                    ? silence(failure(otherwise, Operation.CONNECT, "no answer"))
                    : refused(unreachable);
        }
        Kind kind = refusal.code() == CloseCode.SECURITY
                ? Kind.AUTHENTICATION
                : refusal.code() == CloseCode.BUSY ? Kind.RESOURCE_EXHAUSTED : Kind.HANDSHAKE;
        String text = CloseCode.text(refusal.code()) + ": " + refusal.reason();
        return CloseReason.failed(Initiator.PEER, failure(kind, Operation.CONNECT, text));
    }

    /** The client did not show in time that it has its answer. */
    CloseReason displaced() {
        return silence(failure(Kind.HANDSHAKE, Operation.ACCEPT, "no answer yet, and others needed the room"));
    }

    /** The network says that nobody is there. */
    CloseReason refused(Throwable cause) {
        return silence(NetException.of(cause, Operation.CONNECT, null, remote, Duration.ofNanos(nanos)));
    }

    private static CloseReason silence(NetException failure) {
        return CloseReason.failed(Initiator.NETWORK, failure);
    }

    /** Nothing was heard for too long, although so many probes asked, or because nothing was asked. */
    CloseReason silence(boolean waiting, int probes) {
        return silence(
                waiting
                        ? failure(Kind.PATH_LOST, Operation.READ, probes + " probes were not answered")
                        : failure(Kind.IDLE_TIMEOUT, Operation.READ, "nothing was said"));
    }

    /** The peer answers, but what was sent again and again does not arrive. */
    CloseReason stuck(int datagramBytes) {
        return silence(failure(
                Kind.PATH_LOST,
                Operation.WRITE,
                "the peer answers, but a message does not arrive however often it is sent: the path may not carry datagrams"
                        + " of " + datagramBytes + " bytes"));
    }

    /** The peer does not know the connection. */
    CloseReason reset() {
        return silence(failure(Kind.RESET, Operation.READ, "the peer does not know this connection (any more)"));
    }

    /** The peer closed. */
    CloseReason closed(long code, String reason) {
        if (code == CloseCode.NONE) {
            return CloseReason.peer();
        }
        String text = "the peer closed: " + CloseCode.text(code) + ": " + reason;
        return CloseReason.failed(Initiator.PEER, failure(Kind.PROTOCOL, Operation.READ, text));
    }

    /** The peer broke a rule. */
    CloseReason violation(long code, String reason) {
        String text = CloseCode.text(code) + ": " + reason;
        return CloseReason.failed(Initiator.PEER, failure(Kind.PROTOCOL, Operation.DECODE, text));
    }
}

package io.nettoolkit.core;

import io.nettoolkit.core.internal.FailureClassifier;
import java.util.Objects;

/**
 * What every failure of the network says about itself, so that a caller switches on one enum wherever it came from.
 *
 * <p>Implemented by {@link NetException} and by exceptions that must extend another class of the JDK.
 *
 * <p><b>Threading.</b> Implementations are immutable.
 */
public interface NetFailure {

    /** What went wrong. */
    Kind kind();

    /** What was being done. */
    Operation operation();

    /** Whether time ran out, rather than something refusing or breaking. */
    default boolean isTimeout() {
        return kind().isTimeout();
    }

    /** Whether the work was provably not processed by the peer, so that doing it again cannot do it twice. */
    boolean isRetryable();

    /** What was being done when it failed. */
    enum Operation {
        /** Looking up a name. */
        RESOLVE,
        /** Opening a connection to one or several addresses. */
        CONNECT,
        /** Binding a local address. */
        BIND,
        /** Taking in a connection. */
        ACCEPT,
        /** The TLS handshake, or reading TLS material. */
        TLS,
        /** Reading from the peer. */
        READ,
        /** Turning bytes into frames or messages. */
        DECODE,
        /** Turning frames or messages into bytes. */
        ENCODE,
        /** Writing to the peer. */
        WRITE,
        /** A request waiting for its answer. */
        REQUEST,
        /** Taking a connection from a pool. */
        ACQUIRE,
        /** Closing. */
        CLOSE
    }

    /** What went wrong. Kinds may be added in any release: give a {@code switch} a default. */
    enum Kind {
        /** No answer to the connect in time. */
        CONNECT_TIMEOUT,
        /** The peer's host refused the connect: nothing listens there. */
        CONNECT_REFUSED,
        /** No route to the host or network. */
        UNREACHABLE,
        /** The peer, or something between, reset the connection; also a write after that ("broken pipe"). */
        RESET,
        /** The peer closed. */
        PEER_CLOSED,
        /**
         * This side closed. A bare {@link java.nio.channels.ClosedChannelException} counts as that too: it says that
         * the channel had been closed here already, not why; {@link CloseReason} tells who ended a connection.
         */
        LOCAL_CLOSED,
        /** Nothing to read in time. */
        READ_TIMEOUT,
        /** The peer did not take what was written in time. */
        WRITE_TIMEOUT,
        /** No traffic for too long. */
        IDLE_TIMEOUT,
        /** A frame was begun and not finished in time, or the first one never came. */
        FRAME_TIMEOUT,
        /** No answer to a request in time. */
        REQUEST_TIMEOUT,
        /** No connection became free in time. */
        ACQUIRE_TIMEOUT,
        /** The local address is taken. */
        ADDRESS_IN_USE,
        /** The operating system forbids it. */
        PERMISSION,
        /** Out of descriptors, memory or ports. */
        RESOURCE_EXHAUSTED,
        /** The TLS handshake failed. */
        TLS_HANDSHAKE,
        /** A certificate was not accepted. */
        TLS_CERTIFICATE,
        /** The TLS handshake took too long. */
        TLS_TIMEOUT,
        /** The peer does not speak TLS. */
        NOT_TLS,
        /** A frame longer than the limit. */
        FRAME_TOO_LARGE,
        /** A frame that breaks the framing's rules. */
        FRAME_CORRUPT,
        /** A frame whose checksum does not match. */
        FRAME_CHECKSUM,
        /** The stream ended inside a frame. */
        FRAME_TRUNCATED,
        /** The peer broke the rules of the protocol above the framing, or of TLS once its handshake was over. */
        PROTOCOL,
        /** No DNS answer in time. */
        DNS_TIMEOUT,
        /** The name does not exist. */
        DNS_NO_SUCH_NAME,
        /** The name exists without the record asked for. */
        DNS_NO_DATA,
        /** The DNS server failed. */
        DNS_SERVER_FAILURE,
        /** The DNS server refused. */
        DNS_REFUSED,
        /** Not a legal name. */
        DNS_BAD_NAME,
        /** Aliases go round in circles, or the chain is too long. */
        DNS_LOOP,
        /** The answer failed validation. */
        DNS_BOGUS,
        /** A handshake above TLS failed. */
        HANDSHAKE,
        /** The peer could not prove who it is. */
        AUTHENTICATION,
        /** The path to the peer stopped carrying packets: nothing is acknowledged any more. */
        PATH_LOST,
        /** The caller gave up. */
        CANCELLED,
        /** None of the others. */
        OTHER;

        /** Whether this kind means that time ran out. */
        public boolean isTimeout() {
            return switch (this) {
                case CONNECT_TIMEOUT,
                        READ_TIMEOUT,
                        WRITE_TIMEOUT,
                        IDLE_TIMEOUT,
                        FRAME_TIMEOUT,
                        REQUEST_TIMEOUT,
                        ACQUIRE_TIMEOUT,
                        TLS_TIMEOUT,
                        DNS_TIMEOUT -> true;
                default -> false;
            };
        }

        /**
         * The kind of any throwable of the JDK, of Netty or of a native transport. Unwraps
         * {@link java.util.concurrent.CompletionException}, {@link java.util.concurrent.ExecutionException} and
         * Netty's {@code DecoderException}; usable in anybody's own {@code exceptionCaught}. A bare
         * {@link java.util.concurrent.TimeoutException} is a {@link #REQUEST_TIMEOUT}.
         */
        public static Kind of(Throwable failure) {
            Objects.requireNonNull(failure, "failure: must not be null");
            return FailureClassifier.kindOf(failure);
        }
    }
}

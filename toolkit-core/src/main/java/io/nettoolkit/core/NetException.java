package io.nettoolkit.core;

import io.nettoolkit.core.internal.FailureClassifier;
import io.nettoolkit.core.internal.FailureText;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A failure of the network: what was being done, between which addresses, for how long, and what went wrong.
 *
 * <p>Its message has all of that: {@code connect 10.0.0.2:80 failed with CONNECT_REFUSED after 3.2 ms: Connection
 * refused; nothing listens there: …}.
 *
 * <p><b>Threading.</b> Immutable, but for what {@link Throwable} lets anybody add.
 *
 * <p><b>Failure.</b> {@link #isRetryable()} is true only where the work provably did not reach the peer.
 */
public final class NetException extends IOException implements NetFailure {

    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final Operation operation;
    private final boolean retryable;
    private final transient @Nullable SocketAddress local;
    private final transient @Nullable SocketAddress remote;
    private final @Nullable Duration elapsed;
    private final String detail;

    private NetException(Builder builder) {
        super(builder.message(), builder.cause);
        kind = builder.kind;
        operation = builder.operation;
        retryable = builder.retryable;
        local = builder.local;
        remote = builder.remote;
        elapsed = builder.elapsed;
        detail = builder.detail;
    }

    /** Begins an exception of this kind. */
    public static Builder builder(Kind kind, Operation operation) {
        return new Builder(kind, operation);
    }

    /**
     * Any throwable as a {@link NetException}: itself where it is one already (also inside a wrapper), else
     * classified and kept as the cause.
     *
     * <p>It is retryable where the failure says so itself, or else where the operation is
     * {@link NetFailure.Operation#RESOLVE}, {@link NetFailure.Operation#CONNECT} or
     * {@link NetFailure.Operation#ACQUIRE}: those end before any work is handed to the peer.
     */
    public static NetException of(
            Throwable failure,
            Operation operation,
            @Nullable SocketAddress local,
            @Nullable SocketAddress remote,
            @Nullable Duration elapsed) {
        Objects.requireNonNull(failure, "failure: must not be null");
        Throwable cause = FailureClassifier.unwrap(failure);
        if (cause instanceof NetException already) {
            return already;
        }
        return builder(FailureClassifier.kindOf(cause, operation), operation)
                .retryable(cause instanceof NetFailure known ? known.isRetryable() : isBeforeAnyWork(operation))
                .cause(cause)
                .local(local)
                .remote(remote)
                .elapsed(elapsed)
                .build();
    }

    private static boolean isBeforeAnyWork(Operation operation) {
        return operation == Operation.RESOLVE || operation == Operation.CONNECT || operation == Operation.ACQUIRE;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public Operation operation() {
        return operation;
    }

    @Override
    public boolean isRetryable() {
        return retryable;
    }

    /** The local address, where there was one; lost by serialization. */
    public @Nullable SocketAddress local() {
        return local;
    }

    /** The peer's address, where there was one; lost by serialization. */
    public @Nullable SocketAddress remote() {
        return remote;
    }

    /** How long the operation had taken, where that was measured. */
    public @Nullable Duration elapsed() {
        return elapsed;
    }

    /** What went wrong in numbers, and what to do about it; empty where only the cause tells. */
    public String detail() {
        return detail;
    }

    /** Puts one exception together. Not thread-safe. */
    public static final class Builder {
        private final Kind kind;
        private final Operation operation;
        private boolean retryable;
        private @Nullable SocketAddress local;
        private @Nullable SocketAddress remote;
        private @Nullable Duration elapsed;
        private @Nullable Throwable cause;
        private String detail = "";

        private Builder(Kind kind, Operation operation) {
            this.kind = Objects.requireNonNull(kind, "kind: must not be null");
            this.operation = Objects.requireNonNull(operation, "operation: must not be null");
        }

        /** What went wrong in numbers, and what to do about it; default what the cause says and a hint by kind. */
        public Builder detail(String detail) {
            this.detail = Objects.requireNonNull(detail, "detail: must not be null");
            return this;
        }

        /** Whether the work was provably not processed; default no. */
        public Builder retryable(boolean retryable) {
            this.retryable = retryable;
            return this;
        }

        /** The local address; default none. */
        public Builder local(@Nullable SocketAddress local) {
            this.local = local;
            return this;
        }

        /** The peer's address; default none. */
        public Builder remote(@Nullable SocketAddress remote) {
            this.remote = remote;
            return this;
        }

        /** How long the operation had taken; default not measured. */
        public Builder elapsed(@Nullable Duration elapsed) {
            this.elapsed = elapsed;
            return this;
        }

        /** What the JDK, Netty or the operating system said; default nothing. */
        public Builder cause(@Nullable Throwable cause) {
            this.cause = cause;
            return this;
        }

        /** The exception. */
        public NetException build() {
            return new NetException(this);
        }

        private String message() {
            StringBuilder text = new StringBuilder(128).append(FailureText.of(operation));
            if (local != null) {
                text.append(' ').append(FailureText.of(local));
            }
            if (remote != null) {
                text.append(local != null ? " -> " : " ").append(FailureText.of(remote));
            }
            text.append(" failed with ").append(kind);
            if (elapsed != null) {
                text.append(" after ").append(FailureText.of(elapsed));
            }
            String why = detail.isEmpty() ? FailureText.why(kind, cause) : detail;
            return (why.isEmpty() ? text : text.append(": ").append(why)).toString();
        }
    }
}

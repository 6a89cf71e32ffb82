package io.nettoolkit.core;

import io.nettoolkit.core.internal.FailureClassifier;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A failure of the network: what was being done, between which addresses, for how long, and what went wrong.
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

    private NetException(Builder builder) {
        super(builder.message(), builder.cause);
        kind = builder.kind;
        operation = builder.operation;
        retryable = builder.retryable;
        local = builder.local;
        remote = builder.remote;
        elapsed = builder.elapsed;
    }

    /** Begins an exception of this kind. */
    public static Builder builder(Kind kind, Operation operation) {
        return new Builder(kind, operation);
    }

    /**
     * Any throwable as a {@link NetException}: itself where it is one already, else classified and kept as the cause.
     * A classified failure of {@link Operation#RESOLVE}, {@link Operation#CONNECT} or {@link Operation#ACQUIRE} is
     * retryable.
     */
    public static NetException of(
            Throwable failure,
            Operation operation,
            @Nullable SocketAddress local,
            @Nullable SocketAddress remote,
            @Nullable Duration elapsed) {
        Throwable cause = FailureClassifier.unwrap(failure);
        if (cause instanceof NetException already) {
            return already;
        }
        boolean unprocessed = operation == Operation.RESOLVE
                || operation == Operation.CONNECT
                || operation == Operation.ACQUIRE;
        Builder builder = builder(FailureClassifier.kindOf(cause), operation).retryable(unprocessed).cause(cause);
        builder.local = local;
        builder.remote = remote;
        builder.elapsed = elapsed;
        return builder.build();
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

    /** The local address, where there was one. */
    public @Nullable SocketAddress local() {
        return local;
    }

    /** The peer's address, where there was one. */
    public @Nullable SocketAddress remote() {
        return remote;
    }

    /** How long the operation had taken, where that was measured. */
    public @Nullable Duration elapsed() {
        return elapsed;
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

        /** What went wrong in numbers, and what to do about it; default none. */
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

        /** "connect 10.0.0.1:5 -> 10.0.0.2:80 failed with CONNECT_REFUSED after 3 ms: detail". */
        private String message() {
            StringBuilder text = new StringBuilder(96);
            text.append(operation.name().toLowerCase(java.util.Locale.ROOT));
            if (local != null) {
                text.append(' ').append(local);
            }
            if (remote != null) {
                text.append(local != null ? " -> " : " ").append(remote);
            }
            text.append(" failed with ").append(kind);
            if (elapsed != null) {
                text.append(" after ").append(elapsed.toNanos() / 1_000_000.0).append(" ms");
            }
            if (!detail.isEmpty()) {
                text.append(": ").append(detail);
            } else if (cause != null) {
                text.append(": ").append(cause.getMessage() != null ? cause.getMessage() : cause.toString());
            }
            return text.toString();
        }
    }
}

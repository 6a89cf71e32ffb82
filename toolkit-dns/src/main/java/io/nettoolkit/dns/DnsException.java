package io.nettoolkit.dns;

import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.internal.FailureText;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A name could not be looked up: which one, what went wrong, who said so.
 *
 * <p>Its kind is {@link NetFailure.Kind#DNS_NO_SUCH_NAME} or {@link NetFailure.Kind#DNS_NO_DATA} where the servers say
 * that there is nothing; {@link NetFailure.Kind#DNS_TIMEOUT}, {@link NetFailure.Kind#DNS_SERVER_FAILURE},
 * {@link NetFailure.Kind#DNS_REFUSED} or one of the kinds of connections and TLS where they could not be asked or did not
 * tell; {@link NetFailure.Kind#DNS_LOOP}, {@link NetFailure.Kind#DNS_BOGUS} or {@link NetFailure.Kind#PROTOCOL} where they
 * told nonsense; {@link NetFailure.Kind#DNS_BAD_NAME} where the name cannot be asked for.
 *
 * <p>It has no stack trace: that would be the event loop's, which tells nothing, and misses from the cache are frequent.
 *
 * <p><b>Threading.</b> Immutable, but for what {@link Throwable} lets anybody add.
 */
public final class DnsException extends UnknownHostException implements NetFailure {

    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final String name;
    private final transient @Nullable DnsType<?> type;
    private final @Nullable InetSocketAddress server;
    private final @Nullable Duration elapsed;

    private DnsException(Builder builder) {
        super(builder.message());
        kind = builder.kind;
        name = builder.name;
        type = builder.type;
        server = builder.server;
        elapsed = builder.elapsed;
        if (builder.cause != null) {
            initCause(builder.cause);
        }
    }

    /** Begins an exception of this kind about a name, as the caller spelled it. */
    public static Builder builder(Kind kind, String name) {
        return new Builder(kind, name);
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public Operation operation() {
        return Operation.RESOLVE;
    }

    /** True: a lookup ends before any work is handed to a peer. */
    @Override
    public boolean isRetryable() {
        return true;
    }

    /** The name that was looked up. */
    public String name() {
        return name;
    }

    /** The type that was asked for; null where that was never settled, and after serialization. */
    public @Nullable DnsType<?> type() {
        return type;
    }

    /** The name server that caused it; null where none did. */
    public @Nullable InetSocketAddress server() {
        return server;
    }

    /** How long the lookup had taken; null where that was not measured. */
    public @Nullable Duration elapsed() {
        return elapsed;
    }

    /** Takes no stack trace. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public Throwable fillInStackTrace() {
        return this;
    }

    /** Puts one exception together. Not thread-safe. */
    public static final class Builder {
        private final Kind kind;
        private final String name;
        private @Nullable DnsType<?> type;
        private @Nullable InetSocketAddress server;
        private @Nullable Duration elapsed;
        private @Nullable Throwable cause;
        private String detail = "";

        private Builder(Kind kind, String name) {
            this.kind = Objects.requireNonNull(kind, "kind: must not be null");
            this.name = Objects.requireNonNull(name, "name: must not be null");
        }

        /** The type that was asked for; default not known. */
        public Builder type(@Nullable DnsType<?> type) {
            this.type = type;
            return this;
        }

        /** The name server that caused it; default none. */
        public Builder server(@Nullable InetSocketAddress server) {
            this.server = server;
            return this;
        }

        /** How long the lookup had taken; default not measured. */
        public Builder elapsed(@Nullable Duration elapsed) {
            this.elapsed = elapsed;
            return this;
        }

        /** What went wrong in numbers, and what to do about it; default what the cause says. */
        public Builder detail(String detail) {
            this.detail = Objects.requireNonNull(detail, "detail: must not be null");
            return this;
        }

        /** What the JDK, Netty or the operating system said; default nothing. */
        public Builder cause(@Nullable Throwable cause) {
            this.cause = cause;
            return this;
        }

        /** The exception. */
        public DnsException build() {
            return new DnsException(this);
        }

        private String message() {
            StringBuilder text = new StringBuilder(128).append("resolve ").append(name.isEmpty() ? "\"\"" : name);
            if (type != null) {
                text.append(' ').append(type);
            }
            if (server != null) {
                text.append(" at ").append(FailureText.of(server));
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

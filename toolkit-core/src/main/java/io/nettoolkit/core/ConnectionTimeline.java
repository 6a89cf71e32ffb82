package io.nettoolkit.core;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When what happened in the life of one connection. A phase that did not happen is {@code null}: an accepted
 * connection resolves and connects nothing, a plain one has no TLS.
 *
 * <p><b>Threading.</b> Immutable; of a living connection it is what had happened when it was asked for.
 *
 * @param resolve name lookup, on clients
 * @param connect from the first connect attempt to the established connection, on clients
 * @param tls TLS handshake
 * @param firstByte from the established connection (after TLS) to the first byte of the peer's data
 * @param lifetime from accept, or from the first connect attempt, until now or until the close
 * @param bytesIn bytes received, after TLS
 * @param bytesOut bytes written, before TLS
 */
public record ConnectionTimeline(
        @Nullable Duration resolve,
        @Nullable Duration connect,
        @Nullable Duration tls,
        @Nullable Duration firstByte,
        Duration lifetime,
        long bytesIn,
        long bytesOut) {

    /** Checks that the life time is there and that no count is negative. */
    public ConnectionTimeline {
        Objects.requireNonNull(lifetime, "lifetime: must not be null");
        if (bytesIn < 0 || bytesOut < 0) {
            throw new IllegalArgumentException(
                    "bytesIn, bytesOut: " + bytesIn + ", " + bytesOut + " (must not be negative)");
        }
    }
}

package io.nettoolkit.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why a connection ended. Each connection has exactly one: the first thing that ended it.
 *
 * <p><b>Threading.</b> Immutable, but for what {@link Throwable} lets anybody add to the failure.
 *
 * @param initiator who ended it
 * @param kind {@link NetFailure.Kind#LOCAL_CLOSED} or {@link NetFailure.Kind#PEER_CLOSED} for an orderly end, else what
 *     went wrong
 * @param failure the failure with its numbers; {@code null} for an orderly end
 */
public record CloseReason(
        Initiator initiator, NetFailure.Kind kind, @Nullable Throwable failure) {

    private static final CloseReason LOCAL = new CloseReason(Initiator.LOCAL, NetFailure.Kind.LOCAL_CLOSED, null);
    private static final CloseReason PEER = new CloseReason(Initiator.PEER, NetFailure.Kind.PEER_CLOSED, null);

    /** Checks that initiator and kind are there, and that what is not an orderly end has its failure. */
    public CloseReason {
        Objects.requireNonNull(initiator, "initiator: must not be null");
        Objects.requireNonNull(kind, "kind: must not be null");
        if (failure == null && kind != NetFailure.Kind.LOCAL_CLOSED && kind != NetFailure.Kind.PEER_CLOSED) {
            throw new IllegalArgumentException("failure: null (must be there for the kind " + kind + ")");
        }
    }

    /** This side closed in order. */
    public static CloseReason local() {
        return LOCAL;
    }

    /** The peer closed in order. */
    public static CloseReason peer() {
        return PEER;
    }

    /** Something went wrong: the kind comes from the failure. */
    public static CloseReason failed(Initiator initiator, Throwable failure) {
        Objects.requireNonNull(failure, "failure: must not be null");
        return new CloseReason(initiator, NetFailure.Kind.of(failure), failure);
    }

    /** Whether the connection ended without a failure. */
    public boolean isOrderly() {
        return failure == null;
    }

    /** Who ended a connection. */
    public enum Initiator {
        /** This side: a close, a limit, a deadline, a handler that threw. */
        LOCAL,
        /** The peer: its close, or its bytes that break the rules. */
        PEER,
        /** Neither: a reset, a lost route. */
        NETWORK
    }
}

package io.nettoolkit.core;

import io.nettoolkit.core.internal.FailureText;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;

/**
 * A policy said no before any work was done: a limit, an open circuit, a full queue, a product that is closing.
 *
 * <p>It has no stack trace, because refusing must stay cheap under overload, but each is an object of its own that
 * tells policy, reason and when to come back.
 *
 * <p><b>Threading.</b> Immutable, but for what {@link Throwable} lets anybody add.
 */
public final class RejectedException extends RejectedExecutionException {

    private static final long serialVersionUID = 1;

    private final String policy;
    private final Reason reason;
    private final Duration retryAfter;

    /**
     * A refusal.
     *
     * @param policy name of what refused, such as the name of the server or the breaker
     * @param retryAfter when it makes sense to try again; zero where that is not known
     * @param detail the numbers behind it and what to do; empty for none
     */
    public RejectedException(String policy, Reason reason, Duration retryAfter, String detail) {
        super(message(policy, reason, retryAfter, detail));
        this.policy = policy;
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    private static String message(String policy, Reason reason, Duration retryAfter, String detail) {
        Objects.requireNonNull(policy, "policy: must not be null");
        Objects.requireNonNull(reason, "reason: must not be null");
        Objects.requireNonNull(retryAfter, "retryAfter: must not be null");
        Objects.requireNonNull(detail, "detail: must not be null");
        if (retryAfter.isNegative()) {
            throw new IllegalArgumentException("retryAfter: " + retryAfter + " (must not be negative)");
        }
        return policy + " refused with " + reason + (detail.isEmpty() ? "" : ": " + detail)
                + (retryAfter.isZero() ? "" : "; try again in " + FailureText.of(retryAfter));
    }

    /** Name of what refused. */
    public String policy() {
        return policy;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }

    /** When it makes sense to try again; zero where that is not known. */
    public Duration retryAfter() {
        return retryAfter;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }

    /** Why a policy refuses. Reasons may be added in any release: give a {@code switch} a default. */
    public enum Reason {
        /** A circuit breaker is open. */
        CIRCUIT_OPEN,
        /** A rate limit is used up. */
        RATE_LIMITED,
        /** Too many calls at once. */
        BULKHEAD_FULL,
        /** Shed to protect the rest. */
        OVERLOADED,
        /** Too many connections. */
        CONNECTION_LIMIT,
        /** Too many callers wait already. */
        PENDING_LIMIT,
        /** The connection's outbound queue is at its cap. */
        WRITE_BUFFER_FULL,
        /** The product is closing or closed. */
        SHUTTING_DOWN,
        /** The product is suspended. */
        SUSPENDED
    }
}

package io.nettoolkit.udp.internal.connection;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where datagrams go, and how many bytes may go there: three times what came, until the address has shown that it gets
 * them.
 *
 * <p><b>Sources.</b> RFC 9000 §8.1 and §8.2 (limit, validation), §9.3 (a peer whose address changed).
 */
final class PathState {

    static final long NEVER = Long.MAX_VALUE;

    /** Nothing is sent where only less may be. */
    static final int LEAST_DATAGRAM = 64;

    private static final int FACTOR = 3;

    private SocketAddress remote;
    /** The latest address that was validated. */
    private @Nullable SocketAddress before;
    /** Null where the address is validated. */
    private @Nullable Validation validation;

    private static final class Validation {
        final long challenge;
        long giveUpNanos;
        long challengeNanos = NEVER;
        boolean due = true;
        long receivedBytes;
        long sentBytes;

        Validation(long challenge, long receivedBytes, long giveUpNanos) {
            this.challenge = challenge;
            this.receivedBytes = receivedBytes;
            this.giveUpNanos = giveUpNanos;
        }
    }

    PathState(SocketAddress remote) {
        this.remote = remote;
    }

    SocketAddress remote() {
        return remote;
    }

    boolean isValidated() {
        return validation == null;
    }

    /** How many more bytes may be sent now. */
    long allowance() {
        Validation open = validation;
        return open == null ? Long.MAX_VALUE : Math.max(0, FACTOR * open.receivedBytes - open.sentBytes);
    }

    /** Whether an address that has not shown itself has had all it may get. */
    boolean isHeldBack() {
        return allowance() < LEAST_DATAGRAM;
    }

    void onReceived(SocketAddress from, int bytes) {
        if (validation != null && from.equals(remote)) {
            validation.receivedBytes += bytes;
        }
    }

    void onSent(int bytes) {
        if (validation != null) {
            validation.sentBytes += bytes;
        }
    }

    /**
     * The peer sends from another address.
     *
     * @return whether it is another host, of whose path nothing is known
     */
    boolean move(SocketAddress to, int bytes, long challenge, long nowNanos, long ptoNanos) {
        boolean otherHost = !(to instanceof InetSocketAddress next
                && remote instanceof InetSocketAddress current
                && next.getAddress() != null
                && next.getAddress().equals(current.getAddress()));
        if (validation == null) {
            before = remote;
        }
        remote = to;
        validation = to.equals(before) ? null : new Validation(challenge, bytes, nowNanos + 3 * ptoNanos);
        return otherHost;
    }

    /** Whether a challenge has to leave. */
    boolean isChallengeDue() {
        return validation != null && validation.due;
    }

    /** What it says. */
    long challenge() {
        return validation == null ? 0 : validation.challenge;
    }

    void onChallengeSent(long nowNanos, long ptoNanos) {
        if (validation != null) {
            validation.due = false;
            validation.challengeNanos = nowNanos + ptoNanos;
        }
    }

    void onResponse(long number) {
        if (validation != null && number == validation.challenge) {
            validation = null;
        }
    }

    long deadlineNanos() {
        Validation open = validation;
        return open == null ? NEVER : Math.min(open.challengeNanos, open.giveUpNanos);
    }

    /** The deadline has passed; answers whether the old address is used again. */
    boolean onDeadline(long nowNanos) {
        Validation open = validation;
        if (open == null) {
            return false;
        }
        open.challengeNanos = NEVER;
        open.due = nowNanos < open.giveUpNanos;
        if (open.due) {
            return false;
        }
        open.giveUpNanos = NEVER;
        if (before == null) {
            return false;
        }
        remote = before;
        validation = null;
        return true;
    }
}

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

    private static final int FACTOR = 3;

    private SocketAddress remote;
    private @Nullable SocketAddress validatedBefore;
    private boolean validated = true;
    private long receivedBytes;
    private long sentBytes;
    private long challenge;
    private boolean challengeDue;
    private long challengeNanos = NEVER;
    private long giveUpNanos = NEVER;

    PathState(SocketAddress remote) {
        this.remote = remote;
    }

    SocketAddress remote() {
        return remote;
    }

    boolean isValidated() {
        return validated;
    }

    /** How many more bytes may be sent now. */
    long allowance() {
        return validated ? Long.MAX_VALUE : Math.max(0, FACTOR * receivedBytes - sentBytes);
    }

    void onReceived(SocketAddress from, int bytes) {
        if (!validated && from.equals(remote)) {
            receivedBytes += bytes;
        }
    }

    void onSent(int bytes) {
        if (!validated) {
            sentBytes += bytes;
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
        if (validated) {
            validatedBefore = remote;
        }
        remote = to;
        validated = to.equals(validatedBefore);
        receivedBytes = bytes;
        sentBytes = 0;
        this.challenge = challenge;
        challengeDue = !validated;
        challengeNanos = NEVER;
        giveUpNanos = validated ? NEVER : nowNanos + 3 * ptoNanos;
        return otherHost;
    }

    /** Whether a challenge has to leave. */
    boolean isChallengeDue() {
        return challengeDue;
    }

    long challenge() {
        return challenge;
    }

    void onChallengeSent(long nowNanos, long ptoNanos) {
        challengeDue = false;
        challengeNanos = nowNanos + ptoNanos;
    }

    void onResponse(long number) {
        if (!validated && number == challenge) {
            validated = true;
            challengeDue = false;
            challengeNanos = NEVER;
            giveUpNanos = NEVER;
        }
    }

    long deadlineNanos() {
        return Math.min(challengeNanos, giveUpNanos);
    }

    /** The deadline has passed; answers whether the old address is used again. */
    boolean onDeadline(long nowNanos) {
        if (nowNanos >= giveUpNanos) {
            SocketAddress before = validatedBefore;
            challengeNanos = NEVER;
            giveUpNanos = NEVER;
            challengeDue = false;
            if (before != null) {
                remote = before;
                validated = true;
                return true;
            }
            return false;
        }
        challengeNanos = NEVER;
        challengeDue = true;
        return false;
    }
}

package io.nettoolkit.dns.internal.query;

import org.jspecify.annotations.Nullable;

/**
 * The messages of one lookup to which an answer may still come, latest first: those that are waited for, and those whose time
 * was up. Confined to a loop.
 */
final class Attempts {

    private @Nullable Attempt latest;

    /** The one that was sent last; null when there is none. The others follow it by {@link Attempt#next}. */
    @Nullable
    Attempt latest() {
        return latest;
    }

    void add(Attempt attempt) {
        attempt.next = latest;
        latest = attempt;
    }

    /** Whether one of them has time left. */
    boolean isAnyAwaited() {
        for (Attempt attempt = latest; attempt != null; attempt = attempt.next) {
            if (!attempt.late) {
                return true;
            }
        }
        return false;
    }

    /** No answer can come to this one any more, or it is of no use. */
    void drop(Attempt attempt) {
        forget(attempt);
        if (latest == attempt) {
            latest = attempt.next;
            return;
        }
        for (Attempt before = latest; before != null; before = before.next) {
            if (before.next == attempt) {
                before.next = attempt.next;
                return;
            }
        }
    }

    /** The same for all; those that are slower than the winner are slower by at least this much. */
    void dropAll(@Nullable Attempt winner, long nowNanos) {
        for (Attempt attempt = latest; attempt != null; attempt = attempt.next) {
            if (winner != null && attempt.server != winner.server) {
                attempt.server.roundTrip.sample(nowNanos - attempt.sentNanos, nowNanos);
            }
            if (attempt != winner && !attempt.late) {
                attempt.server.onAbandoned(nowNanos);
            }
            forget(attempt);
        }
        latest = null;
    }

    private static void forget(Attempt attempt) {
        Transport.Carrier carrier = attempt.carrier;
        if (carrier != null) {
            attempt.carrier = null;
            carrier.forget(attempt);
        }
    }
}

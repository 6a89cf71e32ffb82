package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Questions that no server could answer a moment ago, so that they are not asked again at once: 1 second after the first
 * failure, twice as long after each one that follows, 30 seconds at most; 30 at once where a stale answer stands in.
 *
 * <p>What failed here, and not at a server, is not remembered. The number of questions is bounded; the oldest goes.
 *
 * <p><b>Threading.</b> Any thread; under a lock of its own, that a hit in the cache never comes near.
 *
 * <p><b>Sources.</b> RFC 9520 section 3.2 (at least 1 second, at most 5 minutes, with backoff), RFC 8767 section 5 (failure
 * recheck timer of 30 seconds).
 */
final class Failures {

    static final long FIRST_NANOS = Duration.ofSeconds(1).toNanos();
    static final long LONGEST_NANOS = Duration.ofSeconds(30).toNanos();
    private static final int MOST = 10_000;

    /** How long one counts towards the next. */
    private static final long MEMORY_NANOS = 2 * LONGEST_NANOS;

    private final Map<Question, Failure> failures = new LinkedHashMap<>();
    /** So that nobody needs the lock where nothing has failed, as is the rule. */
    private volatile boolean empty = true;

    private record Failure(DnsException cause, long waitNanos, long untilNanos) {}

    /** A question has failed; it is not asked again for a while. */
    synchronized void add(Question question, DnsException cause, boolean staleStandsIn, long nowNanos) {
        if (!isOfServers(cause.kind())) {
            return;
        }
        Failure before = failures.remove(question);
        long wait = FIRST_NANOS;
        if (staleStandsIn) {
            wait = LONGEST_NANOS;
        } else if (before != null && nowNanos - before.untilNanos - MEMORY_NANOS < 0) {
            wait = Math.min(LONGEST_NANOS, 2 * before.waitNanos);
        }
        failures.put(question, new Failure(cause, wait, nowNanos + wait));
        empty = false;
        if (failures.size() > MOST) {
            failures.remove(failures.keySet().iterator().next());
        }
    }

    private static boolean isOfServers(Kind kind) {
        return switch (kind) {
            case RESOURCE_EXHAUSTED, PERMISSION, LOCAL_CLOSED, CANCELLED, DNS_BAD_NAME, OTHER -> false;
            default -> true;
        };
    }

    /** Why a question is not to be asked now; null where it may be. */
    @Nullable
    DnsException recent(Question question, TimeSource time) {
        if (empty) {
            return null;
        }
        synchronized (this) {
            Failure failure = failures.get(question);
            return failure != null && time.nanoTime() - failure.untilNanos < 0 ? failure.cause : null;
        }
    }

    /** A question has been answered. */
    void remove(Question question) {
        if (empty) {
            return;
        }
        synchronized (this) {
            failures.remove(question);
            empty = failures.isEmpty();
        }
    }

    /** Other servers may do better. */
    synchronized void clear() {
        failures.clear();
        empty = true;
    }

    synchronized int size() {
        return failures.size();
    }
}

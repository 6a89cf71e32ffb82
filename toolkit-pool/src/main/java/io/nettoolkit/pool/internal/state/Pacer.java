package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.Backoff;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How fast connects may begin: some at once, so many per second, and after a failure one at a time with growing waits.
 *
 * <p>How many at once begins with two. It doubles with each connect that succeeds while many wait in spite of it, and goes back
 * to two when nobody waits any more: a short burst, which is over before the first connect is, opens two connections and not as
 * many as it has callers. After the host was down it begins with one.
 */
final class Pacer {

    /** Failed connects in a row by which a host without an open connection counts as down. */
    static final int FAILURES_OF_DOWN = 3;

    private static final int FEW = 2;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Bursts last as long as a tenth of a second's rate. */
    private static final long BURST_NANOS = SECOND_NANOS / 10;

    private final Backoff backoff;
    private final RandomGenerator random;
    private final int maxLimit;
    private final long intervalNanos;
    /** When the next connect may begin by the rate, if it were not for bursts. */
    private final Due rate = new Due();
    /** When the next connect may begin after a failure. */
    private final Due pause = new Due();

    private int limit;
    private int failures;
    private long waitNanos;
    private @Nullable Throwable lastFailure;

    Pacer(Rules rules, RandomGenerator random) {
        this.backoff = rules.backoff();
        this.random = random;
        this.maxLimit = rules.maxConnecting();
        this.intervalNanos = rules.connectsPerSecond() == 0 ? 0 : SECOND_NANOS / rules.connectsPerSecond();
        limit = Math.min(FEW, maxLimit);
    }

    /** How many connects may be under way at once now. */
    int limit() {
        return failures > 0 ? 1 : limit;
    }

    int failures() {
        return failures;
    }

    boolean isFailing() {
        return failures >= FAILURES_OF_DOWN;
    }

    /** Of the connects since the last that succeeded. */
    @Nullable
    Throwable lastFailure() {
        return lastFailure;
    }

    boolean mayBegin(long nowNanos) {
        return (!pause.isSet() || pause.isReached(nowNanos))
                && (!rate.isSet() || nowNanos - rate.atNanos() >= -burstNanos());
    }

    /** When {@link #mayBegin} says yes, if it says no now. */
    void nextInto(Due due, long nowNanos) {
        long at = nowNanos;
        if (rate.isSet() && rate.atNanos() - burstNanos() - at > 0) {
            at = rate.atNanos() - burstNanos();
        }
        if (pause.isSet() && pause.atNanos() - at > 0) {
            at = pause.atNanos();
        }
        due.by(at);
    }

    private long burstNanos() {
        return Math.max(0, BURST_NANOS - intervalNanos);
    }

    void began(long nowNanos) {
        long from = rate.isSet() && rate.atNanos() - nowNanos > 0 ? rate.atNanos() : nowNanos;
        rate.clear();
        if (intervalNanos > 0) {
            rate.by(from + intervalNanos);
        }
    }

    void succeeded(int waiting) {
        if (isFailing()) {
            limit = 1;
        } else if (waiting > 2 * limit) {
            limit = Math.min(maxLimit, 2 * limit);
        } else if (waiting == 0 || limit < FEW) {
            limit = Math.min(FEW, maxLimit);
        }
        failures = 0;
        waitNanos = 0;
        lastFailure = null;
        pause.clear();
    }

    void failed(long nowNanos, Throwable cause) {
        failures = Math.min(failures + 1, Integer.MAX_VALUE - 1);
        lastFailure = cause;
        long next = backoff.delayNanos(failures, waitNanos, random);
        waitNanos = next < 0 ? waitNanos : next;
        pause.clear();
        pause.by(nowNanos + waitNanos);
    }

    /** How long nobody may connect from now on. */
    long pauseNanos(long nowNanos) {
        return pause.isSet() ? Math.max(0, pause.atNanos() - nowNanos) : 0;
    }
}

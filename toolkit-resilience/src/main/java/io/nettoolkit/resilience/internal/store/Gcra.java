package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/*
 * A bucket as the debt it is in. A permit is a debt of `period` units, and `permits` units are paid back in each microsecond;
 * so nothing is ever rounded, whatever the rate: three a second is a debt of 1,000,000 units each, of which 3 are paid a
 * microsecond. What is kept is the time at which the debt will be paid, in whole microseconds, and the units that are left
 * over then, less than one microsecond's worth.
 *
 *     debt   = (paidAt - now) * permits + rest          0 when paidAt is past
 *     full   = burst * period                           a permit is affordable while debt + period <= full
 *
 * The script for Redis computes the same, in doubles; every number here stays below 2^53, where they are exact.
 */

/** The generic cell rate algorithm as a pure function, in integers. */
final class Gcra {

    private Gcra() {}

    /**
     * A bucket that is not full.
     *
     * @param paidAtMicros when it will be full, on the clock of the store
     * @param rest units still owed then, less than {@code permits}
     */
    record State(long paidAtMicros, long rest) {}

    /**
     * The bucket afterwards, and what came out.
     *
     * @param state null for a full one
     */
    record Step(@Nullable State state, Grant grant) {}

    /** Takes up to {@code count} units of {@code unit} permits; {@code before} is null for a full bucket. */
    static Step take(Limit limit, @Nullable State before, long nowMicros, long unit, long count) {
        long permits = limit.permits();
        long period = limit.periodMicros();
        long capacity = limit.burst() * period;
        long debt = debt(before, nowMicros, permits, capacity);
        long price = unit * period;
        long granted = Math.min(count, (capacity - debt) / price);
        long after = debt + granted * price;
        long left = capacity - after;
        long retryMicros = granted < count ? ceilDiv(price - left, permits) : 0;
        Grant grant = new Grant(granted, left / period, micros(retryMicros), micros(ceilDiv(after, permits)));
        return new Step(after == 0 ? null : new State(nowMicros + after / permits, after % permits), grant);
    }

    private static long debt(@Nullable State before, long nowMicros, long permits, long capacity) {
        if (before == null || before.paidAtMicros() < nowMicros) {
            return 0;
        }
        // More than a whole bucket is owed after the clock was set back: then it has to be paid once, not for ever.
        long ahead = Math.min(before.paidAtMicros() - nowMicros, capacity / permits + 1);
        return Math.min(capacity, ahead * permits + Math.min(before.rest(), permits - 1));
    }

    private static Duration micros(long micros) {
        return Duration.of(micros, ChronoUnit.MICROS);
    }

    private static long ceilDiv(long value, long by) {
        return -Math.floorDiv(-value, by);
    }
}

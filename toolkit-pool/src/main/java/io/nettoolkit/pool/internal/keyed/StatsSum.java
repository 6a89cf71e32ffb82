package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Stats;
import io.nettoolkit.pool.ConnectionPool.Timing;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** The figures of several hosts added up. Not thread-safe. */
final class StatsSum {

    private static final Timing NONE = new Timing(0, Duration.ZERO, Duration.ZERO);

    private Stats sum;

    /**
     * Nothing yet.
     *
     * @param maxSize of all of them together
     */
    StatsSum(int maxSize) {
        sum = new Stats(maxSize, 0, 0, 0, 0, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0, 0, 0, Map.of(), 0, 0, 0);
    }

    void add(Stats one) {
        sum = plus(sum, one);
    }

    Stats sum() {
        return sum;
    }

    private static Stats plus(Stats a, Stats b) {
        Map<CloseCause, Long> closes = new EnumMap<>(CloseCause.class);
        closes.putAll(a.closes());
        b.closes().forEach((cause, count) -> closes.merge(cause, count, Long::sum));
        return new Stats(
                a.maxSize(),
                a.total() + b.total(),
                a.idle() + b.idle(),
                a.active() + b.active(),
                a.validating() + b.validating(),
                a.connecting() + b.connecting(),
                a.closing() + b.closing(),
                a.pending() + b.pending(),
                a.acquired() + b.acquired(),
                plus(a.waits(), b.waits()),
                plus(a.connects(), b.connects()),
                plus(a.uses(), b.uses()),
                a.connectFailures() + b.connectFailures(),
                a.timeouts() + b.timeouts(),
                a.cancels() + b.cancels(),
                a.rejections() + b.rejections(),
                closes,
                a.doubleReleases() + b.doubleReleases(),
                a.lateCancels() + b.lateCancels(),
                a.leaks() + b.leaks());
    }

    private static Timing plus(Timing a, Timing b) {
        Duration longest = a.longest().compareTo(b.longest()) >= 0 ? a.longest() : b.longest();
        return new Timing(a.count() + b.count(), a.sum().plus(b.sum()), longest);
    }
}

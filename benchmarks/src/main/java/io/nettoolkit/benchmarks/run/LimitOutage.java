package io.nettoolkit.benchmarks.run;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Decisions at a steady rate while Redis runs, is killed, is away, and runs again. The load is an open loop: a decision that
 * takes long does not hold up the next one, and latency counts from when a decision was to be asked for.
 */
final class LimitOutage {

    private static final Duration PHASE = Duration.ofSeconds(2);

    private final RedisProcess redis;
    private final DistributedRateLimiter limiter;
    private final int rate;
    private final TimeSource time = TimeSource.system();

    LimitOutage(RedisProcess redis, DistributedRateLimiter limiter, int rate) {
        this.redis = redis;
        this.limiter = limiter;
        this.rate = rate;
    }

    private static final class Phase {
        final String name;
        final Histogram latency = new ConcurrentHistogram(3);
        final AtomicLong byStore = new AtomicLong();
        final AtomicLong byFallback = new AtomicLong();

        Phase(String name) {
            this.name = name;
        }

        String[] row() {
            return new String[] {
                name,
                Long.toString(byStore.get()),
                Long.toString(byFallback.get()),
                micros(50),
                micros(99),
                micros(99.9),
                micros(100)
            };
        }

        private String micros(double percentile) {
            return String.format(Locale.ROOT, "%,.0f", latency.getValueAtPercentile(percentile) / 1e3);
        }
    }

    /** Runs it. */
    String table() {
        load(new Phase("warm-up"), 0, Source.STORE);
        Phase before = new Phase("Redis runs");
        load(before, 0, Source.STORE);

        Phase detection = new Phase("killed, until noticed");
        long killed = time.nanoTime();
        Thread killer = new Thread(redis::kill, "killer");
        killer.start();
        load(detection, killed, Source.FALLBACK);
        double noticed = (time.nanoTime() - killed) / 1e6;
        join(killer);

        Phase away = new Phase("away");
        load(away, 0, Source.FALLBACK);

        Phase recovery = new Phase("restarted, until noticed");
        long restarted = time.nanoTime();
        Thread starter = new Thread(redis::restart, "starter");
        starter.start();
        load(recovery, restarted, Source.STORE);
        double back = (time.nanoTime() - restarted) / 1e6;
        join(starter);

        Phase after = new Phase("Redis runs again");
        load(after, 0, Source.STORE);

        Table table = new Table("phase", "by Redis", "by fallback", "p50 us", "p99 us", "p99.9 us", "max us");
        for (Phase phase : new Phase[] {before, detection, away, recovery, after}) {
            table.row(phase.row());
        }
        return String.format(
                Locale.ROOT,
                "%,d decisions a second, exact, `localShare(1)`, timeout 20 ms:%n%n%s%nOutage noticed %.0f ms after the"
                        + " kill (target: 100), p99 while away %.2f ms (target: 1), Redis used again %.0f ms after its"
                        + " start.%n",
                rate,
                table,
                noticed,
                away.latency.getValueAtPercentile(99) / 1e6,
                back);
    }

    /** For a phase's length, or from {@code untilFrom} on until nobody waits for the store, or until it decides again. */
    private void load(Phase phase, long untilFrom, Source wanted) {
        long interval = 1_000_000_000L / rate;
        long start = time.nanoTime();
        long sent = 0;
        long end = start + (untilFrom == 0 ? PHASE : PHASE.multipliedBy(10)).toNanos();
        AtomicLong pending = new AtomicLong();
        for (long due = start; due - end < 0 && !(untilFrom != 0 && isNoticed(phase, wanted)); due += interval) {
            for (long left = due - time.nanoTime(); left > 0; left = due - time.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            long asked = due;
            pending.incrementAndGet();
            limiter.tryAcquire().thenAccept(decision -> {
                phase.latency.recordValue(Math.max(1, time.nanoTime() - asked));
                (decision.source() == Source.FALLBACK ? phase.byFallback : phase.byStore).incrementAndGet();
                pending.decrementAndGet();
            });
            sent++;
        }
        long patience = time.nanoTime() + PHASE.toNanos();
        while (pending.get() > 0 && time.nanoTime() - patience < 0) {
            LockSupport.parkNanos(100_000);
        }
        if (pending.get() > 0) {
            throw new IllegalStateException(pending + " of " + sent + " decisions never came");
        }
    }

    private boolean isNoticed(Phase phase, Source wanted) {
        return wanted == Source.FALLBACK ? limiter.stats().storeAway() : phase.byStore.get() > 0;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

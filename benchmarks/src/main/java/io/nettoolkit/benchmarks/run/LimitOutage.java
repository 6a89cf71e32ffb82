package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.run.OpenLoop.Phase;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import java.time.Duration;
import java.util.Locale;

/** Decisions at a steady rate while Redis runs, is killed, is away, and runs again. */
final class LimitOutage {

    private static final Duration PHASE = Duration.ofSeconds(2);
    private static final Duration LONG = PHASE.multipliedBy(10);

    private final RedisProcess redis;
    private final DistributedRateLimiter limiter;
    private final int rate;
    private final OpenLoop calls;
    private final TimeSource time = TimeSource.system();

    LimitOutage(RedisProcess redis, DistributedRateLimiter limiter, int rate) {
        this.redis = redis;
        this.limiter = limiter;
        this.rate = rate;
        calls = new OpenLoop(
                rate,
                (number, outcome) ->
                        limiter.tryAcquire().thenAccept(decision -> outcome.is(decision.source() != Source.FALLBACK)));
    }

    /** Runs it. */
    String table() {
        calls.run("warm-up", PHASE);
        Phase before = calls.run("Redis runs", PHASE);

        long killed = time.nanoTime();
        Thread killer = new Thread(redis::kill, "killer");
        killer.start();
        Phase detection = calls.run(
                "killed, until noticed", LONG, phase -> limiter.stats().storeAway());
        double noticed = (time.nanoTime() - killed) / 1e6;
        join(killer);

        Phase away = calls.run("away", PHASE);

        long restarted = time.nanoTime();
        Thread starter = new Thread(redis::restart, "starter");
        starter.start();
        Phase recovery = calls.run("restarted, until noticed", LONG, phase -> phase.good() > 0);
        double back = (time.nanoTime() - restarted) / 1e6;
        join(starter);

        Phase after = calls.run("Redis runs again", PHASE);

        Table table = new Table("phase", "by Redis", "by fallback", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
        for (Phase phase : new Phase[] {before, detection, away, recovery, after}) {
            table.row(phase.row().toArray(String[]::new));
        }
        return String.format(
                Locale.ROOT,
                "%,d decisions a second, exact, `localShare(1)`, timeout 20 ms:%n%n%s%nOutage noticed %.0f ms after the"
                        + " kill (target: 100), p99 while away %.2f ms (target: 1), Redis used again %.0f ms after its"
                        + " start.%n",
                rate,
                table,
                noticed,
                away.millis(99),
                back);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

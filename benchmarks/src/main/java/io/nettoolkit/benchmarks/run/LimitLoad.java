package io.nettoolkit.benchmarks.run;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/** As many decisions as a limiter makes in a given time. */
final class LimitLoad {

    /**
     * What came of it.
     *
     * @param perSecond decisions
     * @param perCall decisions for each call of the store
     */
    record Rate(double perSecond, double perCall) {}

    private final TimeSource time;
    private final Duration duration;

    LimitLoad(TimeSource time, Duration duration) {
        this.time = time;
        this.duration = duration;
    }

    /** Callers on event loops, each with one decision under way at a time. */
    Rate waiting(DistributedRateLimiter limiter, int callers) {
        long calls = limiter.stats().storeCalls();
        LongAdder decisions = new LongAdder();
        long start = time.nanoTime();
        long end = start + duration.toNanos();
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            CompletableFuture<Void> ended = new CompletableFuture<>();
            done.add(ended);
            EventLoops.shared().next().execute(() -> next(limiter, decisions, end, ended));
        }
        CompletableFuture.allOf(done.toArray(new CompletableFuture<?>[0])).join();
        return rate(limiter, decisions.sum(), time.nanoTime() - start, calls);
    }

    private void next(
            DistributedRateLimiter limiter, LongAdder decisions, long endNanos, CompletableFuture<Void> ended) {
        while (time.nanoTime() - endNanos < 0) {
            CompletableFuture<Decision> decision = limiter.tryAcquire();
            if (!decision.isDone()) {
                decision.whenComplete((made, failure) -> {
                    decisions.increment();
                    next(limiter, decisions, endNanos, ended);
                });
                return;
            }
            decisions.increment();
        }
        ended.complete(null);
    }

    /** Threads that ask again and again without waiting; only grants count. */
    Rate asking(DistributedRateLimiter limiter, int threads) {
        long calls = limiter.stats().storeCalls();
        LongAdder decisions = new LongAdder();
        long start = time.nanoTime();
        long end = start + duration.toNanos();
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(
                    () -> {
                        long granted = 0;
                        while (time.coarseNanos() - end < 0) {
                            granted += limiter.tryAcquireNow(1) ? 1 : 0;
                        }
                        decisions.add(granted);
                    },
                    "asking-" + i);
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return rate(limiter, decisions.sum(), time.nanoTime() - start, calls);
    }

    private static Rate rate(DistributedRateLimiter limiter, long decisions, long elapsedNanos, long callsBefore) {
        long calls = Math.max(1, limiter.stats().storeCalls() - callsBefore);
        return new Rate(decisions * 1e9 / elapsedNanos, (double) decisions / calls);
    }
}

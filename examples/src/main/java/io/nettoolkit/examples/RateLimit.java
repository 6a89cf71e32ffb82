package io.nettoolkit.examples;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.RateLimiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar rate-limit
 * Output:
 *   20 at once:         5 admitted, 15 refused, try again in <n> ms
 *   4 that wait:        served in order within <n> ms
 *   a tight deadline:   RATE_LIMITED at once, it would take <n> ms
 *   a reservation:      due in <n> ms, given back: true
 *   evenly spaced:      50 calls told to wait 0 to 490 ms
 *   two limits at once: 3 of 20 admitted, 7 of the larger one are left
 */

/** What a rate limiter answers: yes or no, how long to wait, a turn in the queue; and several limits at once. */
@Command(
        name = "rate-limit",
        description = "Lets calls through at a rate: refuses, waits, reserves.",
        mixinStandardHelpOptions = true)
public final class RateLimit implements Callable<Integer> {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new RateLimit(), arguments);
    }

    @Override
    public Integer call() {
        // Those who wait do so on the shared event loops; they take a moment to start, which is not the limiter's.
        EventLoops.shared().next();
        RateLimiter limiter =
                RateLimiter.tokenBucket(4, SECOND).burst(5).name("search").build();
        refuse(limiter);
        queue(limiter);
        reserve(limiter);
        space();
        combine();
        return 0;
    }

    private static void refuse(RateLimiter limiter) {
        int admitted = count(20, limiter);
        System.out.printf(
                "20 at once:         %d admitted, %d refused, try again in %s%n",
                admitted, 20 - admitted, millis(limiter.retryAfterNanos(1)));
    }

    /** No thread waits: each future completes when it is the caller's turn. */
    private static void queue(RateLimiter limiter) {
        count(5, limiter); // what has come in meanwhile
        long start = TimeSource.system().nanoTime();
        List<Integer> served = new ArrayList<>();
        List<CompletableFuture<Void>> turns = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int caller = i;
            turns.add(limiter.acquire(1, Deadline.after(Duration.ofSeconds(5))).thenRun(() -> {
                synchronized (served) {
                    served.add(caller);
                }
            }));
        }
        CompletableFuture.allOf(turns.toArray(CompletableFuture[]::new)).join();
        System.out.printf(
                "4 that wait:        served %s within %s%n",
                served.equals(List.of(0, 1, 2, 3)) ? "in order" : "as " + served,
                millis(TimeSource.system().nanoTime() - start));
        try {
            limiter.acquire(1, Deadline.after(Duration.ofMillis(1))).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RejectedException refused) {
                System.out.printf(
                        "a tight deadline:   %s at once, it would take %s%n",
                        refused.reason(), millis(refused.retryAfter().toNanos()));
            }
        }
    }

    private static void reserve(RateLimiter limiter) {
        long now = TimeSource.system().nanoTime();
        long wait = limiter.reserve(5, MINUTE.toNanos());
        System.out.printf(
                "a reservation:      due in %s, given back: %s%n", millis(wait), limiter.cancel(5, now + wait));
    }

    /** A leaky bucket smooths a burst: each call learns when its turn is. */
    private static void space() {
        RateLimiter smooth = RateLimiter.leakyBucket(100, SECOND).name("smooth").build();
        long last = 0;
        for (int i = 0; i < 50; i++) {
            last = smooth.reserve(1, SECOND.toNanos());
        }
        // The loop itself took a moment, in which the first turns came.
        System.out.printf(
                "evenly spaced:      50 calls told to wait 0 to %d ms%n", (last + 9_999_999) / 10_000_000 * 10);
    }

    private static void combine() {
        RateLimiter perMinute =
                RateLimiter.slidingWindowLog(10, MINUTE).name("per-minute").build();
        RateLimiter perSecond = RateLimiter.tokenBucket(3, MINUTE).name("burst").build();
        int admitted = count(20, RateLimiter.allOf(perMinute, perSecond));
        System.out.printf(
                "two limits at once: %d of 20 admitted, %d of the larger one are left%n",
                admitted, count(20, perMinute));
    }

    private static int count(int calls, RateLimiter limiter) {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            if (limiter.tryAcquire()) {
                admitted++;
            }
        }
        return admitted;
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.0f ms", nanos / 1e6);
    }
}

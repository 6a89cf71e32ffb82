package io.nettoolkit.resilience;

import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.MockTicker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A service with exponential times and a number of places (M/M/c), asked at random through an adaptive limit, in virtual
 * time. Its knee is the number of places: fewer calls leave some idle, more only queue.
 */
final class QueueingServer {

    private record Call(long permit, long arrivedNanos) {}

    private record Event(long atNanos, Call call) {}

    private final AdaptiveLimit limit;
    private final MockTicker ticker;
    private final RandomGenerator random;
    private final PriorityQueue<Event> ends = new PriorityQueue<>((a, b) -> Long.compare(a.atNanos, b.atNanos));
    private final ArrayDeque<Call> queue = new ArrayDeque<>();

    int places = 50;
    int maxQueue = Integer.MAX_VALUE;
    double meanNanos = 10e6;
    double arrivalsPerSecond;

    final List<Long> times = new ArrayList<>();
    private int busy;

    QueueingServer(AdaptiveLimit limit, MockTicker ticker, RandomGenerator random) {
        this.limit = limit;
        this.ticker = ticker;
        this.random = random;
    }

    /** Runs on; answers the limit at the end of every 100 ms. */
    List<Integer> run(Duration duration) {
        List<Integer> limits = new ArrayList<>();
        long start = ticker.nanoTime();
        long end = start + duration.toNanos();
        long look = start + 100_000_000;
        long nextArrival = start + exponential(1e9 / arrivalsPerSecond);
        while (true) {
            long nextEnd = ends.isEmpty() ? Long.MAX_VALUE : ends.peek().atNanos;
            long next = Math.min(Math.min(nextArrival, nextEnd), look);
            if (next > end) {
                return limits;
            }
            ticker.advance(next - ticker.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == look) {
                limits.add(limit.limit());
                look += 100_000_000;
            } else if (next == nextArrival) {
                arrive(next);
                nextArrival = next + exponential(1e9 / arrivalsPerSecond);
            } else {
                leave(ends.remove());
            }
        }
    }

    private void arrive(long now) {
        long permit = limit.tryAcquire();
        if (permit < 0) {
            return;
        }
        Call call = new Call(permit, now);
        if (busy < places) {
            serve(call, now);
        } else if (queue.size() < maxQueue) {
            queue.add(call);
        } else {
            limit.onResult(permit, Outcome.OVERLOAD, 1_000);
        }
    }

    private void serve(Call call, long now) {
        busy++;
        ends.add(new Event(now + exponential(meanNanos), call));
    }

    private void leave(Event end) {
        busy--;
        long took = end.atNanos - end.call.arrivedNanos;
        times.add(took);
        limit.onResult(end.call.permit, Outcome.SUCCESS, took);
        while (busy < places && !queue.isEmpty()) {
            serve(queue.remove(), end.atNanos);
        }
    }

    private long exponential(double mean) {
        return Math.max(1, (long) (-Math.log(1 - random.nextDouble()) * mean));
    }

    /** The 99th percentile of the times since they were cleared. */
    double p99() {
        long[] sorted = times.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted[(int) (sorted.length * 0.99)];
    }
}

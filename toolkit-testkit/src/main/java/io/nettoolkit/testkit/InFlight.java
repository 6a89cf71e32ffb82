package io.nettoolkit.testkit;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is on its way through a {@link BadLink}: arrives in the order of its times, and at one time in the order in which
 * it was sent. One timer of the event loop stands for all. Belongs to that loop.
 */
final class InFlight {

    private record Arrival(long nanos, long order, Runnable action) implements Comparable<Arrival> {
        @Override
        public int compareTo(Arrival other) {
            int byTime = Long.compare(nanos - other.nanos, 0);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final EventExecutor loop;
    private final Runnable afterBurst;
    private final PriorityQueue<Arrival> arrivals = new PriorityQueue<>();
    private long added;
    private boolean arriving;
    private @Nullable Future<?> timer;
    private long timerNanos;

    /** {@code afterBurst} runs after the arrivals that fell due together. */
    InFlight(EventExecutor loop, Runnable afterBurst) {
        this.loop = loop;
        this.afterBurst = afterBurst;
    }

    long nowNanos() {
        return loop.ticker().nanoTime();
    }

    void add(long nanos, Runnable action) {
        arrivals.add(new Arrival(nanos, added++, action));
    }

    /** Lets everything arrive that is due, and sets the timer for the rest. */
    void settle() {
        if (arriving) {
            return;
        }
        arriving = true;
        try {
            boolean any = false;
            for (Arrival next = arrivals.peek(); next != null && next.nanos - nowNanos() <= 0; next = arrivals.peek()) {
                arrivals.remove();
                next.action.run();
                any = true;
            }
            if (any) {
                afterBurst.run();
            }
        } finally {
            arriving = false;
        }
        setTimer();
    }

    private void setTimer() {
        Arrival next = arrivals.peek();
        if (next == null || (timer != null && timerNanos - next.nanos <= 0)) {
            return;
        }
        cancelTimer();
        timerNanos = next.nanos;
        timer = loop.schedule(this::onTimer, Math.max(0, next.nanos - nowNanos()), TimeUnit.NANOSECONDS);
    }

    private void onTimer() {
        timer = null;
        settle();
    }

    void clear() {
        arrivals.clear();
        cancelTimer();
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}

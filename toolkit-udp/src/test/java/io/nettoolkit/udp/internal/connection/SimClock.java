package io.nettoolkit.udp.internal.connection;

import java.util.PriorityQueue;

/** Virtual time: events in the order of their time, those of the same time in the order they were added. */
final class SimClock {

    static final long MILLIS = 1_000_000;
    static final long SECONDS = 1_000_000_000;

    private record Event(long nanos, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long nowNanos;
    private long added;

    long now() {
        return nowNanos;
    }

    void at(long nanos, Runnable action) {
        events.add(new Event(Math.max(nanos, nowNanos), added++, action));
    }

    void in(long nanos, Runnable action) {
        at(nowNanos + nanos, action);
    }

    /** Runs everything up to this time, and stands there. */
    void runUntil(long nanos) {
        while (!events.isEmpty() && events.peek().nanos() <= nanos) {
            Event event = events.remove();
            nowNanos = event.nanos();
            event.action().run();
        }
        nowNanos = nanos;
    }
}

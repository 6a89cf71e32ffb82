package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Timing;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/** What happened so far. Written within the section alone, so that no write is an atomic one; read by any thread. */
public final class Counts {

    /** What is counted. */
    public enum Of {
        /** Connects that failed. */
        CONNECT_FAILURES,
        /** Waits that lasted too long. */
        TIMEOUTS,
        /** Waits that were given up. */
        CANCELS,
        /** Callers that were refused. */
        REJECTIONS,
        /** Leases of connections that are gone. */
        PAST_LEASES
    }

    private static final int CLOSES = Of.values().length;
    private static final int WAITS = CLOSES + CloseCause.values().length;
    private static final int CONNECTS = WAITS + 3;
    private static final CloseCause[] CAUSES = CloseCause.values();

    private final AtomicLongArray cells = new AtomicLongArray(CONNECTS + 3);

    void add(Of what, long count) {
        add(what.ordinal(), count);
    }

    void closed(CloseCause cause) {
        add(CLOSES + cause.ordinal(), 1);
    }

    void waited(long nanos) {
        time(WAITS, nanos);
    }

    void connected(long nanos) {
        time(CONNECTS, nanos);
    }

    private void add(int cell, long count) {
        cells.lazySet(cell, cells.getPlain(cell) + count);
    }

    private void time(int cell, long nanos) {
        add(cell, 1);
        add(cell + 1, nanos);
        cells.lazySet(cell + 2, Math.max(nanos, cells.getPlain(cell + 2)));
    }

    /** One of the counters. */
    public long of(Of what) {
        return cells.get(what.ordinal());
    }

    /** Waits that ended with a connection. */
    public Timing waits() {
        return timing(WAITS);
    }

    /** Connects that succeeded. */
    public Timing connects() {
        return timing(CONNECTS);
    }

    private Timing timing(int cell) {
        return new Timing(
                cells.get(cell), Duration.ofNanos(cells.get(cell + 1)), Duration.ofNanos(cells.get(cell + 2)));
    }

    /** Connections closed, by cause; without those that did not happen. */
    public Map<CloseCause, Long> closes() {
        Map<CloseCause, Long> closes = new EnumMap<>(CloseCause.class);
        for (CloseCause cause : CAUSES) {
            long count = cells.get(CLOSES + cause.ordinal());
            if (count > 0) {
                closes.put(cause, count);
            }
        }
        return java.util.Collections.unmodifiableMap(closes);
    }
}

package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.ConnectionPool.Timing;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

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
        REJECTIONS
    }

    private final Map<Of, AtomicLong> counters = new EnumMap<>(Of.class);
    private final Map<CloseCause, AtomicLong> closes = new EnumMap<>(CloseCause.class);
    private final Durations waits = new Durations();
    private final Durations connects = new Durations();

    private static final class Durations {
        final AtomicLong count = new AtomicLong();
        final AtomicLong sum = new AtomicLong();
        final AtomicLong longest = new AtomicLong();

        void add(long nanos) {
            Counts.add(count, 1);
            Counts.add(sum, nanos);
            longest.lazySet(Math.max(nanos, longest.getPlain()));
        }

        Timing timing() {
            return new Timing(count.get(), Duration.ofNanos(sum.get()), Duration.ofNanos(longest.get()));
        }
    }

    Counts() {
        for (Of what : Of.values()) {
            counters.put(what, new AtomicLong());
        }
        for (CloseCause cause : CloseCause.values()) {
            closes.put(cause, new AtomicLong());
        }
    }

    /** Each one is there from the beginning. */
    private AtomicLong counter(Of what) {
        return Objects.requireNonNull(counters.get(what));
    }

    private static void add(AtomicLong counter, long count) {
        counter.lazySet(counter.getPlain() + count);
    }

    void add(Of what, long count) {
        add(counter(what), count);
    }

    void closed(CloseCause cause) {
        add(Objects.requireNonNull(closes.get(cause)), 1);
    }

    void waited(long nanos) {
        waits.add(nanos);
    }

    void connected(long nanos) {
        connects.add(nanos);
    }

    /** One of the counters. */
    public long of(Of what) {
        return counter(what).get();
    }

    /** Waits that ended with a connection. */
    public Timing waits() {
        return waits.timing();
    }

    /** Connects that succeeded. */
    public Timing connects() {
        return connects.timing();
    }

    /** Connections closed, by cause; without those that did not happen. */
    public Map<CloseCause, Long> closes() {
        Map<CloseCause, Long> happened = new EnumMap<>(CloseCause.class);
        closes.forEach((cause, count) -> {
            if (count.get() > 0) {
                happened.put(cause, count.get());
            }
        });
        return Collections.unmodifiableMap(happened);
    }
}

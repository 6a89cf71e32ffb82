package io.nettoolkit.benchmarks.run;

import io.nettoolkit.core.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Calls at a steady rate: one that takes long does not hold up the next one, and latency counts from when a call was due.
 *
 * <p><b>Threading.</b> One thread runs it; outcomes may come on any.
 */
final class OpenLoop {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Makes one call, and tells its outcome once. */
    @FunctionalInterface
    interface Caller {
        void call(long number, Outcome outcome);
    }

    /** Hears of the end of a call. */
    @FunctionalInterface
    interface Outcome {
        void is(boolean good);
    }

    /** Some time under the same conditions. */
    static final class Phase {

        private static final double[] PERCENTILES = {50, 99, 99.9, 100};

        private final String name;
        private final Histogram latency = new ConcurrentHistogram(3);
        private final AtomicLong good = new AtomicLong();
        private final AtomicLong bad = new AtomicLong();

        private Phase(String name) {
            this.name = name;
        }

        private void heard(boolean isGood, long nanos) {
            latency.recordValue(Math.max(1, nanos));
            (isGood ? good : bad).incrementAndGet();
        }

        /** Calls that ended as they should. */
        long good() {
            return good.get();
        }

        /** Calls that ended otherwise. */
        long bad() {
            return bad.get();
        }

        double millis(double percentile) {
            return latency.getValueAtPercentile(percentile) / 1e6;
        }

        /** Name, calls that went well, the others, and milliseconds at the percentiles 50, 99, 99.9 and 100. */
        List<String> row() {
            List<String> cells = new ArrayList<>(List.of(name, Long.toString(good()), Long.toString(bad())));
            for (double percentile : PERCENTILES) {
                cells.add(String.format(Locale.ROOT, "%.3f", millis(percentile)));
            }
            return cells;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private final long intervalNanos;
    private final Caller caller;
    private final TimeSource time = TimeSource.system();

    /** {@code rate}: calls a second. */
    OpenLoop(int rate, Caller caller) {
        intervalNanos = 1_000_000_000L / rate;
        this.caller = caller;
    }

    /** Calls for so long; returns when each call has its outcome. */
    Phase run(String name, Duration length) {
        return run(name, length, phase -> false);
    }

    /** The same, but for no longer than until something has been seen. */
    Phase run(String name, Duration length, Predicate<Phase> isOver) {
        Phase phase = new Phase(name);
        long start = time.nanoTime();
        long end = start + length.toNanos();
        long calls = 0;
        for (long due = start; due - end < 0 && !isOver.test(phase); due += intervalNanos) {
            for (long left = due - time.nanoTime(); left > 0; left = due - time.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            long since = due;
            caller.call(calls++, good -> phase.heard(good, time.nanoTime() - since));
        }
        long patience = time.nanoTime() + PATIENCE.toNanos();
        while (phase.good() + phase.bad() < calls) {
            if (time.nanoTime() - patience >= 0) {
                throw new IllegalStateException(
                        name + ": " + (phase.good() + phase.bad()) + " of " + calls + " calls have ended");
            }
            LockSupport.parkNanos(100_000);
        }
        return phase;
    }
}

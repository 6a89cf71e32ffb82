package io.nettoolkit.core;

import io.nettoolkit.core.internal.CoarseClock;
import io.netty.util.concurrent.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * The one clock of the toolkit: an exact reading and a nearly free, coarse one.
 *
 * <p>Both readings count nanoseconds from the same arbitrary origin and are compared by difference
 * ({@code a - b < 0}), never by {@code <}, because they may overflow.
 *
 * <p><b>Threading.</b> Immutable; any thread may call every method. {@link #system()} starts one daemon
 * thread per JVM, at the first coarse reading.
 *
 * <p><b>Failure.</b> Never throws. If the process or its ticker thread is held up, {@link #coarseNanos()} is older
 * than {@link #tickNanos()} until one of them runs again.
 */
public final class TimeSource {

    private static final TimeSource SYSTEM = new TimeSource(null);

    private final @Nullable Ticker ticker;

    private TimeSource(@Nullable Ticker ticker) {
        this.ticker = ticker;
    }

    /** The clock of this JVM, the default of every builder. */
    public static TimeSource system() {
        return SYSTEM;
    }

    /**
     * A clock that reads {@code ticker} for both the exact and the coarse time; meant for tests that drive a
     * {@link Ticker#newMockTicker()}.
     */
    public static TimeSource of(Ticker ticker) {
        if (ticker == null) {
            throw new NullPointerException("ticker: must not be null");
        }
        return new TimeSource(ticker);
    }

    /** The exact time in nanoseconds; costs what {@link System#nanoTime()} costs. */
    public long nanoTime() {
        return ticker == null ? System.nanoTime() : ticker.nanoTime();
    }

    /** The time in nanoseconds, nominally at most {@link #tickNanos()} old; costs one plain memory read. */
    public long coarseNanos() {
        return ticker == null ? CoarseClock.nanos() : ticker.nanoTime();
    }

    /**
     * How far the coarse reading may lag the exact one when nothing stalls, in nanoseconds: 10 ms for
     * {@link #system()}, 0 where the coarse reading is exact. Whoever stamps a start with the coarse clock adds it
     * to the deadline, so that nothing expires early.
     */
    public long tickNanos() {
        return ticker == null ? CoarseClock.TICK_NANOS : 0;
    }

    @Override
    public String toString() {
        return ticker == null ? "TimeSource.system()" : "TimeSource.of(" + ticker + ")";
    }
}

package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that a test moves, from whatever reading it likes, such as just before the readings wrap. */
public final class BreakerClock implements Ticker {

    private final long start;
    private final AtomicLong now;

    /** Reads this until it is moved. */
    public BreakerClock(long startNanos) {
        start = startNanos;
        now = new AtomicLong(startNanos);
    }

    /** Moves it, backwards too. */
    public void advance(Duration duration) {
        now.addAndGet(duration.toNanos());
    }

    /** How far it has been moved. */
    public long elapsedNanos() {
        return now.get() - start;
    }

    /** As the toolkit takes it. */
    public TimeSource timeSource() {
        return TimeSource.of(this);
    }

    @Override
    public long initialNanoTime() {
        return start;
    }

    @Override
    public long nanoTime() {
        return now.get();
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }
}

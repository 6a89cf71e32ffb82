package io.nettoolkit.resilience;

import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A clock that a test reads the time for, and hears of each look at it; nobody sleeps by it. */
record SuppliedTicker(LongSupplier nanos) implements Ticker {

    @Override
    public long nanoTime() {
        return nanos.getAsLong();
    }

    @Override
    public long initialNanoTime() {
        return 0;
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }
}

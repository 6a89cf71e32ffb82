package io.nettoolkit.resilience.internal.store;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.TokenStore.Grant;
import io.nettoolkit.resilience.TokenStore.Limit;
import io.nettoolkit.resilience.internal.Timers;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * Callers that ask at the same time are merged into one call, and each hears what it would have heard alone. The store has
 * five permits, the clock stands, and nobody's timer goes off: a caller that was left out would wait for ever.
 */
@Param(name = "permits", gen = IntGen.class, conf = "1:2")
public class StoreCallsLincheckTest {

    private static final long TIMEOUT_NANOS = 1_000_000_000;

    private final StoreCalls calls = newCalls();

    private static StoreCalls newCalls() {
        AtomicLong left = new AtomicLong(5);
        TokenStore store = (key, limit, unit, count, deadline) -> {
            long before = left.getAndUpdate(now -> now - unit * Math.min(count, now / unit));
            long units = Math.min(count, before / unit);
            return CompletableFuture.completedFuture(new Grant(units, 0, Duration.ZERO, Duration.ZERO));
        };
        TimeSource timeSource = TimeSource.of(Ticker.newMockTicker());
        return new StoreCalls(
                new StoreCalls.Settings(store, "key", new Limit(1, Duration.ofDays(1), 5), TIMEOUT_NANOS, 100),
                new Lease(0, timeSource),
                new Desk(),
                timeSource,
                new StoreCalls.Clockwork(new Timers(new NoTimers()), new Random(1)));
    }

    /** Asks, and waits for the answer, which another caller may bring. */
    @Operation
    public boolean ask(@Param(name = "permits") int permits) {
        Waiter waiter = new Waiter(permits, TIMEOUT_NANOS, ImmediateEventExecutor.INSTANCE);
        calls.ask(waiter);
        while (!waiter.future().isDone()) {
            Thread.onSpinWait();
        }
        return waiter.future().join().granted();
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(40)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(2)
                .invocationsPerIteration(50)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .check(getClass());
    }

    /** Tells callers what the store said. */
    private static final class Desk implements StoreCalls.Desk {

        @Override
        public void decide(Waiter waiter, boolean granted, Grant grant) {
            waiter.future().succeed(new Decision(granted, 0, Duration.ZERO, Source.STORE));
        }

        @Override
        public void decideWithoutStore(Waiter waiter) {
            throw new AssertionError("the store is there");
        }

        @Override
        public void leftOver(long permits) {
            throw new AssertionError(permits + " permits that nobody took");
        }

        @Override
        public void exhausted(long unit, long untilNanos) {}

        @Override
        public void called() {}

        @Override
        public void failed() {}

        @Override
        public void storeLost(Throwable cause) {}

        @Override
        public void storeBack() {}
    }
}

package io.nettoolkit.resilience.internal.adaptive;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * The places of an adaptive limit, linearizable while every result ends a window too. The limit itself keeps to two: to give
 * a place back and to move the limit are two steps on purpose, and what happens between them has no single moment.
 */
@Param(name = "outcome", gen = IntGen.class, conf = "0:3")
public class WindowedLimitLincheckTest {

    private static final int THREADS = 8;
    private static final long WINDOW_NANOS = 1_000_000;
    private static final Outcome[] OUTCOMES = Outcome.values();

    private final WindowedLimit limit = newLimit();
    private final long[] permits = new long[THREADS];

    private static WindowedLimit newLimit() {
        MockTicker ticker = Ticker.newMockTicker();
        LimitBounds bounds = new LimitBounds(2, 2, 0.5, 1.1);
        WindowedLimit made = new WindowedLimit(
                new WindowedLimit.Settings(LimitRule.GRADIENT, bounds, WINDOW_NANOS, 1, Long.MAX_VALUE),
                2,
                TimeSource.of(ticker),
                (from, to) -> {
                    throw new AssertionError("moved from " + from + " to " + to);
                });
        ticker.advance(WINDOW_NANOS, TimeUnit.NANOSECONDS);
        return made;
    }

    /** 0 where it holds none, otherwise one more than the permit. */
    @Operation
    public boolean tryAcquire(@Param(gen = ThreadIdGen.class) int thread) {
        if (permits[thread] != 0) {
            return false;
        }
        long permit = limit.tryAcquire();
        permits[thread] = permit < 0 ? 0 : permit + 1;
        return permit >= 0;
    }

    /** Gives back what it holds. */
    @Operation
    public boolean onResult(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "outcome") int outcome) {
        if (permits[thread] == 0) {
            return false;
        }
        limit.onResult(permits[thread] - 1, OUTCOMES[outcome], 1_000);
        permits[thread] = 0;
        return true;
    }

    /** What everything above comes to. */
    @Operation
    public int inFlight() {
        return limit.inFlight();
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
}

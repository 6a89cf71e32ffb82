package io.nettoolkit.resilience.internal.adaptive;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * What callers report while an interval ends counts in that interval or in the next one: never in both, never in none. Each
 * of the two sources by itself, and one decision at a time: whoever decides while another caller works out the line does not
 * wait for it, and goes by the line before.
 */
class ShedControlLincheckTest {

    private static final long INTERVAL_NANOS = 1_000_000;
    private static final long TARGET_NANOS = 1_000;

    /** One class of work, on a clock that moves by an interval with each decision. */
    private static final class Shedder {

        private final MockTicker ticker = Ticker.newMockTicker();
        private final ShedControl control;

        Shedder(long targetNanos, double throttleK) {
            control = new ShedControl(
                    new ShedControl.Settings(1, targetNanos, INTERVAL_NANOS, throttleK, 1_000_000_000),
                    TimeSource.of(ticker),
                    (before, now) -> {});
        }

        double endInterval() {
            ticker.advance(INTERVAL_NANOS, TimeUnit.NANOSECONDS);
            control.shedShare(0);
            return control.shed();
        }
    }

    /** The shortest delay of an interval. */
    @Param(name = "delay", gen = IntGen.class, conf = "0:4")
    public static class Delays {

        private final Shedder shedder = new Shedder(TARGET_NANOS, 0);

        /** Something left the queue. */
        @Operation
        public void queueDelay(@Param(name = "delay") int delay) {
            shedder.control.queueDelay(delay * TARGET_NANOS);
        }

        /** Works out the line. */
        @Operation(nonParallelGroup = "decisions")
        public double endInterval() {
            double shed = shedder.endInterval();
            return shed + 1_000 * shedder.control.lastShortestNanos();
        }
    }

    /** Refusals of the other side. */
    public static class Refusals {

        private final Shedder shedder = new Shedder(0, 1);

        /** One refusal. */
        @Operation
        public void rejected() {
            shedder.control.rejected();
        }

        /** Works out the line. */
        @Operation(nonParallelGroup = "decisions")
        public double endInterval() {
            return shedder.endInterval();
        }
    }

    private static void modelCheck(Class<?> reports) {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(40)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(2)
                .check(reports);
    }

    private static void stress(Class<?> reports) {
        new StressOptions()
                .iterations(2)
                .invocationsPerIteration(50)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(2)
                .check(reports);
    }

    @Test
    void delaysAreLinearizableWhereverThreadsSwitch() {
        modelCheck(Delays.class);
    }

    @Test
    void delaysAreLinearizableUnderStress() {
        stress(Delays.class);
    }

    @Test
    void refusalsAreLinearizableWhereverThreadsSwitch() {
        modelCheck(Refusals.class);
    }

    @Test
    void refusalsAreLinearizableUnderStress() {
        stress(Refusals.class);
    }
}

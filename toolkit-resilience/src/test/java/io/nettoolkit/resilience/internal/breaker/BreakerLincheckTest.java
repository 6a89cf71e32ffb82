package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.time.Duration;
import java.util.Random;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of a few operations on one breaker answers as if they had come one after the other. It begins open,
 * with its open time over, and the clock stands: reading a clock and replacing a word cannot be one step. A result is given
 * with the permit of a generation, whoever holds it, so late ones and double ones are among them.
 */
@Param(name = "generation", gen = IntGen.class, conf = "1:5")
@Param(name = "outcome", gen = IntGen.class, conf = "0:2")
public class BreakerLincheckTest {

    private static final Outcome[] OUTCOMES = {Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORED};

    private final BreakerClock clock = new BreakerClock(0);
    private final BreakerCore breaker = newCore();

    private BreakerCore newCore() {
        Thresholds thresholds = new Thresholds(2, 0.5, Thresholds.OFF);
        BreakerRules rules = new BreakerRules(2, 1_000_000_000, 1_000_000_000, thresholds);
        Backoff openTime = Backoff.fixed(Duration.ofNanos(1));
        BreakerCore.Parts parts = new BreakerCore.Parts(rules, openTime, new Random(1), clock.timeSource());
        parts.windowNanos = 10_000_000_000L;
        parts.slowNanos = Long.MAX_VALUE;
        BreakerCore open = new BreakerCore(parts, (from, to) -> {});
        open.onResult(open.tryAcquire(), Outcome.FAILURE, 0);
        open.onResult(open.tryAcquire(), Outcome.FAILURE, 0);
        clock.advance(Duration.ofMillis(3));
        return open;
    }

    /** Asks. */
    @Operation
    public long tryAcquire() {
        return breaker.tryAcquire();
    }

    /** A call of a closed state ends. */
    @Operation
    public void closedResult(@Param(name = "generation") int generation, @Param(name = "outcome") int outcome) {
        breaker.onResult((long) generation << BreakerWord.GENERATION_SHIFT, OUTCOMES[outcome], 0);
    }

    /** A probe ends whose lease began in the epoch of now. */
    @Operation
    public void probeResult(@Param(name = "generation") int generation, @Param(name = "outcome") int outcome) {
        long phase = (long) BreakerWord.HALF_OPEN << BreakerWord.STATE_SHIFT
                | (long) generation << BreakerWord.GENERATION_SHIFT;
        breaker.onResult(phase, OUTCOMES[outcome], 0);
    }

    /** Starts anew. */
    @Operation
    public void reset() {
        breaker.force(State.CLOSED);
    }

    /** What everything above comes to. */
    @Operation
    public State state() {
        return breaker.state();
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(4)
                .invocationsPerIteration(200)
                .actorsBefore(1)
                .actorsAfter(1)
                .threads(2)
                .actorsPerThread(3)
                .check(BreakerLincheckTest.class);
    }

    @Test
    void isLinearizableInEveryInterleavingTried() {
        new ModelCheckingOptions()
                .iterations(6)
                .invocationsPerIteration(80)
                .actorsBefore(1)
                .actorsAfter(1)
                .threads(2)
                .actorsPerThread(3)
                .check(BreakerLincheckTest.class);
    }
}

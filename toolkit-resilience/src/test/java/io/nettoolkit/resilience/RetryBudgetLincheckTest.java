package io.nettoolkit.resilience;

import io.nettoolkit.core.TimeSource;
import io.netty.util.concurrent.Ticker;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Deposits and withdrawals while the clock stands: none is lost, and none is made. */
public class RetryBudgetLincheckTest {

    private final RetryBudget budget = RetryBudget.builder()
            .ratio(0.5)
            .minPerSecond(0)
            .timeSource(TimeSource.of(Ticker.newMockTicker()))
            .build();

    @Operation
    public void deposit() {
        budget.deposit();
    }

    @Operation
    public boolean tryWithdraw() {
        return budget.tryWithdraw();
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(3)
                .invocationsPerIteration(60)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(3)
                .invocationsPerIteration(200)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(getClass());
    }
}

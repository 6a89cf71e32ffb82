package io.nettoolkit.resilience.internal.limit;

import io.nettoolkit.resilience.internal.limit.KeyTable.Decision;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * A key whose idle entry is taken by others just as it comes back: it gets its burst, and not a permit more that was charged
 * to the others. The clock stands.
 */
public class KeyTableLincheckTest {

    private static final long SECOND = 1_000_000_000;

    /** Both halves of such a hash are small, so all these keys have the first group to be in, and the second. */
    private static final long KEY = 100;

    private final AtomicLong others = new AtomicLong(KEY);
    private final KeyTable table = newTable();

    private static KeyTable newTable() {
        KeyTable made = new KeyTable(new TokenRate(1, SECOND, 0), 2, 1);
        // At the first place, and idle a second later: a new key takes that place before any other.
        made.take(KEY, 1, 0);
        return made;
    }

    /** The key comes back. */
    @Operation
    public boolean take() {
        Decision decision = table.take(KEY, 1, SECOND);
        return decision == Decision.TAKEN || decision == Decision.TAKEN_SHARED;
    }

    /** A key that was never there before. */
    @Operation
    public void other() {
        table.take(others.incrementAndGet(), 1, SECOND);
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(6)
                .invocationsPerIteration(150)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(3)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(4)
                .invocationsPerIteration(200)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(3)
                .check(getClass());
    }
}

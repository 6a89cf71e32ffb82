package io.nettoolkit.resilience.internal.limit;

import org.jetbrains.lincheck.datastructures.LongGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/** Every interleaving of a few calls has the outcome of some order of them. */
@Param(name = "permits", gen = LongGen.class, conf = "1:3")
@Param(name = "now", gen = LongGen.class, conf = "0:3")
public class TokenBucketLincheckTest {

    private static final long TICK = 100_000_000;

    private final TokenBucket bucket = TokenBucket.of(new TokenRate(10, 10 * TICK, 0), 3, 0);

    @Operation
    public boolean tryTake(@Param(name = "permits") long permits, @Param(name = "now") long now) {
        return bucket.tryTake(permits, now * TICK);
    }

    @Operation
    public long take(@Param(name = "permits") long permits, @Param(name = "now") long now) {
        return bucket.take(permits, now * TICK, 2 * TICK);
    }

    @Operation
    public boolean cancel(@Param(name = "permits") long permits, @Param(name = "now") long now) {
        return bucket.cancel(permits, now * TICK, now * TICK);
    }

    @Operation
    public long takeUpTo(@Param(name = "permits") long permits, @Param(name = "now") long now) {
        return bucket.takeUpTo(permits, 1, now * TICK);
    }

    @Test
    void isLinearizable() {
        new ModelCheckingOptions()
                .iterations(10)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(3)
                // Above the pauses after a lost exchange, which are not a loop that waits for anybody.
                .loopBound(1_000)
                .check(TokenBucketLincheckTest.class);
    }
}

package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.resilience.internal.call.PermitQueue.Entry;
import io.nettoolkit.resilience.internal.call.PermitQueue.Fate;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * Permits, places and their hand-over, linearizable against the same code run by one thread. Each thread releases what it has
 * itself, as callers do; a cancel answers whether it came before the grant.
 */
public class PermitQueueLincheckTest {

    private static final int THREADS = 8;

    private final PermitQueue queue = new PermitQueue(1, 2);
    private final boolean[] holds = new boolean[THREADS];
    private final Waiter[] waiters = new Waiter[THREADS];

    private static final class Waiter extends PermitQueue.Waiter {
        @Override
        void onGranted() {}
    }

    @Operation
    public boolean tryAcquire(@Param(gen = ThreadIdGen.class) int thread) {
        if (holds[thread]) {
            return false;
        }
        holds[thread] = queue.tryAcquire();
        return holds[thread];
    }

    @Operation
    public boolean release(@Param(gen = ThreadIdGen.class) int thread) {
        if (!holds[thread]) {
            return false;
        }
        holds[thread] = false;
        queue.release();
        return true;
    }

    @Operation
    public String enter(@Param(gen = ThreadIdGen.class) int thread) {
        if (holds[thread] || waiters[thread] != null) {
            return "is in";
        }
        Waiter waiter = new Waiter();
        Entry entry = queue.enter(waiter);
        holds[thread] = entry == Entry.GRANTED;
        waiters[thread] = entry == Entry.QUEUED ? waiter : null;
        // Whether the permit came at once or by the queue is not for callers to see.
        return entry == Entry.REFUSED ? "refused" : "in";
    }

    /** Also takes a permit that was handed over, to be released. */
    @Operation
    public String cancel(@Param(gen = ThreadIdGen.class) int thread) {
        Waiter waiter = waiters[thread];
        if (waiter == null) {
            return "nothing to cancel";
        }
        waiters[thread] = null;
        if (queue.leave(waiter, Fate.CANCELLED)) {
            return "cancelled";
        }
        holds[thread] = true;
        return "has a permit";
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(100)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .check(getClass());
    }

    @Test
    void isLinearizableUnderStress() {
        new StressOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .check(getClass());
    }
}

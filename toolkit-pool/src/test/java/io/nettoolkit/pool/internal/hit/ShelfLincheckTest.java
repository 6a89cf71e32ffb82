package io.nettoolkit.pool.internal.hit;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.hit.Entry.End;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * Taking and giving back one connection is linearizable, whichever threads share a hint. (With several connections "there is
 * none" is not: who looks for one looks at them one after the other.) A stale release answers no and changes nothing.
 */
public class ShelfLincheckTest {

    private static final int THREADS = 8;
    private static final long THREE_BITS = 7;

    private static final class Ignored implements Shelf.Keeper {
        @Override
        public void needsCheck(Entry entry) {}

        @Override
        public void signal() {}
    }

    private final Shelf shelf = new Shelf(new Ignored(), true, -1, new Shelf.Sizes(1, 1, 1));
    private final FakeEntry only = FakeEntry.idleOn(shelf, 0);
    private final long[] generations = new long[THREADS];
    private final AtomicInteger holders = new AtomicInteger();

    @Operation
    public boolean tryAcquire(@Param(gen = ThreadIdGen.class) int thread) {
        Entry got = shelf.tryClaim(thread, TimeSource.system());
        if (got == null) {
            return false;
        }
        if (holders.incrementAndGet() != 1) {
            throw new IllegalStateException("two holders");
        }
        generations[thread] = got.generation();
        return true;
    }

    /** The last lease of this thread, whether or not it is over. */
    @Operation
    public boolean release(@Param(gen = ThreadIdGen.class) int thread) {
        if (generations[thread] == 0) {
            return false;
        }
        boolean mine = Entry.phase(only.word()) == Entry.LEASED
                && ((only.generation() ^ generations[thread]) & THREE_BITS) == 0;
        if (mine) {
            holders.decrementAndGet();
        }
        boolean released = only.release(generations[thread], THREE_BITS, 0) == End.IDLE;
        if (released) {
            shelf.released(only, thread);
        }
        return released;
    }

    @Test
    void isLinearizableWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(3)
                .invocationsPerIteration(60)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(0)
                .actorsAfter(1)
                .check(getClass());
    }
}

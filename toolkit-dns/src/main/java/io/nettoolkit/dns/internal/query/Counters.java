package io.nettoolkit.dns.internal.query;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Figures of a loop: one thread writes, any thread reads. */
final class Counters {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    private final long[] cells;

    Counters(int count) {
        cells = new long[count];
    }

    void add(int counter, long count) {
        CELLS.setRelease(cells, counter, cells[counter] + count);
    }

    void set(int counter, long value) {
        CELLS.setRelease(cells, counter, value);
    }

    long get(int counter) {
        return (long) CELLS.getAcquire(cells, counter);
    }
}

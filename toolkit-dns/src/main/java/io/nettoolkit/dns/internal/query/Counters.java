package io.nettoolkit.dns.internal.query;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Figures of a loop: one thread writes, any thread reads. */
@SuppressWarnings("EnumOrdinal") // an index, nothing that is kept
final class Counters<F extends Enum<F>> {

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    private final long[] cells;

    Counters(Class<F> figures) {
        cells = new long[figures.getEnumConstants().length];
    }

    void add(F figure) {
        add(figure, 1);
    }

    void add(F figure, long count) {
        int index = figure.ordinal();
        CELLS.setRelease(cells, index, cells[index] + count);
    }

    void set(F figure, long value) {
        CELLS.setRelease(cells, figure.ordinal(), value);
    }

    long get(F figure) {
        return (long) CELLS.getAcquire(cells, figure.ordinal());
    }
}

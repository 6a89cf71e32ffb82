package io.nettoolkit.pool.internal.hit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Places for 64 connections, with a bit for each that may be idle; the bits have cache lines of their own. */
final class Chunk extends PaddedWord.After {

    static final int SIZE = Long.SIZE;

    private static final VarHandle ENTRIES = MethodHandles.arrayElementVarHandle(Entry[].class);
    private static final VarHandle MASKS = MethodHandles.arrayElementVarHandle(long[].class);

    /** Index of the first place. */
    final int base;
    /** By place; null for free ones. Written by the state machine. */
    private final @Nullable Entry[] entries = new Entry[SIZE];
    /** Per event loop, the places of its connections; hints. Written by the state machine. */
    private final long[] loopMasks;
    /** Places taken; the state machine's. */
    private long taken;

    Chunk(int base, int loops) {
        this.base = base;
        loopMasks = new long[loops];
    }

    /** Bits of the connections that may be idle. */
    long maybeIdle() {
        return word;
    }

    /** Makes a connection findable that is idle: the bit is usually there already, and only read. */
    void markIdle(long bit) {
        if ((word & bit) == 0) {
            WORD.getAndBitwiseOr(this, bit);
        }
    }

    /** The bit was wrong. Whoever clears it has to look at the connection once more after that. */
    void clear(long bit) {
        WORD.getAndBitwiseAnd(this, ~bit);
    }

    @Nullable
    Entry at(int place) {
        return (Entry) ENTRIES.getAcquire(entries, place);
    }

    /** Bits of the connections of one event loop. */
    long ofLoop(int loop) {
        return loop < loopMasks.length ? (long) MASKS.getOpaque(loopMasks, loop) : 0;
    }

    boolean isFull() {
        return taken == -1;
    }

    /** Puts a connection at the first free place; the state machine only. */
    void put(Entry entry, int loop) {
        int place = Long.numberOfTrailingZeros(~taken);
        long bit = 1L << place;
        taken |= bit;
        entry.placeAt(base + place, this);
        ENTRIES.setRelease(entries, place, entry);
        if (loop >= 0 && loop < loopMasks.length) {
            MASKS.setOpaque(loopMasks, loop, loopMasks[loop] | bit);
        }
    }

    /** Frees a place; the state machine only. */
    void remove(Entry entry) {
        int place = entry.index() - base;
        long bit = 1L << place;
        taken &= ~bit;
        ENTRIES.setRelease(entries, place, (Entry) null);
        clear(bit);
        for (int loop = 0; loop < loopMasks.length; loop++) {
            MASKS.setOpaque(loopMasks, loop, loopMasks[loop] & ~bit);
        }
    }
}

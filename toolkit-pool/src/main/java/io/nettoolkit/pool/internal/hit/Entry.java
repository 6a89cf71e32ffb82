package io.nettoolkit.pool.internal.hit;

import org.jspecify.annotations.Nullable;

/*
 * Design note.
 *
 * Idea. Who has a connection is one word, and everything else is a hint.
 *
 *    63                                             8 7          0
 *   +-------------------------------------------------+------------+
 *   |  generation: leases of this connection so far   |   phase    |
 *   +-------------------------------------------------+------------+
 *
 *   NEW -------> IDLE <-----> LEASED ------> RETIRING       by a claim, a release, and the state machine
 *    |            | ^           |               |
 *    |            v |           |               v
 *    +-----> VALIDATING -----> CLOSING <--------+           by the end of a lease, or the state machine
 *                               |
 *   LEASED, RETIRING --> LOST --+--> CLOSED                 when the channel is closed
 *
 * A claim is one CAS of IDLE,g to LEASED,g+1; a release one CAS of LEASED,g to IDLE,g. A lease knows its generation, or the
 * last three bits of it, and so cannot end another's. RETIRING is a lease whose end is the end of the connection, LOST one
 * whose connection is gone already.
 *
 * Invariants. At most one lease per generation (I1), and its end succeeds once (I8). CLOSING is entered once, and nothing
 * leads back from it (I10). What was written before a release is visible after the next claim (I15): both are CASes of the
 * same word.
 */

/** One connection's word, and where the pool keeps it. Any thread, unless noted. */
public abstract class Entry extends PaddedWord.After {

    /** Not in a pool yet. */
    public static final int NEW = 0;
    /** Nobody has it. */
    public static final int IDLE = 1;
    /** Somebody has it. */
    public static final int LEASED = 2;
    /** Somebody has it, and it ends with the lease. */
    public static final int RETIRING = 3;
    /** Being checked. */
    public static final int VALIDATING = 4;
    /** To be closed, or being closed. */
    public static final int CLOSING = 5;
    /** Gone, while somebody still has its lease. */
    public static final int LOST = 6;
    /** Gone. */
    public static final int CLOSED = 7;

    /** How a lease ended. */
    public enum End {
        /** It was over before. */
        STALE,
        /** The connection is idle. */
        IDLE,
        /** The connection is to be closed. */
        CLOSING,
        /** The connection was gone before. */
        GONE
    }

    private static final int GENERATION_SHIFT = 8;
    private static final long GENERATION_ONE = 1L << GENERATION_SHIFT;
    private static final int PHASE_MASK = (1 << GENERATION_SHIFT) - 1;

    private final long bornNanos;
    private final long loopThread;
    /** Where the pool keeps it; written by the state machine before it leaves NEW. */
    private int index = -1;

    private long bit;
    /** Written by the state machine; others may read an older one, and have it checked once more. */
    private long checkedNanos;
    /** The generation that passed the last check, as above. */
    private long checkedGeneration;

    @Nullable
    Chunk chunk;

    /**
     * A connection that is no pool's yet.
     *
     * @param bornNanos when it was opened
     * @param loopThread id of its event loop's thread; 0 where there is none
     */
    protected Entry(long bornNanos, long loopThread) {
        this.bornNanos = bornNanos;
        this.loopThread = loopThread;
        firstStamp = bornNanos;
        checkedNanos = bornNanos;
    }

    /** Whether its channel is open, as far as can be told. */
    public abstract boolean isActive();

    /** When it was opened. */
    public final long bornNanos() {
        return bornNanos;
    }

    /** Id of its event loop's thread. */
    public final long loopThread() {
        return loopThread;
    }

    /** Where the pool keeps it; -1 before. */
    public final int index() {
        return index;
    }

    final void placeAt(int place, Chunk at) {
        index = place;
        chunk = at;
        bit = 1L << (place - at.base);
    }

    final long bit() {
        return bit;
    }

    /** The word now. */
    public final long word() {
        return word;
    }

    /** The phase in a word. */
    public static int phase(long word) {
        return (int) word & PHASE_MASK;
    }

    /** The generation in a word. */
    public static long generation(long word) {
        return word >>> GENERATION_SHIFT;
    }

    /** The phase now. */
    public final int phase() {
        return phase(word);
    }

    /** How often it has been leased. */
    public final long generation() {
        return generation(word);
    }

    /** When the last lease ended, or it was opened, by the coarse clock; what the last owner wrote. */
    public final long idleSinceNanos() {
        return firstStamp;
    }

    /** When it last passed a check, or was opened. */
    public final long checkedNanos() {
        return checkedNanos;
    }

    /** Whether nobody has leased it since that. */
    final boolean isUnusedSinceCheck() {
        return generation() == checkedGeneration;
    }

    /** It passed a check; the state machine only. */
    public final void checked(long nowNanos) {
        checkedNanos = nowNanos;
        checkedGeneration = generation();
    }

    /** When this lease began; only of leases that are timed. */
    public final long leasedSinceNanos() {
        return secondStamp;
    }

    /** Times this lease; by who has it. */
    public final void leasedSince(long nowNanos) {
        secondStamp = nowNanos;
    }

    /** Takes it where the word is still this one, which says IDLE. */
    final boolean claim(long idle) {
        return swap(idle, idle + GENERATION_ONE + (LEASED - IDLE));
    }

    /** Takes it where it is idle. */
    public final boolean claim() {
        long now = word;
        return phase(now) == IDLE && claim(now);
    }

    /** Moves it from one phase to another, the generation staying; false where it is in another phase. */
    public final boolean move(int from, int to) {
        for (; ; ) {
            long now = word;
            if (phase(now) != from) {
                return false;
            }
            if (swap(now, now - from + to)) {
                return true;
            }
        }
    }

    /**
     * As {@link #release} of a lease that is in order and ends while nothing else happens, which is nearly every one; false
     * where that is not so, or a lease in so many is to be timed.
     *
     * @param timed bits of the generation that are zero in a lease that is timed
     */
    public final boolean releaseInOrder(long generation, long mask, long timed, long nowNanos) {
        long now = word;
        long last = generation(now);
        if (phase(now) != LEASED || ((last ^ generation) & mask) != 0 || (last & timed) == 0) {
            return false;
        }
        firstStamp = nowNanos;
        return swap(now, now - (LEASED - IDLE));
    }

    /**
     * Ends the lease of a generation of which some bits are known: all, or the last ones.
     *
     * @param mask the bits that are known
     * @param nowNanos the coarse time
     */
    public final End release(long generation, long mask, long nowNanos) {
        for (; ; ) {
            long now = word;
            if (((generation(now) ^ generation) & mask) != 0) {
                return End.STALE;
            }
            switch (phase(now)) {
                case LEASED -> {
                    firstStamp = nowNanos;
                    if (swap(now, now - (LEASED - IDLE))) {
                        return End.IDLE;
                    }
                }
                case RETIRING -> {
                    if (swap(now, now - RETIRING + CLOSING)) {
                        return End.CLOSING;
                    }
                }
                case LOST -> {
                    if (swap(now, now - LOST + CLOSED)) {
                        return End.GONE;
                    }
                }
                default -> {
                    return End.STALE;
                }
            }
        }
    }

    /** As {@link #release}, but the connection is to be closed. */
    public final End discard(long generation, long mask) {
        for (; ; ) {
            long now = word;
            int phase = phase(now);
            boolean isLeased = phase == LEASED || phase == RETIRING;
            if (((generation(now) ^ generation) & mask) != 0 || (!isLeased && phase != LOST)) {
                return End.STALE;
            }
            if (swap(now, now - phase + (isLeased ? CLOSING : CLOSED))) {
                return isLeased ? End.CLOSING : End.GONE;
            }
        }
    }

    /** The channel is closed, whoever did it; answers the phase before. */
    public final int gone() {
        for (; ; ) {
            long now = word;
            int phase = phase(now);
            if (phase == CLOSED || phase == LOST) {
                return phase;
            }
            boolean isLeased = phase == LEASED || phase == RETIRING;
            if (swap(now, now - phase + (isLeased ? LOST : CLOSED))) {
                return phase;
            }
        }
    }

    @Override
    public String toString() {
        return "Entry[" + index + ", phase=" + phase() + ", generation=" + generation() + "]";
    }
}

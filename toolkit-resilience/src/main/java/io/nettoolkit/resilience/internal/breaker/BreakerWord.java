package io.nettoolkit.resilience.internal.breaker;

import io.nettoolkit.resilience.CircuitBreaker.State;
import java.util.List;

/*
 * Everything that decides what a breaker does is in one 64-bit word, so that a step of it is one compare-and-set and no
 * half of a step is ever seen:
 *
 *    63      62..60   59..37        36..32     31..0
 *   +---+-----------+------------+----------+-----------------------------------------------------------------+
 *   | 0 |   state   | generation |  attempt | OPEN: end of the open time, in ticks of 2^20 ns (about 1 ms)     |
 *   |   |           |            |          | HALF_OPEN: epoch 7 | current 5 | earlier 5 | ended 5            |
 *   |   |           |            |          |            | failed 5 | slow 5                                  |
 *   +---+-----------+------------+----------+-----------------------------------------------------------------+
 *
 *   generation  goes up by one with every transition; a result that carries another one does not count. Transitions are
 *               told to the listener in its order.
 *   attempt     how often the breaker opened without having been closed in between: the open time grows with it.
 *   epoch       which stretch of time, each one probe lease long, the counts of running probes belong to.
 *   current     probes let through in that epoch that have not ended.
 *   earlier     probes let through in the epoch before it that have not ended. Older ones are lost: their leases are over.
 *   ended       probes of this half-open state that ended; failed and slow: how many of them did.
 *
 * CLOSED is state 0 with neither attempt nor details, so a closed word is recognised by one comparison and is itself the
 * permit of a call. The top bit stays 0: negative is the sign of a refusal. The 32 bits of time go round in 52 days and
 * the 7 bits of the epoch in 128 leases; both are read as distances, and a distance that cannot be is over.
 */
final class BreakerWord {

    static final int OPEN = 1;
    static final int HALF_OPEN = 2;
    static final int FORCED_OPEN = 3;
    static final int DISABLED = 5;

    /** By their codes. */
    private static final List<State> STATES =
            List.of(State.CLOSED, State.OPEN, State.HALF_OPEN, State.FORCED_OPEN, State.FORCED_CLOSED, State.DISABLED);

    /** Most probes at once, and the largest count that a field of probes holds. */
    static final int MOST_PROBES = 31;

    static final int TICK_SHIFT = 20;

    static final int STATE_SHIFT = 60;
    static final int GENERATION_SHIFT = 37;
    static final int GENERATION_MASK = (1 << 23) - 1;

    /** The smallest word, and permit, that is not closed. */
    static final long NOT_CLOSED = 1L << STATE_SHIFT;

    /** What a permit has of its word: state and generation. */
    static final long PHASE_MASK = -1L << GENERATION_SHIFT;

    /** What a permit of a probe has below its phase: the epoch in which its lease began. */
    static final long LEASE_MASK = ~PHASE_MASK;

    static final int ONE_SLOW_SHIFT = 0;
    static final int ONE_FAILED_SHIFT = 5;
    static final int ONE_ENDED_SHIFT = 10;
    static final int EARLIER_SHIFT = 15;
    static final int CURRENT_SHIFT = 20;
    static final int EPOCH_SHIFT = 25;
    static final int EPOCH_MASK = (1 << 7) - 1;

    private static final int ATTEMPT_SHIFT = 32;
    private static final int COUNT_MASK = MOST_PROBES;
    private static final int MOST_ATTEMPTS = 31;

    private BreakerWord() {}

    static int stateCode(long word) {
        return (int) (word >>> STATE_SHIFT);
    }

    static State state(long word) {
        return STATES.get(stateCode(word));
    }

    static int generation(long word) {
        return (int) (word >>> GENERATION_SHIFT) & GENERATION_MASK;
    }

    static int attempt(long word) {
        return (int) (word >>> ATTEMPT_SHIFT) & MOST_ATTEMPTS;
    }

    static int ended(long word) {
        return count(word, ONE_ENDED_SHIFT);
    }

    static int failed(long word) {
        return count(word, ONE_FAILED_SHIFT);
    }

    static int slow(long word) {
        return count(word, ONE_SLOW_SHIFT);
    }

    static int current(long word) {
        return count(word, CURRENT_SHIFT);
    }

    static int earlier(long word) {
        return count(word, EARLIER_SHIFT);
    }

    static int epoch(long word) {
        return (int) (word >>> EPOCH_SHIFT) & EPOCH_MASK;
    }

    static int untilTicks(long word) {
        return (int) word;
    }

    /** State and generation, which is what a permit carries. */
    static long phase(long word) {
        return word & PHASE_MASK;
    }

    /** The next generation, closed, or switched by hand. */
    static long next(long word, State state) {
        return next(word, state, 0, 0);
    }

    static long nextOpen(long word, int untilTicks) {
        return next(word, State.OPEN, Math.min(attempt(word) + 1, MOST_ATTEMPTS), Integer.toUnsignedLong(untilTicks));
    }

    /** Half-open in the given epoch, with one probe let through. */
    static long nextHalfOpen(long word, long epoch) {
        return next(word, State.HALF_OPEN, attempt(word), probes(epoch, 1, 0));
    }

    /** The same half-open state with other running probes. */
    static long withProbes(long word, long epoch, int current, int earlier) {
        return (word & ~probes(EPOCH_MASK, MOST_PROBES, MOST_PROBES)) | probes(epoch, current, earlier);
    }

    private static long next(long word, State state, int attempt, long details) {
        long generation = (generation(word) + 1L) & GENERATION_MASK;
        return (long) STATES.indexOf(state) << STATE_SHIFT
                | generation << GENERATION_SHIFT
                | (long) attempt << ATTEMPT_SHIFT
                | details;
    }

    private static long probes(long epoch, int current, int earlier) {
        return (epoch & EPOCH_MASK) << EPOCH_SHIFT | (long) current << CURRENT_SHIFT | (long) earlier << EARLIER_SHIFT;
    }

    private static int count(long word, int shift) {
        return (int) (word >>> shift) & COUNT_MASK;
    }
}

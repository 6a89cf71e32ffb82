package io.nettoolkit.resilience.internal.breaker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Failures without a success in between, of one generation of the breaker: a word [generation 32 | count 32]. While
 * nothing fails a success reads it and writes nothing.
 *
 * <p>Threading: any thread. Of results that end at the same time either may come first.
 */
final class Streak {

    private static final int GENERATION_SPARE_BITS = Integer.SIZE - Integer.bitCount(BreakerWord.GENERATION_MASK);

    private final int longest;
    private final AtomicLong word = new AtomicLong();

    /**
     * No failure yet.
     *
     * @param longest the failures in a row that are too many
     */
    Streak(int longest) {
        this.longest = longest;
    }

    /** Takes a result in; true when there are too many failures in a row. */
    boolean record(int generation, boolean failed) {
        while (true) {
            long seen = word.get();
            // A distance of 23 bits with its sign.
            int newer = (generation - (int) (seen >>> Integer.SIZE)) << GENERATION_SPARE_BITS;
            if (newer < 0) {
                return false;
            }
            int count = newer == 0 ? (int) seen : 0;
            int next = failed ? Math.min(count + 1, longest) : 0;
            if (newer == 0 && next == count) {
                return next == longest;
            }
            if (word.compareAndSet(seen, (long) generation << Integer.SIZE | next)) {
                return next == longest;
            }
        }
    }
}

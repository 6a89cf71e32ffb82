package io.nettoolkit.pool.internal.hit;

/**
 * What every acquire and every release reads: how many wait, and whether something else wants releases to be told of. Written
 * by the state machine, but for the bar of a pool that is being closed, and rarely, so that its line stays shared between
 * processors.
 */
final class Gate extends PaddedWord.After {

    /** The state machine has to be asked, now and for ever. */
    static final long BARRED_FOR_GOOD = 1L << 62;

    void set(long value) {
        for (; ; ) {
            long now = word;
            long next = value | (now & BARRED_FOR_GOOD);
            if (now == next || swap(now, next)) {
                return;
            }
        }
    }

    /** Any thread. */
    void bar() {
        WORD.getAndBitwiseOr(this, BARRED_FOR_GOOD);
    }

    long get() {
        return word;
    }
}

package io.nettoolkit.pool.internal.hit;

/**
 * What every acquire and every release reads: how many wait, and whether something else wants releases to be told of. Written
 * by the state machine alone, and rarely, so that its line stays shared between processors.
 */
final class Gate extends PaddedWord.After {

    void set(long value) {
        if (word != value) {
            word = value;
        }
    }

    long get() {
        return word;
    }
}

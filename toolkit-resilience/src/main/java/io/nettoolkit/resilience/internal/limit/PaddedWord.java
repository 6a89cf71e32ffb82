package io.nettoolkit.resilience.internal.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One 64-bit word that shares no cache line with anything else, the immutable fields of its subclasses included: those
 * stay readable while other threads write the word. The JVM lays out a superclass's fields before those of its subclass.
 */
final class PaddedWord {

    private PaddedWord() {}

    /** The lines before. */
    abstract static class Before {
        long before00;
        long before01;
        long before02;
        long before03;
        long before04;
        long before05;
        long before06;
        long before07;
        long before08;
        long before09;
        long before10;
        long before11;
        long before12;
        long before13;
        long before14;
    }

    /** The word. */
    abstract static class Word extends Before {

        /** Two microseconds after the first loss, fifteen at most, where a pause takes about 30 ns. */
        private static final int SPINS = 32;

        private static final int MOST_DOUBLINGS = 4;

        private static final VarHandle WORD;

        static {
            try {
                WORD = MethodHandles.lookup().findVarHandle(Word.class, "word", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private long word;

        /** Its value, with everything that was written before it. */
        final long word() {
            return (long) WORD.getAcquire(this);
        }

        /** Puts a value that publishes everything written before. */
        final void publish(long value) {
            WORD.setRelease(this, value);
        }

        /** Exchanges {@code expected} for {@code value}; false where another value is there. */
        final boolean exchange(long expected, long value) {
            return WORD.compareAndSet(this, expected, value);
        }

        /**
         * The value again, after a while in which those who won can go on: the more exchanges were lost in a row, the longer.
         * Without it each exchange would carry the cache line to another processor, which costs more than all the rest.
         */
        final long wordAfterLosing(int lost) {
            for (int spins = SPINS << Math.min(lost, MOST_DOUBLINGS); spins > 0; spins--) {
                Thread.onSpinWait();
            }
            return word();
        }

        /** Adds, atomically. */
        final void addToWord(long delta) {
            WORD.getAndAdd(this, delta);
        }
    }

    /** The lines after. */
    abstract static class After extends Word {
        long after00;
        long after01;
        long after02;
        long after03;
        long after04;
        long after05;
        long after06;
        long after07;
        long after08;
        long after09;
        long after10;
        long after11;
        long after12;
        long after13;
        long after14;
    }
}

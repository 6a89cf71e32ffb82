package io.nettoolkit.pool.internal.hit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One 64-bit word that shares no cache line with anything else but two stamps that its owner writes along with it; the
 * fields of subclasses stay readable while other threads write the word. The JVM lays out a superclass's fields before those
 * of its subclass.
 */
public final class PaddedWord {

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

    /** The word and its stamps. */
    abstract static class Word extends Before {

        static final VarHandle WORD;

        static {
            try {
                WORD = MethodHandles.lookup().findVarHandle(Word.class, "word", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        volatile long word;
        long firstStamp;
        long secondStamp;

        final boolean swap(long expected, long value) {
            return WORD.compareAndSet(this, expected, value);
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

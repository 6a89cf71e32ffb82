package io.nettoolkit.pool.internal.hit;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.nettoolkit.pool.internal.hit.Entry.End;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The word of an entry, with the phase and the generation of its lease, between two threads. */
public final class EntryStress {

    private static final long ALL_BITS = -1;
    private static final long THREE_BITS = 7;

    private EntryStress() {}

    private static final class Plain extends Entry {
        Plain() {
            super(0, 0);
        }

        @Override
        public boolean isActive() {
            return true;
        }
    }

    private static Plain idle() {
        Plain entry = new Plain();
        entry.move(Entry.NEW, Entry.IDLE);
        return entry;
    }

    private static Plain leased() {
        Plain entry = idle();
        entry.claim();
        return entry;
    }

    /** What the state machine does with a connection that is to go; whether it is to close it now. */
    private static boolean retire(Entry entry) {
        for (; ; ) {
            if (entry.move(Entry.LEASED, Entry.RETIRING)) {
                return false;
            }
            if (entry.move(Entry.IDLE, Entry.CLOSING)) {
                return true;
            }
        }
    }

    /** Two threads want one connection. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The first has it.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The second has it.")
    @Outcome(expect = FORBIDDEN, desc = "Both have it, or nobody (I1).")
    @State
    public static class ClaimAndClaim {
        private final Entry entry = idle();

        @Actor
        public void one(ZZ_Result result) {
            result.r1 = entry.claim();
        }

        @Actor
        public void two(ZZ_Result result) {
            result.r2 = entry.claim();
        }
    }

    /** A caller wants a connection that is to be closed. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The caller has it.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "It is closed.")
    @Outcome(expect = FORBIDDEN, desc = "It is closed in use, or neither (I10).")
    @State
    public static class ClaimAndClose {
        private final Entry entry = idle();

        @Actor
        public void caller(ZZ_Result result) {
            result.r1 = entry.claim();
        }

        @Actor
        public void machine(ZZ_Result result) {
            result.r2 = entry.move(Entry.IDLE, Entry.CLOSING);
        }
    }

    /** One lease, released by two threads. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The first ended it.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The second ended it.")
    @Outcome(expect = FORBIDDEN, desc = "It ended twice, or never (I8).")
    @State
    public static class ReleaseAndRelease {
        private final Entry entry = leased();

        @Actor
        public void one(ZZ_Result result) {
            result.r1 = entry.release(1, ALL_BITS, 0) == End.IDLE;
        }

        @Actor
        public void two(ZZ_Result result) {
            result.r2 = entry.releaseInOrder(1, THREE_BITS, 63, 0);
        }
    }

    /** A lease that is over is released again while its connection is leased to another. */
    @JCStressTest
    @Outcome(id = "1, 0, 2", expect = ACCEPTABLE, desc = "The new lease stands.")
    @Outcome(expect = FORBIDDEN, desc = "The old lease ended the new one (I8).")
    @State
    public static class StaleReleaseAndClaim {
        private final Entry entry = leased();

        public StaleReleaseAndClaim() {
            entry.release(1, ALL_BITS, 0);
        }

        @Actor
        public void next(III_Result result) {
            result.r1 = entry.claim() ? 1 : 0;
        }

        @Actor
        public void stale(III_Result result) {
            result.r2 = entry.release(1, THREE_BITS, 0) == End.STALE && entry.discard(1, THREE_BITS) == End.STALE ? 0 : 1;
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = entry.phase();
        }
    }

    /** A connection is to go at the moment its lease ends: one of the two closes it. */
    @JCStressTest
    @Outcome(id = "1, 0, 5", expect = ACCEPTABLE, desc = "Who had it closes it.")
    @Outcome(id = "0, 1, 5", expect = ACCEPTABLE, desc = "The machine closes it.")
    @Outcome(expect = FORBIDDEN, desc = "Closed by both, or by nobody (I10).")
    @State
    public static class ReleaseAndRetire {
        private final Entry entry = leased();

        @Actor
        public void owner(III_Result result) {
            result.r1 = entry.release(1, ALL_BITS, 0) == End.CLOSING ? 1 : 0;
        }

        @Actor
        public void machine(III_Result result) {
            result.r2 = retire(entry) ? 1 : 0;
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = entry.phase();
        }
    }

    /** The channel is closed at the moment its lease ends. */
    @JCStressTest
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Released, and then gone.")
    @Outcome(id = "2, 7", expect = ACCEPTABLE, desc = "Gone, and then released.")
    @Outcome(expect = FORBIDDEN, desc = "A connection that is gone is idle, or its lease lives on (I9).")
    @State
    public static class ReleaseAndGone {
        private final Entry entry = leased();

        @Actor
        public void owner(II_Result result) {
            End end = entry.release(1, ALL_BITS, 0);
            result.r1 = end == End.IDLE ? 1 : end == End.GONE ? 2 : 0;
        }

        @Actor
        public void machine() {
            entry.gone();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = entry.phase();
        }
    }

    /** What was written before a release is visible to who has the connection next. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "It was in use still.")
    @Outcome(id = "42", expect = ACCEPTABLE, desc = "The next one sees what the last one wrote.")
    @Outcome(expect = FORBIDDEN, desc = "The next one sees something older (I15).")
    @State
    public static class WriteReleaseAndClaimRead {
        private final Entry entry = leased();
        private int written = 1;

        @Actor
        public void last() {
            written = 42;
            entry.releaseInOrder(1, ALL_BITS, 63, 0);
        }

        @Actor
        public void next(I_Result result) {
            result.r1 = entry.claim() ? written : 0;
        }
    }
}

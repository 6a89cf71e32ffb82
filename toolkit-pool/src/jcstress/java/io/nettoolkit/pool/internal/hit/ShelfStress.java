package io.nettoolkit.pool.internal.hit;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.nettoolkit.core.TimeSource;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** Gate, bits and words together: nobody waits beside an idle connection (I5). */
public final class ShelfStress {

    private static final long ALL_BITS = -1;
    private static final long FIRST = 1;
    private static final long SECOND = 2;

    private ShelfStress() {}

    /** A shelf with one connection, which is leased. */
    private static final class Scene implements Shelf.Keeper {
        final Shelf shelf;
        final Entry only = new Entry(0, 0) {
            @Override
            public boolean isActive() {
                return true;
            }
        };
        volatile boolean signalled;

        Scene(boolean fair) {
            shelf = new Shelf(this, fair, -1, new Shelf.Sizes(2, 1, 2));
            shelf.put(only);
            only.move(Entry.NEW, Entry.IDLE);
            shelf.offer(only);
            only.claim();
        }

        /** Whether the state machine is told. */
        boolean release() {
            only.release(1, ALL_BITS, 0);
            return shelf.released(only, FIRST);
        }

        /** Whether the state machine finds something for one who has got in line. */
        boolean getInLine() {
            shelf.open(1, 0);
            return shelf.anyIdle(0) != null;
        }

        @Override
        public void needsCheck(Entry entry) {}

        @Override
        public void signal() {
            signalled = true;
        }
    }

    /** One releases while another gets in line. */
    @JCStressTest
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Neither sees the other: he waits for ever.")
    @Outcome(expect = ACCEPTABLE, desc = "One sees the other.")
    @State
    public static class ReleaseAndWait {
        private final Scene scene = new Scene(true);

        @Actor
        public void releaser(ZZ_Result result) {
            result.r1 = scene.release();
        }

        @Actor
        public void waiter(ZZ_Result result) {
            result.r2 = scene.getInLine();
        }
    }

    /** The same, while a third one finds the bit wrong and clears it. */
    @JCStressTest
    @Outcome(id = "false, false, false", expect = FORBIDDEN, desc = "Nobody has it, and he waits for ever.")
    @Outcome(expect = ACCEPTABLE, desc = "Somebody takes it, or the state machine knows.")
    @State
    public static class ReleaseAndWaitAndScan {
        private final Scene scene = new Scene(false);

        @Actor
        public void releaser(ZZZ_Result result) {
            result.r1 = scene.release();
        }

        @Actor
        public void waiter(ZZZ_Result result) {
            result.r2 = scene.getInLine();
        }

        @Actor
        public void scanner(ZZZ_Result result) {
            result.r3 = scene.shelf.tryClaim(SECOND, TimeSource.system()) != null;
        }

        @Arbiter
        public void after(ZZZ_Result result) {
            result.r3 |= scene.signalled;
        }
    }

    /** A connection that was released while somebody looked for one can be found afterwards. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "It is found.")
    @Outcome(expect = FORBIDDEN, desc = "Its bit is lost.")
    @State
    public static class ReleaseAndScan {
        private final Scene scene = new Scene(true);
        private boolean taken;

        @Actor
        public void releaser() {
            scene.release();
        }

        @Actor
        public void scanner() {
            taken = scene.shelf.tryClaim(SECOND, TimeSource.system()) != null;
        }

        @Arbiter
        public void after(Z_Result result) {
            result.r1 = taken || scene.shelf.anyIdle(0) == scene.only;
        }
    }

    /** The pool is closed while its state machine writes the gate. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "The gate is shut.")
    @Outcome(expect = FORBIDDEN, desc = "It was opened again.")
    @State
    public static class BarAndOpen {
        private final Gate gate = new Gate();

        @Actor
        public void closer() {
            gate.bar();
        }

        @Actor
        public void machine() {
            gate.set(3);
            gate.set(0);
        }

        @Arbiter
        public void after(Z_Result result) {
            result.r1 = gate.get() == Gate.BARRED_FOR_GOOD;
        }
    }
}

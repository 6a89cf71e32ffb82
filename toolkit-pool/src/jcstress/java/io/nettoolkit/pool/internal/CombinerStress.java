package io.nettoolkit.pool.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.internal.state.Step;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The way into the section: no event is lost, whoever is inside, and nobody is in there with another. */
public final class CombinerStress {

    private CombinerStress() {}

    /** Counts without any protection of its own. */
    private static final class Scene {
        int applied;
        int performed;
        // Who enters a section that another has emptied finds nothing, and looks at the state for nothing.
        final Combiner combiner = new Combiner(TimeSource.system(), new Step() {}, Runnable::run);

        Step event() {
            return new Step() {
                @Override
                public void apply(long nowNanos) {
                    applied++;
                    combiner.effect(new Step() {
                        @Override
                        public void perform() {
                            synchronized (Scene.this) {
                                performed++;
                            }
                        }
                    });
                }
            };
        }
    }

    /** Three threads have one event each. */
    @JCStressTest
    @Outcome(id = "3, 3", expect = ACCEPTABLE, desc = "Each one was applied, and its effect done.")
    @Outcome(expect = FORBIDDEN, desc = "One was lost.")
    @State
    public static class SubmitAndSubmit {
        private final Scene scene = new Scene();

        @Actor
        public void one() {
            scene.combiner.submit(scene.event());
        }

        @Actor
        public void two() {
            scene.combiner.submit(scene.event());
        }

        @Actor
        public void three() {
            scene.combiner.submit(scene.event());
        }

        @Arbiter
        public void after(II_Result result) {
            result.r1 = scene.applied;
            result.r2 = scene.performed;
        }
    }

    /** What was written before a signal is seen by a look at the state that comes after it. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "The last look sees it.")
    @Outcome(expect = FORBIDDEN, desc = "It was overlooked.")
    @State
    public static class WriteAndSignal {
        private volatile int written;
        private int seen;

        private final Combiner combiner = new Combiner(
                TimeSource.system(),
                new Step() {
                    @Override
                    public void apply(long nowNanos) {
                        seen = written;
                    }
                },
                Runnable::run);

        @Actor
        public void releaser() {
            written = 1;
            combiner.signal();
        }

        @Actor
        public void another() {
            combiner.signal();
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = seen;
        }
    }
}

package io.nettoolkit.pool.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The word of a waiter with a future: delivered, refused or given up, once (I3, I7). */
public final class WaiterStress {

    private WaiterStress() {}

    /** A delivery meets a cancel. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "It has the lease.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "It gave up, and the pool has been told.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    @State
    public static class DeliverAndCancel {
        private final AtomicInteger told = new AtomicInteger();
        private final ToolkitFuture<String> future =
                new ToolkitFuture<>(ImmediateEventExecutor.INSTANCE, told::incrementAndGet);
        private boolean cancelled;

        @Actor
        public void pool(ZZ_Result result) {
            result.r1 = future.succeedLater(ImmediateEventExecutor.INSTANCE, "a lease");
        }

        @Actor
        public void owner() {
            cancelled = future.cancel(false);
        }

        @Arbiter
        public void after(ZZ_Result result) {
            result.r2 = cancelled && future.isCancelled() && told.get() == 1;
        }
    }

    /** A delivery meets a refusal and a cancel. */
    @JCStressTest
    @Outcome(id = "true, false, false", expect = ACCEPTABLE, desc = "Delivered.")
    @Outcome(id = "false, true, false", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE, desc = "Given up.")
    @Outcome(expect = FORBIDDEN, desc = "More than one outcome, or none.")
    @State
    public static class DeliverAndRefuseAndCancel {
        private final ToolkitFuture<String> future = new ToolkitFuture<>(ImmediateEventExecutor.INSTANCE);

        @Actor
        public void deliverer(ZZZ_Result result) {
            result.r1 = future.succeedLater(ImmediateEventExecutor.INSTANCE, "a lease");
        }

        @Actor
        public void refuser(ZZZ_Result result) {
            result.r2 = future.failLater(ImmediateEventExecutor.INSTANCE, new IllegalStateException("refused"));
        }

        @Actor
        public void owner(ZZZ_Result result) {
            result.r3 = future.cancel(false);
        }
    }
}

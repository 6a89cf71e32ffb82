package io.nettoolkit.pool.internal;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Shelf;
import io.nettoolkit.pool.internal.state.Attempt;
import io.nettoolkit.pool.internal.state.Check;
import io.nettoolkit.pool.internal.state.Effects;
import io.nettoolkit.pool.internal.state.HostState;
import io.nettoolkit.pool.internal.state.Member;
import io.nettoolkit.pool.internal.state.Rules;
import io.nettoolkit.pool.internal.state.Step;
import io.nettoolkit.pool.internal.state.Waiter;
import io.nettoolkit.pool.internal.state.WarmUp;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * One connection, and callers that wait for it, give up or run out of time, through the combiner and the state machine: nobody
 * shares it, and it is somebody's or idle. How a wait ends is decided by one word of the waiter. Calls answer nothing: whether a
 * delivery comes before a cancel is for both to find out.
 */
public class WaitersLincheckTest {

    private static final int THREADS = 8;
    private static final long ALL_BITS = -1;
    private static final long LATER_NANOS = Duration.ofDays(1).toNanos();

    private enum Outcome {
        WAITING,
        DELIVERED,
        CANCELLED,
        TIMED_OUT
    }

    private static final class Only extends Member {
        Only() {
            super(0, 0);
        }

        @Override
        public boolean isActive() {
            return true;
        }
    }

    private final class OneWaiter extends Waiter {
        final AtomicReference<Outcome> outcome = new AtomicReference<>(Outcome.WAITING);

        OneWaiter() {
            super(0, LATER_NANOS);
        }

        @Override
        public void apply(long nowNanos) {
            state.acquire(this, nowNanos);
        }

        @Override
        public void perform() {
            if (outcome.compareAndSet(Outcome.WAITING, Outcome.DELIVERED)) {
                hold();
            } else {
                release();
            }
        }
    }

    private final SetTicker ticker = new SetTicker();
    private final TimeSource clock = TimeSource.of(ticker);
    private final Combiner combiner = new Combiner(clock, new Tick(), Runnable::run);
    private final Shelf shelf = new Shelf(new Keeper(), true, -1, new Shelf.Sizes(1, 1, 1));
    private final HostState state;
    private final Only only = new Only();
    private final AtomicInteger holders = new AtomicInteger();
    private final OneWaiter[] waiters = new OneWaiter[THREADS];
    private final boolean[] holds = new boolean[THREADS];

    public WaitersLincheckTest() {
        Rules rules =
                new Rules("test", 8, 1, 0, Backoff.fixed(Duration.ofSeconds(1)), LATER_NANOS, 0, 0, 0, 1, false, 0);
        state = new HostState(rules, 0, 1, shelf, new HostState.Surroundings(new Done(), new SplittableRandom(1)));
        submit(nowNanos -> state.warmUp(new WarmUp(1) {}, nowNanos));
    }

    private void submit(LongConsumer event) {
        combiner.submit(new Step() {
            @Override
            public void apply(long nowNanos) {
                event.accept(nowNanos);
            }
        });
    }

    private void hold() {
        if (holders.incrementAndGet() != 1) {
            throw new IllegalStateException("two holders");
        }
    }

    private void release() {
        only.release(only.generation(), ALL_BITS, 0);
        if (shelf.released(only, 1)) {
            combiner.signal();
        }
    }

    @Operation
    public void acquire(@Param(gen = ThreadIdGen.class) int thread) {
        if (!holds[thread] && waiters[thread] == null) {
            waiters[thread] = new OneWaiter();
            combiner.submit(waiters[thread]);
        }
    }

    /** Gives up, or takes what was delivered; and gives that back. */
    @Operation
    public void end(@Param(gen = ThreadIdGen.class) int thread) {
        leave(thread, Outcome.CANCELLED);
    }

    /** As a thread whose time is over. */
    @Operation
    public void runOut(@Param(gen = ThreadIdGen.class) int thread) {
        leave(thread, Outcome.TIMED_OUT);
    }

    private void leave(int thread, Outcome how) {
        OneWaiter waiter = waiters[thread];
        if (waiter != null) {
            waiters[thread] = null;
            if (waiter.outcome.compareAndSet(Outcome.WAITING, how)) {
                submit(nowNanos -> state.cancel(waiter, nowNanos));
            } else {
                holds[thread] = true;
            }
        }
        giveBack(thread);
    }

    private void giveBack(int thread) {
        if (holds[thread]) {
            holds[thread] = false;
            holders.decrementAndGet();
            release();
        }
    }

    /** With nobody else about, everything has come to rest: the connection is idle, held, or there was nobody to have it. */
    @Operation(runOnce = true, nonParallelGroup = "rest")
    public boolean isConsistent() {
        return only.phase() == Entry.IDLE || only.phase() == Entry.LEASED;
    }

    private final class Tick extends Step {
        @Override
        public void apply(long nowNanos) {
            state.tick(nowNanos);
        }
    }

    private final class Keeper implements Shelf.Keeper {
        @Override
        public void needsCheck(Entry entry) {}

        @Override
        public void signal() {
            combiner.signal();
        }
    }

    /** Connects at once. */
    private final class Done implements Effects {
        @Override
        public boolean tryTakePermit() {
            return true;
        }

        @Override
        public void giveBackPermit() {}

        @Override
        public void wantPermit() {}

        @Override
        public void connect(Attempt attempt, Waiter forWhom) {
            combiner.push(new Step() {
                @Override
                public void apply(long nowNanos) {
                    state.connected(attempt, only, nowNanos);
                }
            });
        }

        @Override
        public void abandon(Attempt attempt) {}

        @Override
        public void deliver(Waiter waiter, Member member, long generation) {
            combiner.effect(waiter);
        }

        @Override
        public void fail(Waiter waiter, Throwable cause) {
            throw new IllegalStateException("nobody fails here", cause);
        }

        @Override
        public void check(Check check) {}

        @Override
        public void screen(List<Member> members, Predicate<? super SocketAddress> avoided) {}

        @Override
        public void close(Member member) {}

        @Override
        public void wakeAt(long nanos) {}

        @Override
        public void opened(Member member, Duration elapsed) {}

        @Override
        public void connectFailed(Throwable cause, Duration elapsed) {}

        @Override
        public void closed(Member member, CloseCause cause, Throwable failure) {}

        @Override
        public void down(Throwable cause) {}

        @Override
        public void up() {}

        @Override
        public void warmed(WarmUp warmUp, int open, Throwable failure) {}

        @Override
        public void drained(DrainReport report) {}
    }

    @Test
    void holdsWhereverThreadsSwitch() {
        new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(30)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1)
                .check(getClass());
    }
}

package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every order in which two callers and the world around them can take four steps each: 34,650 per combination. A release is two
 * steps, the swap of the word and the look at the gate, so that everything can happen between them.
 *
 * <p>Always: nobody shares a connection, no bound is passed, each permit is with a connect or a connection, an idle connection
 * and a waiter do not stand side by side longer than a releaser's second step. In the end: everybody has an outcome, and a pool
 * that is closed has nothing left.
 */
class HostStateExplorationTest {

    private enum Do {
        ACQUIRE,
        TRY_ACQUIRE,
        /** The word of what it has. */
        SWAP,
        /** The gate. */
        FINISH,
        DISCARD,
        CANCEL,
        /** Gives up without having told the machine, which a delivery may meet. */
        GIVE_UP,
        CONNECTED,
        CONNECT_FAILED,
        CHANNEL_CLOSED,
        PEER_CLOSED,
        CHECKED,
        LATER,
        RETIRE,
        SUSPEND,
        RESUME,
        SHRINK,
        GROW,
        CLOSE
    }

    private static List<Do> steps(Do... steps) {
        return Arrays.asList(steps);
    }

    private static final List<List<Do>> CALLERS = List.of(
            steps(Do.ACQUIRE, Do.SWAP, Do.FINISH, Do.ACQUIRE),
            steps(Do.ACQUIRE, Do.CANCEL, Do.ACQUIRE, Do.DISCARD),
            steps(Do.ACQUIRE, Do.GIVE_UP, Do.CANCEL, Do.TRY_ACQUIRE));

    private static final List<List<Do>> WORLDS = List.of(
            steps(Do.CONNECTED, Do.PEER_CLOSED, Do.CHANNEL_CLOSED, Do.CONNECTED),
            steps(Do.CONNECT_FAILED, Do.LATER, Do.CONNECTED, Do.CONNECTED),
            steps(Do.CONNECTED, Do.RETIRE, Do.CHANNEL_CLOSED, Do.CONNECTED),
            steps(Do.CONNECTED, Do.SUSPEND, Do.RESUME, Do.CONNECTED),
            steps(Do.CONNECTED, Do.CONNECTED, Do.SHRINK, Do.GROW),
            steps(Do.CONNECTED, Do.LATER, Do.CHECKED, Do.CHANNEL_CLOSED),
            steps(Do.CONNECTED, Do.CLOSE, Do.CONNECTED, Do.CHANNEL_CLOSED));

    static Stream<Arguments> combinations() {
        return Stream.concat(
                WORLDS.stream().map(world -> Arguments.of(CALLERS.get(0), CALLERS.get(1), world)),
                Stream.of(WORLDS.get(1), WORLDS.get(6))
                        .map(world -> Arguments.of(CALLERS.get(0), CALLERS.get(2), world)));
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void holdsWhateverTheOrder(List<Do> first, List<Do> second, List<Do> world) {
        explore(List.of(first, second, world), new int[3], new ArrayDeque<>());
    }

    private static void explore(List<List<Do>> scripts, int[] done, Deque<Integer> order) {
        boolean isLeaf = true;
        for (int actor = 0; actor < scripts.size(); actor++) {
            if (done[actor] < scripts.get(actor).size()) {
                isLeaf = false;
                done[actor]++;
                order.addLast(actor);
                explore(scripts, done, order);
                order.removeLast();
                done[actor]--;
            }
        }
        if (isLeaf) {
            try {
                new World().run(scripts, order);
            } catch (Throwable failure) {
                throw new AssertionError("in the order " + order + " of " + scripts, failure);
            }
        }
    }

    private static final class Caller {
        FakeWaiter waiter;
        FakeMember holds;
        FakeMember swapped;
        End end;
    }

    private static final class World {

        private final Rig rig;
        private final List<Caller> callers = List.of(new Caller(), new Caller());
        private int maxSize = 1;

        World() {
            Options options = new Options();
            options.maxSize = maxSize;
            options.validateAfter = Duration.ofMillis(500);
            options.backoff = Backoff.fixed(Duration.ofMillis(50));
            rig = new Rig(options);
        }

        void run(List<List<Do>> scripts, Iterable<Integer> order) {
            int[] at = new int[scripts.size()];
            for (int actor : order) {
                Do step = scripts.get(actor).get(at[actor]++);
                if (actor < callers.size()) {
                    step(callers.get(actor), step);
                } else {
                    step(step);
                }
                collect();
                check();
            }
            finish();
        }

        private void step(Caller caller, Do step) {
            switch (step) {
                case ACQUIRE -> {
                    if (caller.holds == null && (caller.waiter == null || caller.waiter.isDecided())) {
                        caller.waiter = rig.acquire(Duration.ofHours(1));
                    }
                }
                case TRY_ACQUIRE -> {
                    if (caller.holds == null) {
                        caller.holds = rig.tryAcquire();
                    }
                }
                case SWAP -> {
                    if (caller.holds != null) {
                        caller.swapped = caller.holds;
                        caller.holds = null;
                        caller.end = rig.swapToIdle(caller.swapped, caller.swapped.generation());
                    }
                }
                case FINISH -> finishRelease(caller);
                case DISCARD -> {
                    if (caller.holds != null) {
                        FakeMember held = caller.holds;
                        caller.holds = null;
                        rig.discard(held);
                    }
                }
                case GIVE_UP -> {
                    if (caller.waiter != null && caller.waiter.outcomes == 0) {
                        caller.waiter.gaveUp = true;
                    }
                }
                case CANCEL -> {
                    if (caller.waiter != null && caller.holds == null) {
                        rig.cancel(caller.waiter);
                    }
                }
                default -> throw new IllegalArgumentException(step + " is no step of a caller");
            }
        }

        private void finishRelease(Caller caller) {
            if (caller.swapped != null) {
                FakeMember swapped = caller.swapped;
                caller.swapped = null;
                rig.finishRelease(swapped, caller.end);
            }
        }

        private void step(Do step) {
            switch (step) {
                case CONNECTED -> {
                    if (!rig.connecting.isEmpty()) {
                        rig.connectOk();
                    }
                }
                case CONNECT_FAILED -> {
                    if (!rig.connecting.isEmpty()) {
                        rig.connectFail();
                    }
                }
                case CHANNEL_CLOSED -> {
                    if (!rig.closing.isEmpty()) {
                        rig.closed(rig.closing.peek());
                    }
                }
                case PEER_CLOSED -> {
                    if (!rig.open.isEmpty()) {
                        rig.closed(rig.open.get(0));
                    }
                }
                case CHECKED -> {
                    if (!rig.checks.isEmpty()) {
                        rig.check(true);
                    }
                }
                case LATER -> rig.advance(Duration.ofSeconds(1));
                case RETIRE -> rig.event(nowNanos -> rig.state.retire(null, null, nowNanos));
                case SUSPEND -> rig.event(rig.state::suspend);
                case RESUME -> rig.event(rig.state::resume);
                case SHRINK -> resize(1);
                case GROW -> resize(2);
                case CLOSE ->
                    rig.event(nowNanos -> rig.state.close(Duration.ofHours(1).toNanos(), nowNanos));
                default -> throw new IllegalArgumentException(step + " is no step of the world");
            }
        }

        private void resize(int size) {
            maxSize = size;
            rig.event(nowNanos -> rig.state.resize(0, size, nowNanos));
        }

        /** Deliveries reach their callers. */
        private void collect() {
            for (Caller caller : callers) {
                if (caller.waiter != null && caller.waiter.got != null) {
                    Rig.must(caller.holds == null, "a delivery to one that has a connection");
                    caller.holds = caller.waiter.got;
                    caller.waiter.got = null;
                }
            }
        }

        private void check() {
            Caller one = callers.get(0);
            Caller two = callers.get(1);
            Rig.must(one.holds == null || one.holds != two.holds, "one connection, two holders");
            Rig.must(rig.total() <= 2, "more connections than allowed: " + rig.total());
            Rig.must(
                    rig.takenPermits == rig.total(),
                    rig.takenPermits + " permits taken for " + rig.total() + " connections");
            Rig.must(rig.connecting.size() == rig.state.snapshot().connecting(), "connects in the snapshot");
            boolean isBetweenSteps = one.swapped != null || two.swapped != null;
            if (rig.shelf.waiting() > 0 && !isBetweenSteps) {
                for (Member member : rig.state.snapshot().members()) {
                    Rig.must(
                            member.phase() != Entry.IDLE || !member.isActive(),
                            "somebody waits beside an idle connection: " + member);
                }
            }
        }

        private void finish() {
            for (int i = 0; i < 40 && !isQuiet(); i++) {
                for (Caller caller : callers) {
                    finishRelease(caller);
                    if (caller.holds != null) {
                        rig.release(caller.holds);
                        caller.holds = null;
                    }
                    if (caller.waiter != null && caller.waiter.gaveUp) {
                        rig.cancel(caller.waiter);
                    }
                    collect();
                }
                while (!rig.connecting.isEmpty()) {
                    rig.connectOk();
                    collect();
                }
                while (!rig.checks.isEmpty()) {
                    rig.check(true);
                    collect();
                }
                rig.finishCloses();
                collect();
                check();
                rig.advance(Duration.ofSeconds(1));
                collect();
            }
            for (Caller caller : callers) {
                Rig.must(caller.waiter == null || caller.waiter.isDecided(), "a waiter without an outcome");
            }
            rig.event(nowNanos -> rig.state.close(0, nowNanos));
            rig.finishCloses();
            Rig.must(rig.drained != null, "not drained");
            Rig.must(rig.takenPermits == 0, "permits left: " + rig.takenPermits);
            Rig.must(rig.total() == 0 && rig.shelf.waiting() == 0, "something is left");
        }

        private boolean isQuiet() {
            boolean quiet = rig.connecting.isEmpty() && rig.checks.isEmpty() && rig.closing.isEmpty();
            for (Caller caller : callers) {
                quiet &= caller.holds == null && caller.swapped == null;
                quiet &= caller.waiter == null || caller.waiter.isDecided();
            }
            return quiet;
        }
    }
}

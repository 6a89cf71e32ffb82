package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Callers on event loops, where barging is allowed: connections of a loop go to that loop's callers first. */
class BargingTest {

    private static final long FIRST_LOOP = 11;
    private static final long SECOND_LOOP = 12;
    private static final int PATIENCE = 4;

    private final List<FakeMember> held = new ArrayList<>();

    /** With connections of these loops, all of them leased. */
    private Rig rig(long... loops) {
        Options options = new Options();
        options.maxSize = loops.length;
        options.maxPending = Integer.MAX_VALUE;
        options.fair = false;
        Rig rig = new Rig(options);
        for (long loop : loops) {
            rig.acquire();
            held.add(rig.connectOn(loop));
        }
        return rig;
    }

    @Test
    void handsAConnectionToWhoWaitsOnItsEventLoop() {
        Rig rig = rig(FIRST_LOOP, SECOND_LOOP);
        FakeWaiter first = rig.acquireOn(FIRST_LOOP);
        FakeWaiter nowhere = rig.acquireOn(0);
        FakeWaiter second = rig.acquireOn(SECOND_LOOP);

        rig.release(held.get(1));
        assertThat(second.got).isSameAs(held.get(1));
        rig.release(held.get(1));
        assertThat(first.got).as("in its turn, where nobody is of that loop").isSameAs(held.get(1));
        rig.release(held.get(0));
        assertThat(nowhere.got).isSameAs(held.get(0));
    }

    @Test
    void passesOverTheFirstInLineFourTimes() {
        Rig rig = rig(FIRST_LOOP, SECOND_LOOP);
        FakeWaiter first = rig.acquireOn(FIRST_LOOP);
        FakeWaiter next = rig.acquireOn(FIRST_LOOP);
        List<FakeWaiter> others = new ArrayList<>();
        for (int i = 0; i < 2 * PATIENCE + 1; i++) {
            others.add(rig.acquireOn(SECOND_LOOP));
        }

        for (int i = 0; i < PATIENCE; i++) {
            rig.release(held.get(1));
        }
        assertThat(first.got).isNull();
        rig.release(held.get(1));
        assertThat(first.got).isSameAs(held.get(1));
        for (int i = 0; i < PATIENCE; i++) {
            rig.release(held.get(1));
        }
        assertThat(next.got).isNull();
        assertThat(others.get(2 * PATIENCE - 1).got).isSameAs(held.get(1));
        rig.release(held.get(1));
        assertThat(next.got).isSameAs(held.get(1));
        assertThat(others.get(2 * PATIENCE).got).isNull();
    }

    @Test
    void handsANewConnectionToTheFirstInLine() {
        Options options = new Options();
        options.maxSize = 2;
        options.fair = false;
        Rig rig = new Rig(options);
        rig.acquire();
        held.add(rig.connectOn(SECOND_LOOP));
        FakeWaiter first = rig.acquireOn(FIRST_LOOP);
        FakeWaiter second = rig.acquireOn(SECOND_LOOP);

        FakeMember opened = rig.connectOn(SECOND_LOOP);

        assertThat(first.got).isSameAs(opened);
        rig.release(held.get(0));
        assertThat(second.got).isSameAs(held.get(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void agreesWithAModel(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Rig rig = rig(FIRST_LOOP, SECOND_LOOP, 0);
        List<FakeWaiter> line = new ArrayList<>();
        Map<FakeWaiter, Integer> passedOver = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String context = "seed " + seed + ", step " + i;
            int dice = random.nextInt(10);
            if (line.isEmpty() || dice < 5) {
                long loop = random.nextInt(3) == 0 ? 0 : random.nextLong(FIRST_LOOP, SECOND_LOOP + 1);
                line.add(rig.acquireOn(loop));
            } else if (dice < 6) {
                rig.cancel(line.remove(random.nextInt(line.size())));
            } else {
                FakeMember free = held.get(random.nextInt(held.size()));
                FakeWaiter expected = expected(line, passedOver, free);
                line.remove(expected);
                rig.release(free);
                assertThat(expected.got).as(context).isSameAs(free);
            }
            assertThat(rig.shelf.waiting()).as(context).isEqualTo(line.size());
        }
    }

    private static FakeWaiter expected(List<FakeWaiter> line, Map<FakeWaiter, Integer> passedOver, FakeMember free) {
        FakeWaiter first = line.get(0);
        if (passedOver.getOrDefault(first, 0) == PATIENCE || free.loopThread() == 0) {
            return first;
        }
        for (FakeWaiter waiter : line) {
            if (waiter.loopThread == free.loopThread()) {
                if (waiter != first) {
                    passedOver.merge(first, 1, Integer::sum);
                }
                return waiter;
            }
        }
        return first;
    }
}

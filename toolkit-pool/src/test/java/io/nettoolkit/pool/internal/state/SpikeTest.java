package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

/**
 * A burst over a pool that connects slowly: 5 idle connections, 50 requests at once, 150 ms to connect, 2 ms of use. Pools that
 * connect for each waiter end with 40 to 45 connections (HikariCP's "Welcome to the jungle").
 */
class SpikeTest {

    private static final long CONNECT_NANOS = Duration.ofMillis(150).toNanos();
    private static final long USE_NANOS = Duration.ofMillis(2).toNanos();

    private record Task(long atNanos, Runnable what) {}

    @Test
    void opensTwoConnectionsForABurstThatIsOverBeforeTheyAreOpen() {
        Options options = new Options();
        options.maxSize = 50;
        options.maxPending = 100;
        Rig rig = new Rig(options);
        rig.warmUp(5);
        while (!rig.connecting.isEmpty()) {
            rig.connectOk();
        }
        long start = rig.now;

        List<FakeWaiter> requests = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            requests.add(rig.acquire());
        }
        long lastServed = play(rig, requests);

        assertThat(rig.total()).isLessThanOrEqualTo(7);
        assertThat(Duration.ofNanos(lastServed - start)).isLessThanOrEqualTo(Duration.ofMillis(25));
    }

    /** Uses what is delivered and opens what is to be connected, each in its time; answers when the last request was served. */
    private static long play(Rig rig, List<FakeWaiter> requests) {
        PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::atNanos));
        int seen = 0;
        List<Attempt> begun = new ArrayList<>();
        long lastServed = rig.now;
        for (; ; ) {
            for (; seen < rig.delivered.size(); seen++) {
                FakeMember member = rig.delivered.get(seen).got;
                lastServed = rig.now;
                tasks.add(new Task(rig.now + USE_NANOS, () -> rig.release(member)));
            }
            for (Attempt attempt : rig.connecting) {
                if (!begun.contains(attempt)) {
                    begun.add(attempt);
                    tasks.add(new Task(rig.now + CONNECT_NANOS, () -> rig.connectOk(attempt)));
                }
            }
            Task next = tasks.poll();
            if (next == null) {
                assertThat(requests).allMatch(request -> request.got != null);
                return lastServed;
            }
            rig.now = next.atNanos();
            next.what().run();
        }
    }
}

package io.nettoolkit.udp.internal.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineHeapTest {

    /** Also around the end of the number range, which a clock may pass. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 500})
    @SuppressWarnings("NullAway") // no port is needed to stand in a heap
    void givesTheSoonestHoweverTheyAreMovedAndTakenOut(long origin) {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            DeadlineHeap heap = new DeadlineHeap();
            List<Link> in = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (in.isEmpty() || random.nextInt(3) == 0) {
                    Link link = new Link(null, null);
                    heap.set(link, origin + random.nextInt(1000));
                    in.add(link);
                } else if (random.nextBoolean()) {
                    heap.set(in.get(random.nextInt(in.size())), origin + random.nextInt(1000));
                } else {
                    Link gone = in.remove(random.nextInt(in.size()));
                    heap.remove(gone);
                    heap.remove(gone);
                    assertThat(gone.heapIndex).isEqualTo(-1);
                }
                Link soonest = in.stream()
                        .min(Comparator.comparingLong(link -> link.deadlineNanos - origin))
                        .orElse(null);
                Link first = heap.first();
                assertThat(first == null ? -1 : first.deadlineNanos)
                        .as("seed %d, step %d", seed, step)
                        .isEqualTo(soonest == null ? -1 : soonest.deadlineNanos);
            }
        }
    }
}

package io.nettoolkit.udp.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.internal.wire.Frames;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ReceiveQueueTest {

    @Test
    void agreesWithASetWhateverTheOrder() {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ReceiveQueue queue = new ReceiveQueue(new ReceiveChannel(0, new ReceiveWindow(1000)), Frames.UNORDERED);
            TreeSet<Long> done = new TreeSet<>();
            long firstMissing = 0;
            for (int step = 0; step < 60; step++) {
                long sequence = firstMissing + random.nextLong(random.nextBoolean() ? 1 : 20);
                if (done.add(sequence)) {
                    queue.setDone(sequence);
                }
                while (done.contains(firstMissing)) {
                    firstMissing++;
                }
                if (random.nextInt(10) == 0) {
                    queue.rest();
                }
                assertThat(queue.firstMissing())
                        .as("seed %s, step %s", seed, step)
                        .isEqualTo(firstMissing);
                for (long number = 0; number < firstMissing + 25; number++) {
                    assertThat(queue.isDone(number))
                            .as("seed %s, step %s: %s", seed, step, number)
                            .isEqualTo(done.contains(number));
                }
            }
        }
    }
}

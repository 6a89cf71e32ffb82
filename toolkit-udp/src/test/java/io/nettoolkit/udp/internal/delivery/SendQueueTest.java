package io.nettoolkit.udp.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.internal.wire.Frames;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SendQueueTest {

    private final SendQueue queue = new SendChannel(1000).queue(Frames.ORDERED);

    private static List<OutMessage> waiting(SendQueue queue) {
        List<OutMessage> found = new ArrayList<>();
        OutMessage before = null;
        for (OutMessage m = queue.head; m != null; m = m.next) {
            assertThat(m.previous).isSameAs(before);
            found.add(m);
            before = m;
        }
        assertThat(queue.tail).isSameAs(before);
        return found;
    }

    private static List<OutMessage> unsettled(SendQueue queue) {
        List<OutMessage> found = new ArrayList<>();
        OutMessage before = null;
        for (OutMessage m = queue.firstUnsettled; m != null; m = m.nextUnsettled) {
            assertThat(m.previousUnsettled).isSameAs(before);
            found.add(m);
            before = m;
        }
        assertThat(queue.lastUnsettled).isSameAs(before);
        return found;
    }

    @Test
    void agreesWithTwoListsWhateverHappens() {
        for (long seed = 1; seed <= 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<OutMessage> waiting = new ArrayList<>();
            List<OutMessage> unsettled = new ArrayList<>();
            SendQueue queue = new SendChannel(1000).queue(Frames.ORDERED);
            for (int step = 0; step < 200; step++) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        OutMessage message = new OutMessage();
                        queue.append(message);
                        waiting.add(message);
                        assertThat(message.inQueue).isTrue();
                        assertThat(message.queue).isSameAs(queue);
                    }
                    case 1 -> {
                        if (!waiting.isEmpty()) {
                            OutMessage removed = waiting.remove(random.nextInt(waiting.size()));
                            queue.remove(removed);
                            assertThat(removed.inQueue).isFalse();
                            assertThat(removed.next).isNull();
                            assertThat(removed.previous).isNull();
                        }
                    }
                    case 2 -> {
                        OutMessage message = new OutMessage();
                        queue.begin(message);
                        unsettled.add(message);
                        assertThat(message.state).isEqualTo(OutMessage.BEGUN);
                    }
                    default -> {
                        if (!unsettled.isEmpty()) {
                            OutMessage settled = unsettled.remove(random.nextInt(unsettled.size()));
                            queue.settle(settled);
                            assertThat(settled.nextUnsettled).isNull();
                            assertThat(settled.previousUnsettled).isNull();
                        }
                    }
                }
                assertThat(waiting(queue)).as("seed %s, step %s", seed, step).isEqualTo(waiting);
                assertThat(unsettled(queue)).as("seed %s, step %s", seed, step).isEqualTo(unsettled);
                long spread = unsettled.isEmpty() ? 0 : queue.nextSequence - unsettled.get(0).sequence;
                assertThat(queue.spread()).isEqualTo(spread);
            }
        }
    }

    @Test
    void numbersWhatIsBegun() {
        OutMessage first = new OutMessage();
        OutMessage second = new OutMessage();
        queue.begin(first);
        queue.begin(second);
        assertThat(first.sequence).isZero();
        assertThat(second.sequence).isEqualTo(1);
        assertThat(queue.nextSequence).isEqualTo(2);
        queue.settle(first);
        assertThat(queue.spread()).isEqualTo(1);
    }
}

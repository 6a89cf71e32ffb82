package io.nettoolkit.pool.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaiterLineTest {

    private static Waiter waiter(long deadlineNanos) {
        return new Waiter(0, deadlineNanos) {};
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void keepsTheOrdersOfComingAndOfDeadlines(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        WaiterLine line = new WaiterLine(4);
        List<Waiter> model = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (model.isEmpty() || random.nextInt(100) < (i < 10_000 ? 52 : 48)) {
                Waiter waiter = waiter(random.nextLong(1_000_000));
                line.add(waiter);
                model.add(waiter);
            } else {
                int at = random.nextInt(3) > 0 ? 0 : random.nextInt(model.size());
                Waiter leaves = model.remove(at);
                assertThat(line.remove(leaves)).isTrue();
                assertThat(line.remove(leaves)).isFalse();
            }
            String context = "seed " + seed + ", step " + i;
            assertThat(line.size()).as(context).isEqualTo(model.size());
            assertThat(line.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(line.first()).as(context).isSameAs(model.isEmpty() ? null : model.get(0));
            if (!model.isEmpty()) {
                long soonest = model.stream()
                        .min(Comparator.comparingLong(Waiter::deadlineNanos))
                        .get()
                        .deadlineNanos();
                assertThat(line.nextToExpire().deadlineNanos()).as(context).isEqualTo(soonest);
            }
        }
    }

    @Test
    void looksBehindTheFirst() {
        WaiterLine line = new WaiterLine(4);
        List<Waiter> three = List.of(waiter(3), waiter(2), waiter(1));
        three.forEach(line::add);
        assertThat(line.behind(0)).isSameAs(three.get(0));
        assertThat(line.behind(2)).isSameAs(three.get(2));
        assertThat(line.behind(3)).isNull();
        line.remove(three.get(1));
        assertThat(line.behind(1)).isSameAs(three.get(2));
    }

    @Test
    void knowsNoWaiterThatNeverCame() {
        WaiterLine line = new WaiterLine(4);
        assertThat(line.remove(waiter(1))).isFalse();
        assertThat(line.first()).isNull();
        assertThat(line.nextToExpire()).isNull();
    }
}

package io.nettoolkit.resilience.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests of {@link StripedCounters}. */
class StripedCountersTest {

    private static final int ADDS = 200_000;

    private final StripedCounters counters = new StripedCounters(3);

    @Test
    void losesNothingWhenMoreThreadsAddThanThereAreStripes() throws InterruptedException {
        addFrom(Stripe.COUNT * 3);

        assertThat(counters.sum(0)).isEqualTo(Stripe.COUNT * 3L * ADDS);
        assertThat(counters.sum(1)).isEqualTo(Stripe.COUNT * 3L * ADDS * 5);
        assertThat(counters.sum(2)).isZero();
    }

    @Test
    void countsOnWhenTheThreadsThatHadTheStripesAreGone() throws InterruptedException {
        addFrom(Stripe.COUNT * 2);
        addFrom(Stripe.COUNT * 2);

        assertThat(counters.sum(0)).isEqualTo(Stripe.COUNT * 4L * ADDS);
    }

    @Test
    void takesBackWhatAnotherThreadAdded() throws InterruptedException {
        Thread other = new Thread(() -> counters.add(0, 7));
        other.start();
        other.join();

        counters.add(0, -3);

        assertThat(counters.sum(0)).isEqualTo(4);
    }

    @Test
    void refusesCountersThatItDoesNotHave() {
        assertThatThrownBy(() -> counters.sum(3))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("counter: 3 (must be below 3)");
        assertThatThrownBy(() -> new StripedCounters(17))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("counters: 17 (must be 1 to 16)");
    }

    private void addFrom(int threads) throws InterruptedException {
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                for (int add = 0; add < ADDS; add++) {
                    counters.increment(0);
                    counters.add(1, 5);
                }
            });
            thread.start();
            running.add(thread);
        }
        for (Thread thread : running) {
            thread.join();
        }
    }
}

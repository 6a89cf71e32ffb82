package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {

    private final ManualTime time = ManualTime.create();
    private final TimeSource clock = TimeSource.of(time.ticker());

    @AfterEach
    void close() {
        time.close();
    }

    private RetryBudget.Builder budget() {
        return RetryBudget.builder().minPerSecond(0).timeSource(clock);
    }

    private static int withdrawAll(RetryBudget budget) {
        int withdrawn = 0;
        while (budget.tryWithdraw()) {
            withdrawn++;
        }
        return withdrawn;
    }

    private static void deposit(RetryBudget budget, int calls) {
        for (int i = 0; i < calls; i++) {
            budget.deposit();
        }
    }

    @Test
    void fiveCallsPayForOneRetry() {
        RetryBudget budget = budget().build();

        deposit(budget, 4);
        assertThat(budget.tryWithdraw()).isFalse();
        deposit(budget, 1);
        assertThat(budget.tryWithdraw()).isTrue();
        assertThat(budget.tryWithdraw()).isFalse();
        deposit(budget, 1_000);
        assertThat(withdrawAll(budget)).isEqualTo(200);
        assertThat(budget.stats().withdrawn()).isEqualTo(201);
    }

    @Test
    void oddRatiosAreKeptInThousandths() {
        RetryBudget budget = budget().ratio(0.333).build();

        deposit(budget, 10_000);
        assertThat(withdrawAll(budget)).isEqualTo(3_330);
    }

    @Test
    void aDepositLivesForHalfToOneTimeToLive() {
        RetryBudget budget = budget().ratio(1).ttl(Duration.ofSeconds(10)).build();

        deposit(budget, 3);
        time.advance(Duration.ofSeconds(9));
        assertThat(budget.tryWithdraw()).isTrue();
        time.advance(Duration.ofSeconds(1));
        assertThat(budget.tryWithdraw()).isFalse();

        time.advance(Duration.ofSeconds(4));
        deposit(budget, 3);
        time.advance(Duration.ofSeconds(5));
        assertThat(budget.tryWithdraw()).isTrue();
        time.advance(Duration.ofSeconds(1));
        assertThat(budget.tryWithdraw()).isFalse();
    }

    @Test
    void thereIsAFloorHoweverFewCallsThereAre() {
        RetryBudget budget =
                budget().minPerSecond(10).ttl(Duration.ofSeconds(10)).build();

        assertThat(withdrawAll(budget)).isEqualTo(50);
        time.advance(Duration.ofSeconds(5));
        assertThat(withdrawAll(budget)).isEqualTo(50);
        // What was not used while nobody came does not add up.
        time.advance(Duration.ofDays(3));
        assertThat(withdrawAll(budget)).isEqualTo(100);
    }

    @Test
    void aBalanceThatIsFullTakesNoMore() {
        RetryBudget budget = budget().ratio(0.999).build();

        deposit(budget, 20_000);
        // 2^24 units at 1,000 a retry.
        assertThat(withdrawAll(budget)).isBetween(16_700, 16_777);
    }

    @Test
    void aRefusalChangesNothing() {
        RetryBudget budget = budget().build();
        deposit(budget, 4);

        for (int i = 0; i < 1_000; i++) {
            assertThat(budget.tryWithdraw()).isFalse();
        }
        budget.deposit();
        assertThat(budget.tryWithdraw()).isTrue();
        assertThat(budget.stats()).isEqualTo(new RetryBudget.Stats(0, 1, 1_000));
    }

    /** For every interval between two events of a random run. */
    @Test
    void retriesStayBelowTheLawInEveryInterval() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            double ratio = (1 + random.nextInt(1000)) / 1000.0;
            int floor = random.nextBoolean() ? 0 : random.nextInt(20);
            Duration ttl = Duration.ofMillis(100 + random.nextInt(5_000));
            RetryBudget budget = RetryBudget.builder()
                    .ratio(ratio)
                    .minPerSecond(floor)
                    .ttl(ttl)
                    .timeSource(clock)
                    .build();
            List<Long> calls = new ArrayList<>();
            List<Long> retries = new ArrayList<>();
            for (int event = 0; event < 300; event++) {
                time.advance(Duration.ofMillis(random.nextInt(20) == 0 ? random.nextInt(4_000) : random.nextInt(60)));
                for (int i = random.nextInt(8); i > 0; i--) {
                    budget.deposit();
                    calls.add(time.nanoTime());
                }
                for (int i = random.nextInt(6); i > 0; i--) {
                    if (budget.tryWithdraw()) {
                        retries.add(time.nanoTime());
                    }
                }
            }
            for (int from = 0; from < retries.size(); from++) {
                for (int to = from; to < retries.size(); to++) {
                    long begin = retries.get(from);
                    long end = retries.get(to);
                    int paying = between(calls, begin - ttl.toNanos(), end);
                    double allowed = ratio * paying + floor * ((end - begin) + 1.5 * ttl.toNanos()) / 1e9;
                    assertThat((double) (to - from + 1))
                            .as("seed %d, retries %d to %d", seed, from, to)
                            .isLessThanOrEqualTo(allowed + 1e-6);
                }
            }
        }
    }

    private static int between(List<Long> sorted, long from, long to) {
        return firstAtLeast(sorted, to + 1) - firstAtLeast(sorted, from);
    }

    private static int firstAtLeast(List<Long> sorted, long value) {
        int low = 0;
        int high = sorted.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted.get(middle) < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryBudget.builder().ratio(0))
                .withMessage("ratio: 0.0 (must be 0.001 to 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryBudget.builder().ratio(Double.NaN))
                .withMessageStartingWith("ratio: NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryBudget.builder().minPerSecond(-1))
                .withMessage("minPerSecond: -1 (must be 0 to 1000)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryBudget.builder().ttl(Duration.ofMillis(99)))
                .withMessage("ttl: PT0.099S (must be 100 ms to 1 h)");
        assertThat(budget().name("peer").build().toString()).contains("peer", "ratio=0.2", "ttl=PT10S");
    }
}

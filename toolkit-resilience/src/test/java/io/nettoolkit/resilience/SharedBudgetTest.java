package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One budget bounds the extra load of all who share it, by the number of calls and not of attempts. */
@ExtendWith(LeakCheck.class)
class SharedBudgetTest {

    private static final double RATIO = 0.2;

    private final CallRig rig = new CallRig();
    private int attempts;

    @AfterEach
    void close() {
        rig.close();
    }

    /** Nothing in it is void before the test is over. */
    private RetryBudget budget(double ratio) {
        return RetryBudget.builder()
                .ratio(ratio)
                .minPerSecond(0)
                .ttl(Duration.ofHours(1))
                .timeSource(rig.clock)
                .build();
    }

    private Retry retry(RetryBudget budget) {
        return Retry.builder()
                .maxAttempts(10)
                .backoff(Backoff.fixed(Duration.ofMillis(1)))
                .budget(budget)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking)
                .build();
    }

    private Hedge hedge(RetryBudget budget) {
        return Hedge.builder()
                .quantile(0.5)
                .budget(budget)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .build();
    }

    private Pipeline.Builder pipeline() {
        return Pipeline.builder().timeSource(rig.clock).scheduler(rig.loop).asyncOnly();
    }

    enum Order {
        RETRY_OUTSIDE {
            @Override
            Pipeline of(Pipeline.Builder builder, Retry retry, Hedge hedge) {
                return builder.retry(retry).hedge(hedge).build();
            }
        },
        HEDGE_OUTSIDE {
            @Override
            Pipeline of(Pipeline.Builder builder, Retry retry, Hedge hedge) {
                return builder.anyOrder().hedge(hedge).retry(retry).build();
            }
        };

        abstract Pipeline of(Pipeline.Builder builder, Retry retry, Hedge hedge);
    }

    private CompletionStage<String> attempt(long millis, boolean fails) {
        attempts++;
        CompletableFuture<String> stage = new CompletableFuture<>();
        rig.loop.schedule(
                () -> fails ? stage.completeExceptionally(new IOException("peer")) : stage.complete("peer"),
                millis,
                TimeUnit.MILLISECONDS);
        return stage;
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatFailsEverybodyGetsTheShareOfItsCallsAndNoMore(Order order) {
        RetryBudget budget = budget(RATIO);
        Pipeline pipeline = order.of(pipeline(), retry(budget), hedge(budget));

        for (int call = 0; call < 500; call++) {
            pipeline.executeAsync(() -> attempt(1, true));
            rig.advance(100);
        }

        assertThat(attempts).isEqualTo(600);
    }

    @ParameterizedTest
    @EnumSource
    void retriesAndHedgesTogetherStayWithinTheShare(Order order) {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            RetryBudget budget = budget(RATIO);
            Retry retry = retry(budget);
            Hedge hedge = hedge(budget);
            Pipeline pipeline = order.of(pipeline(), retry, hedge);
            attempts = 0;
            int calls = 400;
            for (int call = 1; call <= calls; call++) {
                pipeline.executeAsync(
                        () -> attempt(random.nextInt(4) == 0 ? 60 : 1 + random.nextInt(10), random.nextInt(4) == 0));
                rig.advance(random.nextInt(30));
                assertThat(attempts - call)
                        .as("seed %d, extra attempts in %d calls", seed, call)
                        .isLessThanOrEqualTo((int) (RATIO * call + 1e-9));
            }
            rig.advance(1_000);

            assertThat(attempts - calls)
                    .as("seed %d", seed)
                    .isEqualTo(retry.stats().retries() + hedge.stats().hedges());
            assertThat(retry.stats().retries()).as("seed %d", seed).isPositive();
            assertThat(hedge.stats().hedges()).as("seed %d", seed).isPositive();
        }
    }

    @Test
    void whoeverIsAloneWithABudgetPaysItselfOncePerCall() throws Exception {
        RetryBudget budget = budget(1);
        Retry retry = retry(budget);
        Hedge hedge = hedge(budget);
        Stream<CompletableFuture<String>> calls = Stream.of(
                retry.executeAsync(() -> attempt(1, false)),
                hedge.executeAsync(() -> attempt(1, false)),
                pipeline().retry(retry).build().executeAsync(() -> attempt(1, false)),
                pipeline().hedge(hedge).build().executeAsync(() -> attempt(1, false)),
                CompletableFuture.completedFuture(retry.<String>execute(() -> "peer")));
        rig.advance(1);

        assertThat(calls).allMatch(call -> call.join().equals("peer"));
        assertThat(budget.stats().available()).isEqualTo(5);
    }

    @Test
    void budgetsOfTheirOwnAreAllPaid() {
        RetryBudget retries = budget(1);
        RetryBudget hedges = budget(1);
        Pipeline pipeline =
                pipeline().retry(retry(retries)).hedge(hedge(hedges)).build();

        pipeline.executeAsync(() -> attempt(1, false));
        rig.advance(1);

        assertThat(retries.stats().available()).isEqualTo(1);
        assertThat(hedges.stats().available()).isEqualTo(1);
    }
}

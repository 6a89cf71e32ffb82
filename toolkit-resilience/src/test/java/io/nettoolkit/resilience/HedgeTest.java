package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class HedgeTest {

    private final CallRig rig = new CallRig();
    private final List<CompletableFuture<String>> stages = new ArrayList<>();

    @AfterEach
    void close() {
        rig.close();
    }

    private Hedge.Builder hedge() {
        return Hedge.builder().timeSource(rig.clock).scheduler(rig.loop);
    }

    /** One that has seen 128 calls of 10 ms. */
    private Hedge learned(Hedge.Builder builder) {
        Hedge hedge = builder.build();
        for (int i = 0; i < 128; i++) {
            hedge.executeAsync(() -> after(10, "learning"));
            rig.advance(10);
        }
        assertThat(hedge.stats().delay()).isBetween(Duration.ofMillis(10), Duration.ofNanos(11_250_000));
        stages.clear();
        return hedge;
    }

    private CompletionStage<String> after(long millis, String answer) {
        CompletableFuture<String> stage = new CompletableFuture<>();
        rig.loop.schedule(() -> stage.complete(answer), millis, TimeUnit.MILLISECONDS);
        return stage;
    }

    private CompletionStage<String> open() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        stages.add(stage);
        return stage;
    }

    @Test
    void makesNoSecondAttemptBeforeItHasLearned() {
        Hedge hedge = hedge().build();
        hedge.executeAsync(this::open);
        rig.advance(10_000);

        assertThat(stages).hasSize(1);
    }

    @Test
    void theSecondAttemptAnswersAndTheFirstIsCancelled() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(9);
        assertThat(stages).hasSize(1);
        rig.advance(5);
        assertThat(stages).hasSize(2);
        stages.get(1).complete("second");

        assertThat(answer).isCompletedWithValue("second");
        assertThat(stages.get(0)).isCancelled();
        assertThat(hedge.stats().hedges()).isEqualTo(1);
        assertThat(hedge.stats().wins()).isEqualTo(1);
    }

    @Test
    void theFirstAttemptAnswersAndTheSecondIsCancelled() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);
        stages.get(0).complete("first");

        assertThat(answer).isCompletedWithValue("first");
        assertThat(stages.get(1)).isCancelled();
        assertThat(hedge.stats().wins()).isZero();
    }

    @Test
    void aFailureBesideAnAttemptUnderWayIsNotTheOutcome() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);
        stages.get(0).completeExceptionally(new IOException("first"));
        assertThat(answer).isNotDone();
        stages.get(1).complete("second");

        assertThat(answer).isCompletedWithValue("second");
    }

    @Test
    void twoFailuresAreOneOutcome() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);
        stages.get(1).completeExceptionally(new IOException("second"));
        stages.get(0).completeExceptionally(new IOException("first"));

        assertThat(CallRig.failure(answer))
                .hasMessage("first")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .singleElement()
                        .satisfies(other -> assertThat(other).hasMessage("second")));
    }

    @Test
    void aFailureBeforeTheDelayIsTheOutcome() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        stages.get(0).completeExceptionally(new IOException("first"));
        rig.advance(1000);

        assertThat(CallRig.failure(answer)).hasMessage("first");
        assertThat(stages).hasSize(1);
    }

    @Test
    void aCancelReachesBothAttempts() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);
        answer.cancel(false);

        assertThat(stages).hasSize(2).allMatch(CompletableFuture::isCancelled);
    }

    @Test
    void aSecondAttemptThatCannotBeMadeChangesNothing() {
        Hedge hedge = learned(hedge());
        CompletableFuture<String> answer = hedge.executeAsync(() -> {
            if (!stages.isEmpty()) {
                throw new IllegalStateException("no second one");
            }
            return open();
        });
        rig.advance(20);
        stages.get(0).complete("first");

        assertThat(answer).isCompletedWithValue("first");
    }

    @Test
    void aBudgetThatIsUsedUpSuppressesTheSecondAttemptAlone() {
        RetryBudget empty = RetryBudget.builder()
                .ratio(0.001)
                .minPerSecond(0)
                .timeSource(rig.clock)
                .build();
        Hedge hedge = learned(hedge().budget(empty));
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(100);
        stages.get(0).complete("first");

        assertThat(answer).isCompletedWithValue("first");
        assertThat(stages).hasSize(1);
        assertThat(hedge.stats().refused()).isEqualTo(1);
    }

    /** The failure waited for a second attempt that then was not made: it must not wait for ever. */
    @Test
    void aFirstAttemptThatFailsWhileTheBudgetRefusesIsTheOutcome() {
        TimeSource clock = whileTheBudgetLooks(() -> stages.get(0).completeExceptionally(new IOException("first")));
        Hedge hedge = learned(hedge().timeSource(clock).budget(empty(clock)));
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);

        assertThat(CallRig.failure(answer)).hasMessage("first");
        assertThat(stages).hasSize(1);
        assertThat(hedge.stats().refused()).isEqualTo(1);
    }

    @Test
    void aResultThatCountsAsAFailureIsTheOutcomeAsWell() {
        TimeSource clock = whileTheBudgetLooks(() -> stages.get(0).complete("503"));
        Hedge hedge = learned(hedge().timeSource(clock)
                .budget(empty(clock))
                .classifier((result, failure) ->
                        "503".equals(result) ? Classifier.Outcome.FAILURE : Classifier.Outcome.SUCCESS));
        CompletableFuture<String> answer = hedge.executeAsync(this::open);
        rig.advance(20);

        assertThat(answer).isCompletedWithValue("503");
        assertThat(hedge.stats().refused()).isEqualTo(1);
    }

    private static RetryBudget empty(TimeSource clock) {
        return RetryBudget.builder()
                .ratio(0.001)
                .minPerSecond(0)
                .timeSource(clock)
                .build();
    }

    /** The rig's clock, which has something happen as soon as a budget reads it for an attempt of an open call. */
    private TimeSource whileTheBudgetLooks(Runnable what) {
        AtomicBoolean done = new AtomicBoolean();
        return TimeSource.of(new SuppliedTicker(() -> {
            boolean looks = StackWalker.getInstance()
                    .walk(frames ->
                            frames.anyMatch(frame -> frame.getMethodName().equals("tryWithdraw")));
            if (looks && !stages.isEmpty() && done.compareAndSet(false, true)) {
                what.run();
            }
            return rig.clock.nanoTime();
        }));
    }

    /** One outcome for each call, losers cancelled, and no more second attempts than the share allows. */
    @Test
    void holdsForRandomPeers() {
        for (long seed = 0; seed < 20; seed++) {
            String which = "seed " + seed;
            Random random = new Random(seed);
            Hedge hedge = hedge().quantile(0.9).maxExtra(0.1).build();
            List<CompletableFuture<String>> made = new ArrayList<>();
            List<CompletableFuture<String>> answers = new ArrayList<>();
            int[] outcomes = {0};
            int[] left = {0};
            int calls = 600;
            for (int i = 0; i < calls; i++) {
                List<CompletableFuture<String>> ofThisCall = new ArrayList<>();
                CompletableFuture<String> answer = hedge.executeAsync(() -> {
                    CompletableFuture<String> stage = new CompletableFuture<>();
                    made.add(stage);
                    ofThisCall.add(stage);
                    long millis = random.nextInt(10) == 0 ? 50L + random.nextInt(100) : 1L + random.nextInt(10);
                    boolean fails = random.nextInt(5) == 0;
                    rig.loop.schedule(
                            () -> fails ? stage.completeExceptionally(new IOException("peer")) : stage.complete("peer"),
                            millis,
                            TimeUnit.MILLISECONDS);
                    return stage;
                });
                answer.whenComplete((result, failure) -> {
                    outcomes[0]++;
                    // A cancel reaches the stages by a task of the loop.
                    rig.loop.execute(() -> left[0] += ofThisCall.stream().allMatch(CompletableFuture::isDone) ? 0 : 1);
                });
                answers.add(answer);
                if (random.nextInt(20) == 0) {
                    answer.cancel(true);
                }
                rig.advance(random.nextInt(15));
            }
            rig.advance(10_000);

            assertThat(answers).as(which).allMatch(CompletableFuture::isDone);
            assertThat(made).as(which).allMatch(CompletableFuture::isDone);
            assertThat(outcomes[0]).as(which).isEqualTo(calls);
            assertThat(left[0])
                    .as("%s, calls with an attempt left under way", which)
                    .isZero();
            assertThat(made.size() - calls).as(which).isBetween(1, calls / 10);
            assertThat(hedge.stats().hedges()).as(which).isEqualTo(made.size() - calls);
        }
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Hedge.builder().quantile(0.4))
                .withMessage("quantile: 0.4 (must be 0.5 to 0.999)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Hedge.builder().maxExtra(2))
                .withMessage("maxExtra: 2.0 (must be 0.001 to 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Hedge.builder().minDelay(Duration.ZERO))
                .withMessageStartingWith("minDelay: PT0S");
        assertThat(hedge().build().toString()).contains("quantile=0.95", "minDelay=PT0.001S");
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.testkit.ManualTime;
import io.netty.util.internal.ThreadExecutorMap;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Attempts through stages, in virtual time. */
class RetryAsyncTest {

    private static final int MANY = 100_000;

    private final CallRig rig = new CallRig();
    private final List<CompletableFuture<String>> stages = new ArrayList<>();

    @AfterEach
    void close() {
        rig.close();
    }

    private Retry.Builder retry() {
        return Retry.builder()
                .backoff(Backoff.fixed(Duration.ofMillis(100)))
                .timeSource(rig.clock)
                .scheduler(rig.loop);
    }

    private CompletionStage<String> open() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        stages.add(stage);
        return stage;
    }

    @Test
    void waitsOnTheScheduler() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open);
        stages.get(0).completeExceptionally(new IOException("first"));

        rig.advance(99);
        assertThat(stages).hasSize(1);
        rig.advance(1);
        assertThat(stages).hasSize(2);
        assertThat(answer).isNotDone();
        stages.get(1).complete("second");

        assertThat(answer).isCompletedWithValue("second");
    }

    /** SmallRye Fault Tolerance 355: on an event loop, what came after a wait went to a thread of its own. */
    @Test
    void waitsOnTheEventLoopOfTheCallUnlessToldOtherwise() {
        Retry retry = Retry.builder()
                .backoff(Backoff.fixed(Duration.ofHours(1)))
                .maxElapsed(Duration.ofDays(1))
                .timeSource(rig.clock)
                .build();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        ThreadExecutorMap.apply(() -> answers.add(retry.executeAsync(this::open)), rig.loop)
                .run();
        ThreadExecutorMap.apply(() -> stages.get(0).completeExceptionally(new IOException("first")), rig.loop)
                .run();

        rig.time.advance(Duration.ofHours(1));
        assertThat(stages).hasSize(2);
        stages.get(1).complete("second");
        assertThat(answers.get(0)).isCompletedWithValue("second");
    }

    /** Failsafe's issue 109: why does calling again take a scheduler? */
    @Test
    void whatDoesNotWaitNeedsNoScheduler() {
        ScheduledExecutorService gone = rig.time.executor();
        gone.shutdownNow();
        Retry retry =
                retry().backoff(Backoff.fixed(Duration.ZERO)).scheduler(gone).build();
        List<Thread> threads = new ArrayList<>();

        CompletableFuture<String> answer = retry.executeAsync(() -> {
            threads.add(Thread.currentThread());
            return threads.size() < 3
                    ? CompletableFuture.failedFuture(new IOException("again"))
                    : CompletableFuture.completedFuture("third");
        });

        assertThat(answer).isCompletedWithValue("third");
        assertThat(threads).hasSize(3).containsOnly(Thread.currentThread());
    }

    @Test
    void failsAsTheLastAttemptDid() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open);
        for (int i = 0; i < 3; i++) {
            stages.get(i).completeExceptionally(new IOException("attempt " + i));
            rig.advance(100);
        }

        assertThat(CallRig.failure(answer))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("attempt 2")
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(2));
        assertThat(stages).hasSize(3);
    }

    /** Resilience4j's stack overflows after enough attempts without a wait (its issue 2038 is of that kind). */
    @Test
    void manyImmediateAttemptsDoNotDeepenTheStack() {
        Retry retry =
                retry().maxAttempts(MANY).backoff(Backoff.fixed(Duration.ZERO)).build();
        IOException failure = new IOException("again");
        int[] attempts = {0};

        CompletableFuture<String> answer = retry.executeAsync(() -> {
            attempts[0]++;
            return CompletableFuture.failedFuture(failure);
        });

        assertThat(CallRig.failure(answer)).isSameAs(failure);
        assertThat(attempts[0]).isEqualTo(MANY);
    }

    @Test
    void manyAttemptsThatEndLaterDoNotDeepenTheStackEither() {
        Retry retry =
                retry().maxAttempts(MANY).backoff(Backoff.fixed(Duration.ZERO)).build();
        IOException failure = new IOException("again");
        int[] attempts = {0};

        CompletableFuture<String> answer = retry.executeAsync(() -> {
            attempts[0]++;
            CompletableFuture<String> stage = new CompletableFuture<>();
            rig.loop.execute(() -> stage.completeExceptionally(failure));
            return stage;
        });
        rig.advance(0);

        assertThat(CallRig.failure(answer)).isSameAs(failure);
        assertThat(attempts[0]).isEqualTo(MANY);
    }

    /** Resilience4j's issues 905, 1041, 1379 and 1427: a cancel that does not reach the work. */
    @Test
    void aCancelReachesTheAttemptAndThereIsNoFurtherOne() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open);

        assertThat(answer.cancel(true)).isTrue();
        rig.advance(1000);

        assertThat(stages).singleElement().satisfies(stage -> assertThat(stage).isCancelled());
        assertThat(answer).isCancelled();
    }

    /** The second attempt's supplier runs while the call is given up: its stage is cancelled as soon as there is one. */
    @Test
    void aCancelWhileAnAttemptIsBegunReachesIt() {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        answers.add(retry().build().executeAsync(() -> {
            if (!answers.isEmpty()) {
                answers.get(0).cancel(true);
            }
            return open();
        }));
        stages.get(0).completeExceptionally(new IOException("first"));
        rig.advance(100);

        assertThat(stages).hasSize(2);
        assertThat(stages.get(1)).isCancelled();
        assertThat(answers.get(0)).isCancelled();
    }

    @Test
    void aCancelDuringAWaitEndsIt() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open);
        stages.get(0).completeExceptionally(new IOException("first"));

        answer.cancel(false);
        rig.advance(1000);

        assertThat(stages).hasSize(1);
        assertThat(answer).isCancelled();
    }

    @Test
    void theDeadlineEndsAnAttemptThatIsUnderWay() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open, rig.in(250));
        stages.get(0).completeExceptionally(new IOException("first"));
        rig.advance(249);
        assertThat(answer).isNotDone();
        rig.advance(1);

        assertThat(CallRig.failure(answer))
                .isInstanceOfSatisfying(
                        NetException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.REQUEST_TIMEOUT))
                .satisfies(failure ->
                        assertThat(failure.getSuppressed()).singleElement().isInstanceOf(IOException.class));
        assertThat(stages).hasSize(2);
        assertThat(stages.get(1)).isCancelled();
    }

    @Test
    void aWaitThatWouldReachTheDeadlineIsNotBegun() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open, rig.in(100));
        stages.get(0).completeExceptionally(new IOException("first"));

        assertThat(CallRig.failure(answer)).hasMessage("first");
        assertThat(rig.elapsedMillis()).isZero();
    }

    /** Resilience4j's issue 2209: what throws in a predicate leaves the stage incomplete for ever. */
    @Test
    void theFutureCompletesWhateverUserCodeThrows() {
        Classifier broken = (result, failure) -> {
            throw new IllegalStateException("classifier");
        };
        CompletableFuture<String> answer =
                retry().maxAttempts(1).classifier(broken).build().executeAsync(this::open);
        stages.get(0).complete("fine");
        assertThat(answer).isCompletedWithValue("fine");

        assertThat(CallRig.failure(retry().maxAttempts(2)
                        .backoff(Backoff.fixed(Duration.ZERO))
                        .build()
                        .executeAsync(() -> {
                            throw new IllegalStateException("supplier");
                        })))
                .hasMessage("supplier");
        assertThat(CallRig.failure(retry().maxAttempts(1).build().executeAsync(() -> null)))
                .hasMessageContaining("must not answer null");
    }

    @Test
    void aStageThatHasNoFutureIsFollowedAndLetGo() {
        CompletableFuture<String> source = new CompletableFuture<>();
        CompletableFuture<String> answer = retry().build().executeAsync(source::minimalCompletionStage);

        answer.cancel(false);
        assertThat(answer).isCancelled();

        CompletableFuture<String> other = retry().build().executeAsync(source::minimalCompletionStage);
        source.complete("late");
        assertThat(other).isCompletedWithValue("late");
    }

    @Test
    void aSchedulerThatTakesNoMoreEndsTheCallWithItsOwnFailure() throws Exception {
        try (ManualTime time = ManualTime.create()) {
            ScheduledExecutorService gone = time.executor();
            gone.shutdownNow();
            Retry retry = Retry.builder().scheduler(gone).build();

            CompletableFuture<String> answer =
                    retry.executeAsync(() -> CompletableFuture.failedFuture(new IOException("mine")));

            assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS)).cause().hasMessage("mine");
        }
    }

    @Test
    void aCancelledStageOfTheUsersIsNotTriedAgain() {
        CompletableFuture<String> answer = retry().build().executeAsync(this::open);
        stages.get(0).cancel(false);
        rig.advance(1000);

        assertThat(stages).hasSize(1);
        assertThat(CallRig.failure(answer)).isInstanceOf(CancellationException.class);
    }
}

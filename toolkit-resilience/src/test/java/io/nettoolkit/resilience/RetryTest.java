package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.Retry.GaveUp;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The synchronous half, and what both halves have in common. */
@ExtendWith(LeakCheck.class)
class RetryTest {

    private final CallRig rig = new CallRig();
    private final List<String> heard = new ArrayList<>();
    private int attempts;

    @AfterEach
    void close() {
        rig.close();
    }

    private Retry.Builder retry() {
        return Retry.builder()
                .backoff(Backoff.fixed(Duration.ofMillis(100)))
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .parking(rig.parking);
    }

    /** Fails so many times. */
    private Callable<String> failing(int times) {
        return () -> {
            attempts++;
            if (attempts <= times) {
                throw new IOException("attempt " + attempts);
            }
            return "answer of attempt " + attempts;
        };
    }

    @Test
    void aCallThatSucceedsIsMadeOnce() throws Exception {
        Retry retry = retry().build();

        assertThat(retry.execute(failing(0))).isEqualTo("answer of attempt 1");
        assertThat(rig.elapsedMillis()).isZero();
        assertThat(retry.stats()).isEqualTo(new Retry.Stats(0, 0, 0, 0, 0, 0));
    }

    @Test
    void waitsBetweenAttempts() throws Exception {
        Retry retry = retry().backoff(Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(1)))
                .build();

        assertThat(retry.execute(failing(2))).isEqualTo("answer of attempt 3");
        assertThat(rig.elapsedMillis()).isEqualTo(100 + 200);
        assertThat(retry.stats()).isEqualTo(new Retry.Stats(2, 1, 0, 0, 0, 0));
    }

    @Test
    void failsAsTheLastAttemptDidWithTheOthersSuppressed() {
        assertThatThrownBy(() -> retry().build().execute(failing(99)))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("attempt 3")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly("attempt 1", "attempt 2"));
        assertThat(attempts).isEqualTo(3);
    }

    @Test
    void carriesTheLastEightFailuresAtMost() {
        assertThatThrownBy(() -> retry().maxAttempts(50).build().execute(failing(99)))
                .hasMessage("attempt 50")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly(
                                "attempt 42",
                                "attempt 43",
                                "attempt 44",
                                "attempt 45",
                                "attempt 46",
                                "attempt 47",
                                "attempt 48",
                                "attempt 49"));
    }

    @Test
    void anExceptionObjectThatIsSharedDoesNotGrow() {
        IOException one = new IOException("one");
        IOException other = new IOException("other");
        Retry retry = retry().maxAttempts(4).build();

        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> retry.execute(() -> {
                        throw attempts++ % 2 == 0 ? one : other;
                    }))
                    .isSameAs(other);
        }
        assertThat(other.getSuppressed()).hasSizeLessThanOrEqualTo(8);
        assertThatThrownBy(() -> retry.execute(() -> {
                    throw one;
                }))
                .isSameAs(one);
        assertThat(one.getSuppressed()).isEmpty();
    }

    @Test
    void whatIsIgnoredIsNotTriedAgain() {
        assertThatThrownBy(() -> retry().build().execute(() -> {
                    attempts++;
                    throw new CancellationException("mine");
                }))
                .isInstanceOf(CancellationException.class);
        assertThat(attempts).isEqualTo(1);
    }

    @Test
    void aResultThatCountsAsFailureIsTriedAgainAndInTheEndAnswered() throws Exception {
        Classifier even =
                (result, failure) -> result instanceof Integer n && n % 2 == 0 ? Outcome.SUCCESS : Outcome.FAILURE;
        Retry retry = retry().classifier(even).build();

        assertThat(retry.<Integer>execute(() -> ++attempts)).isEqualTo(2);
        assertThat(retry.<Integer>execute(() -> 7)).isEqualTo(7);
        assertThat(retry.stats()).isEqualTo(new Retry.Stats(3, 1, 1, 0, 0, 0));
    }

    @Test
    void waitsAsLongAsThePeerAsked() throws Exception {
        Retry retry = retry().build();

        String answer = retry.execute(() -> {
            if (attempts++ == 0) {
                throw new RejectedException("peer", Reason.OVERLOADED, Duration.ofMillis(700), "");
            }
            return "later";
        });

        assertThat(answer).isEqualTo("later");
        assertThat(rig.elapsedMillis()).isEqualTo(700);
    }

    @Test
    void failsAtOnceWhereThePeerAskedForMoreTimeThanThereIs() {
        RejectedException refusal = new RejectedException("peer", Reason.OVERLOADED, Duration.ofMillis(700), "");

        assertThatThrownBy(() -> retry().build()
                        .execute(
                                () -> {
                                    throw refusal;
                                },
                                rig.in(700)))
                .isSameAs(refusal);
        assertThat(rig.elapsedMillis()).isZero();
    }

    @Test
    void neverSleepsPastTheDeadline() {
        Retry retry = retry().maxAttempts(100).build();

        assertThatThrownBy(() -> retry.execute(failing(99), rig.in(350))).hasMessage("attempt 4");
        // At 0, 100, 200 and 300 ms; a fifth attempt would have been at 400.
        assertThat(rig.elapsedMillis()).isEqualTo(300);
        assertThat(retry.stats().outOfTime()).isEqualTo(1);
    }

    @Test
    void endsWithTheLongestTime() {
        Retry retry =
                retry().maxAttempts(100).maxElapsed(Duration.ofMillis(250)).build();

        assertThatThrownBy(() -> retry.execute(failing(99))).hasMessage("attempt 3");
        assertThat(rig.elapsedMillis()).isEqualTo(200);
    }

    @Test
    void isNotMadeAfterTheDeadline() {
        assertThatThrownBy(() -> retry().build().execute(failing(0), rig.in(0)))
                .hasMessageContaining("the deadline had passed before the call");
        assertThat(attempts).isZero();
    }

    @Test
    void isNotRetriedWithoutBudget() {
        RetryBudget budget = RetryBudget.builder()
                .minPerSecond(0)
                .ratio(1)
                .timeSource(rig.clock)
                .build();
        Retry retry = retry().maxAttempts(5).budget(budget).build();

        // The call pays in for one retry, so there are two attempts.
        assertThatThrownBy(() -> retry.execute(failing(99))).hasMessage("attempt 2");
        assertThat(retry.stats().outOfBudget()).isEqualTo(1);
        assertThat(budget.stats()).isEqualTo(new RetryBudget.Stats(0, 1, 1));
    }

    @Test
    void theListenerHearsOfRetriesAndOfTheirEnd() {
        Retry retry = retry().listener(new Retry.Listener() {
                    @Override
                    public void onRetry(int attempt, Duration wait, Throwable failure) {
                        heard.add(attempt + " in " + wait.toMillis() + " after " + failure.getMessage());
                    }

                    @Override
                    public void onGiveUp(int count, GaveUp why, Throwable failure) {
                        heard.add("gave up after " + count + ": " + why + ", " + failure.getMessage());
                    }
                })
                .build();

        assertThatThrownBy(() -> retry.execute(failing(99))).isInstanceOf(IOException.class);
        assertThat(heard)
                .containsExactly(
                        "2 in 100 after attempt 1", "3 in 100 after attempt 2", "gave up after 3: ATTEMPTS, attempt 3");
    }

    @Test
    void userCodeThatThrowsChangesNothingElse() throws Exception {
        Retry.Listener broken = new Retry.Listener() {
            @Override
            public void onRetry(int attempt, Duration wait, Throwable failure) {
                throw new IllegalStateException("listener");
            }
        };
        assertThat(retry().listener(broken).build().execute(failing(1))).isEqualTo("answer of attempt 2");

        attempts = 0;
        Backoff brokenBackoff = (attempt, previous, random) -> {
            throw new IllegalStateException("backoff");
        };
        Retry retry = retry().backoff(brokenBackoff).build();
        assertThatThrownBy(() -> retry.execute(failing(99))).hasMessage("attempt 1");
        assertThat(retry.stats().outOfBackoff()).isEqualTo(1);

        attempts = 0;
        Classifier brokenClassifier = (result, failure) -> {
            throw new IllegalStateException("classifier");
        };
        // Everything is a failure then, and the call's own outcome reaches the caller.
        assertThat(retry().classifier(brokenClassifier).build().execute(failing(0)))
                .isEqualTo("answer of attempt 3");
    }

    @Test
    void anErrorIsReportedAsItIs() {
        StackOverflowError error = new StackOverflowError("mine");

        assertThatThrownBy(() -> retry().build().execute(() -> {
                    throw error;
                }))
                .isSameAs(error);
    }

    @Test
    void anInterruptDuringAWaitEndsTheCall() {
        Retry retry = retry().parking((blocker, nanos) -> Thread.currentThread().interrupt())
                .build();

        assertThatThrownBy(() -> retry.execute(failing(99)))
                .isInstanceOf(InterruptedException.class)
                .satisfies(failure ->
                        assertThat(failure.getSuppressed()).singleElement().isInstanceOf(IOException.class));
        assertThat(attempts).isEqualTo(1);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void reallyParks() throws Exception {
        Retry real =
                Retry.builder().backoff(Backoff.fixed(Duration.ofMillis(5))).build();

        assertThat(real.execute(failing(2))).isEqualTo("answer of attempt 3");
    }

    @Test
    void refusesEventLoops() throws Exception {
        Retry retry = Retry.builder().build();
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return retry.execute(() -> "on a loop");
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                EventLoops.shared().next());

        assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Retry.execute would block an event loop")
                .hasMessageContaining("executeAsync");
    }

    @Test
    void aDeadlineOfAnotherClockIsAMistake() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> retry().build().execute(failing(0), Deadline.after(Duration.ofSeconds(1))))
                .withMessageContaining("build both from the same TimeSource");
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Retry.builder().maxAttempts(0))
                .withMessage("maxAttempts: 0 (must be 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Retry.builder().maxElapsed(Duration.ZERO))
                .withMessageStartingWith("maxElapsed: PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Retry.builder()
                        .budget(RetryBudget.builder().timeSource(rig.clock).build())
                        .build())
                .withMessageContaining("build both from the same TimeSource");
        assertThatThrownBy(() -> Retry.builder().build().execute(null)).hasMessage("call: must not be null");
        assertThatIllegalArgumentException().isThrownBy(() -> Retry.builder().name(" "));
        assertThat(retry().build().toString()).contains("maxAttempts=3", "fixed(PT0.1S)");
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.breaker.BreakerClock;
import io.nettoolkit.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The two ways to wrap a call. */
@ExtendWith(LeakCheck.class)
class CircuitBreakerCallTest {

    private static final int PATIENCE_SECONDS = 20;

    private final BreakerClock clock = new BreakerClock(1);
    private final AtomicInteger calls = new AtomicInteger();
    private CircuitBreaker breaker = builder().build();

    private CircuitBreaker.Builder builder() {
        return CircuitBreaker.builder()
                .name("test")
                .minimumCalls(2)
                .halfOpenProbes(1)
                .jitter(0)
                .timeSource(clock.timeSource());
    }

    private void fail() {
        assertThatThrownBy(() -> breaker.execute(() -> {
                    calls.incrementAndGet();
                    throw new IOException("down");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("down");
    }

    private void halfOpen() {
        fail();
        fail();
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        clock.advance(Duration.ofSeconds(6));
    }

    @Test
    void returnsWhatTheCallReturnsAndThrowsWhatItThrows() throws Exception {
        assertThat(breaker.<String>execute(() -> "value")).isEqualTo("value");
        assertThat(breaker.<String>execute(() -> null)).isNull();
        fail();

        assertThat(breaker.stats().succeeded()).isEqualTo(2);
        assertThat(breaker.stats().failed()).isEqualTo(1);
    }

    @Test
    void refusesWithoutMakingTheCall() {
        fail();
        fail();

        assertThatThrownBy(() -> breaker.execute(calls::incrementAndGet))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(RejectedException.Reason.CIRCUIT_OPEN);
                    assertThat(refusal.retryAfter()).isPositive();
                });
        assertThat(calls).hasValue(2);
        assertThat(breaker.stats().refused()).isEqualTo(1);
    }

    @Test
    void measuresHowLongACallTakes() throws Exception {
        breaker = builder().slowCalls(Duration.ofMillis(10), 0.5).build();
        for (int i = 0; i < 2; i++) {
            breaker.execute(() -> {
                clock.advance(Duration.ofMillis(10));
                return "slow";
            });
        }

        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void aCallIsAsSlowAsItIsItself() throws Exception {
        breaker = builder().slowCalls(Duration.ofMillis(10), 0.5).build();
        clock.advance(Duration.ofHours(1));
        breaker.execute(() -> {
            clock.advance(Duration.ofMillis(9));
            return "quick";
        });

        assertThat(breaker.stats().succeeded()).isEqualTo(1);
        assertThat(breaker.stats().slow()).isZero();
    }

    @Test
    void anErrorIsAFailureToo() {
        assertThatThrownBy(() -> breaker.execute(() -> {
                    throw new StackOverflowError();
                }))
                .isInstanceOf(StackOverflowError.class);

        assertThat(breaker.stats().failed()).isEqualTo(1);
    }

    @Test
    void theClassifierDecides() throws Exception {
        breaker = builder()
                .classifier((result, failure) -> "bad".equals(result)
                        ? Outcome.FAILURE
                        : failure instanceof IOException ? Outcome.IGNORED : Outcome.SUCCESS)
                .build();

        fail();
        fail();
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        breaker.execute(() -> "bad");
        breaker.execute(() -> "bad");
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    /** Resilience4j issue 2209: a predicate that threw left the stage incomplete and the permit taken. */
    @Test
    void aClassifierThatThrowsCountsAsAFailureAndTheResultStillArrives() throws Exception {
        breaker = builder()
                .classifier((result, failure) -> {
                    throw new IllegalStateException("classifier");
                })
                .build();

        assertThat(breaker.<String>execute(() -> "sync")).isEqualTo("sync");
        assertThat(breaker.executeAsync(() -> CompletableFuture.completedFuture("async"))
                        .join())
                .isEqualTo("async");

        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    // ---- async

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static Throwable failure(CompletableFuture<?> future) {
        try {
            future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("did not fail");
        } catch (ExecutionException failed) {
            return failed.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCallThatIsOverAtOnceCompletesAtOnce() {
        assertThat(breaker.executeAsync(() -> CompletableFuture.completedFuture(7)))
                .isCompletedWithValue(7);
        CompletableFuture<Integer> failed =
                breaker.executeAsync(() -> CompletableFuture.failedFuture(new IOException("down")));

        assertThat(failed).isCompletedExceptionally();
        assertThat(failure(failed)).isInstanceOf(IOException.class);
        assertThat(breaker.stats().succeeded()).isEqualTo(1);
        assertThat(breaker.stats().failed()).isEqualTo(1);
    }

    @Test
    void aCallThatTakesTimeIsReportedBeforeItsFutureCompletes() throws Exception {
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<Long> counted = breaker.executeAsync(() -> inner)
                .thenApply(value -> breaker.stats().succeeded());
        assertThat(counted).isNotDone();

        inner.complete("value");

        assertThat(get(counted)).isEqualTo(1);
    }

    @Test
    void theCauseComesWithoutTheWrappingOfTheJdk() {
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<String> future = breaker.executeAsync(() -> inner.thenApply(value -> value + "!"));

        inner.completeExceptionally(new CompletionException(new IOException("down")));

        assertThat(failure(future)).isInstanceOf(IOException.class);
        assertThat(breaker.stats().failed()).isEqualTo(1);
    }

    @Test
    void aRefusalFailsTheFutureAndTheSupplierIsNotCalled() {
        fail();
        fail();

        CompletableFuture<String> future = breaker.executeAsync(() -> {
            calls.incrementAndGet();
            return new CompletableFuture<>();
        });

        assertThat(future).isCompletedExceptionally();
        assertThat(failure(future)).isInstanceOf(RejectedException.class);
        assertThat(calls).hasValue(2);
    }

    @Test
    void aSupplierThatThrowsOrAnswersNullFailsTheFuture() {
        assertThat(failure(breaker.<String>executeAsync(() -> {
                    throw new IllegalArgumentException("supplier");
                })))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(failure(breaker.<String>executeAsync(() -> null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("call");
        assertThat(breaker.stats().failed()).isEqualTo(2);
        assertThatThrownBy(() -> breaker.executeAsync(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aCancelReachesTheCallAndCountsForNothing() {
        halfOpen();
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<String> future = breaker.executeAsync(() -> inner);
        assertThat(breaker.stats().probes()).isEqualTo(1);

        future.cancel(true);

        assertThatThrownBy(() -> inner.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isInstanceOf(CancellationException.class);
        assertThat(breaker.stats().probes()).isZero();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.stats().ignored()).isEqualTo(1);
    }

    @Test
    void aTimeoutOfTheCallerIsAFailure() {
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<String> future = breaker.executeAsync(() -> inner).orTimeout(1, TimeUnit.MILLISECONDS);

        assertThat(failure(future)).isInstanceOf(TimeoutException.class);
        assertThatThrownBy(() -> inner.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isInstanceOf(CancellationException.class);
        assertThat(breaker.stats().failed()).isEqualTo(1);
        assertThat(breaker.stats().ignored()).isZero();
    }

    @Test
    void aStageThatCannotBeStoppedMayBeCancelledAllTheSame() {
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletionStage<String> stage = inner.minimalCompletionStage();
        CompletableFuture<String> future = breaker.executeAsync(() -> stage);

        assertThat(future.cancel(true)).isTrue();
        inner.complete("late");

        assertThat(future).isCancelled();
    }

    /** Hystrix, pull request 1621: who unsubscribed from a half-open circuit's one trial left it half-open for ever. */
    @Test
    void aCancelledProbeGivesItsPlaceBack() throws Exception {
        halfOpen();
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<String> probe = breaker.executeAsync(() -> inner);
        assertThat(breaker.tryAcquire()).as("the one place is taken").isNegative();

        probe.cancel(true);

        assertThatThrownBy(() -> get(inner)).isInstanceOf(CancellationException.class);
        assertThat(breaker.<String>execute(() -> "probe")).isEqualTo("probe");
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The face of the limiters; the arithmetic behind it has tests of its own. */
@ExtendWith(LeakCheck.class)
class RateLimiterTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final long SECOND_NANOS = SECOND.toNanos();

    private ManualTime time;
    private TimeSource clock;
    private EventLoop loop;

    @BeforeEach
    void start() {
        time = ManualTime.create();
        clock = TimeSource.of(time.ticker());
        loop = time.newEventLoopGroup().next();
    }

    @AfterEach
    void stop() {
        time.close();
    }

    private RateLimiter.TokenBucketBuilder tenPerSecond() {
        return RateLimiter.tokenBucket(10, SECOND).timeSource(clock).scheduler(loop);
    }

    private Deadline in(Duration timeout) {
        return Deadline.after(timeout, clock);
    }

    private static RejectedException rejectionOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        try {
            future.get();
            throw new AssertionError("completed");
        } catch (ExecutionException failed) {
            assertThat(failed).hasCauseInstanceOf(RejectedException.class);
            return (RejectedException) failed.getCause();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void admitsTheBurstAndThenTheRate() {
        RateLimiter limiter = tenPerSecond().burst(3).build();

        assertThat(limiter.tryAcquire(2)).isTrue();
        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.tryAcquire()).isFalse();
        assertThat(limiter.retryAfterNanos(1)).isEqualTo(SECOND_NANOS / 10);
        assertThat(limiter.retryAfterNanos(4)).isEqualTo(Long.MAX_VALUE);
        time.advance(Duration.ofMillis(100));
        assertThat(limiter.retryAfterNanos(1)).isZero();
        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(4, 1, 0, 0));
    }

    @Test
    void everyFactoryMakesALimiterOfItsKind() {
        List<RateLimiter.Builder<?>> builders = List.of(
                RateLimiter.tokenBucket(10, SECOND),
                RateLimiter.tokenBucket(10, SECOND).leased(2),
                RateLimiter.tokenBucket(10, SECOND).warmUp(SECOND),
                RateLimiter.fixedWindow(10, SECOND),
                RateLimiter.slidingWindowLog(10, SECOND),
                RateLimiter.slidingWindowCounter(10, SECOND));
        for (RateLimiter.Builder<?> builder : builders) {
            builder.timeSource(clock).name("orders");
            RateLimiter limiter = builder.build();
            assertThat(limiter.tryAcquire()).as(limiter.toString()).isTrue();
            int more = 0;
            while (limiter.tryAcquire()) {
                more++;
            }
            assertThat(more).as(limiter.toString()).isBetween(2, 9);
            assertThat(limiter.name()).isEqualTo("orders");
            assertThat(limiter).asString().contains("orders").contains("10 per 1.00 s");
        }
        RateLimiter queue =
                RateLimiter.leakyBucket(10, SECOND).timeSource(clock).build();
        assertThat(queue.tryAcquire()).isTrue();
        assertThat(queue.tryAcquire()).isFalse();
        assertThat(queue.reserve(1, SECOND_NANOS)).isEqualTo(SECOND_NANOS / 10);
    }

    @Test
    void aReservationTellsTheWaitAndCanBeGivenBack() {
        RateLimiter limiter = tenPerSecond().burst(1).build();
        long now = clock.nanoTime();

        assertThat(limiter.reserve(1, 0)).isZero();
        assertThat(limiter.reserve(1, 0)).isEqualTo(-1);
        long wait = limiter.reserve(1, SECOND_NANOS);
        assertThat(wait).isEqualTo(SECOND_NANOS / 10);
        assertThat(limiter.cancel(1, now + wait)).isTrue();
        assertThat(limiter.reserve(1, Long.MAX_VALUE)).isEqualTo(SECOND_NANOS / 10);
        assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(3, 1, 1, 0));
    }

    @Test
    void acquireServesCallersInTheOrderOfAsking() {
        RateLimiter limiter = tenPerSecond().burst(2).build();
        List<Integer> served = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int caller = i;
            limiter.acquire(1, in(SECOND)).thenRun(() -> served.add(caller));
        }

        assertThat(served).containsExactly(0, 1);
        assertThat(limiter.tryAcquire()).as("the next permits are promised").isFalse();
        assertThat(limiter.stats().pending()).isEqualTo(3);
        time.advance(Duration.ofMillis(99));
        assertThat(served).hasSize(2);
        time.advance(Duration.ofMillis(1));
        assertThat(served).containsExactly(0, 1, 2);
        time.advance(Duration.ofMillis(200));
        assertThat(served).containsExactly(0, 1, 2, 3, 4);
        assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(5, 1, 0, 0));
    }

    @Test
    void acquireIsRefusedAtOnceWhenTheDeadlineComesFirst() {
        RateLimiter limiter = tenPerSecond().burst(1).name("orders").build();
        limiter.tryAcquire();

        RejectedException late = rejectionOf(limiter.acquire(1, in(Duration.ofMillis(99))));

        assertThat(late.reason()).isEqualTo(Reason.RATE_LIMITED);
        assertThat(late.retryAfter()).isEqualTo(Duration.ofMillis(100));
        assertThat(late.policy()).isEqualTo("orders");
        assertThat(limiter.retryAfterNanos(1)).as("nothing was taken").isEqualTo(SECOND_NANOS / 10);
        assertThat(rejectionOf(limiter.acquire(2, in(SECOND)))).hasMessageContaining("2 permits are more than the 1");
        time.advance(SECOND);
        assertThat(rejectionOf(limiter.acquire(1, in(Duration.ZERO))).reason()).isEqualTo(Reason.RATE_LIMITED);
        assertThat(limiter.tryAcquire()).isTrue();
    }

    @Test
    void acquireIsRefusedWhenTooManyWait() {
        RateLimiter limiter = tenPerSecond().burst(1).maxPending(1).build();
        limiter.tryAcquire();
        CompletableFuture<Void> first = limiter.acquire(1, in(SECOND));

        assertThat(rejectionOf(limiter.acquire(1, in(SECOND))).reason()).isEqualTo(Reason.PENDING_LIMIT);
        // The place is free again when the future completes, not some time later.
        CompletableFuture<Void> next = first.thenCompose(done -> limiter.acquire(1, in(SECOND)));
        time.advance(Duration.ofMillis(200));

        assertThat(next).isCompleted();
    }

    @Test
    void aCancelledWaiterGivesItsPermitsBack() {
        RateLimiter limiter = tenPerSecond().burst(2).build();
        limiter.tryAcquire(2);
        CompletableFuture<Void> first = limiter.acquire(1, in(SECOND));
        CompletableFuture<Void> second = limiter.acquire(1, in(SECOND));

        assertThat(second.cancel(false)).isTrue();
        time.advance(Duration.ZERO);

        assertThat(limiter.stats().pending()).isEqualTo(1);
        assertThat(limiter.retryAfterNanos(1)).isEqualTo(2 * SECOND_NANOS / 10);
        time.advance(Duration.ofMillis(100));
        assertThat(first).isCompleted();
        assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(3, 0, 1, 0));
    }

    /**
     * Before its moment, at it, after it; and by the user's own timeout. In Failsafe a waiter that timed out takes a permit with it
     * for ever (failsafe #365, #393).
     */
    @Test
    void cancelAtEveryStepLeavesNobodyPendingAndNoPermitLost() {
        for (int millis = 0; millis <= 300; millis += 50) {
            RateLimiter limiter = tenPerSecond().burst(1).build();
            limiter.tryAcquire();
            CompletableFuture<Void> waiter = limiter.acquire(1, in(SECOND));
            time.advance(Duration.ofMillis(millis));
            boolean cancelled = waiter.cancel(true);
            time.advance(Duration.ZERO);

            assertThat(cancelled).as("after %d ms", millis).isEqualTo(millis < 100);
            assertThat(limiter.stats().pending()).isZero();
            assertThat(limiter.stats().granted()).isEqualTo(millis < 100 ? 1 : 2);
            assertThat(limiter.retryAfterNanos(1))
                    .isEqualTo(Math.max(0, (millis < 100 ? 100 : 200) - millis) * 1_000_000L);
        }
        RateLimiter limiter = tenPerSecond().burst(1).build();
        limiter.tryAcquire();
        CompletableFuture<Void> impatient = limiter.acquire(1, in(SECOND)).orTimeout(50, TimeUnit.MILLISECONDS);
        time.advance(Duration.ofMillis(60));
        assertThat(impatient).isCompletedExceptionally();
        assertThat(limiter.stats().pending()).isZero();
        assertThat(limiter.retryAfterNanos(1)).isEqualTo(40_000_000);
    }

    @Test
    void aSchedulerThatIsShutDownFailsTheWaitAndLosesNothing() {
        RateLimiter limiter = RateLimiter.tokenBucket(10, SECOND)
                .burst(1)
                .timeSource(clock)
                .scheduler(time.executor())
                .build();
        limiter.tryAcquire();
        time.executor().shutdown();

        CompletableFuture<Void> waiter = limiter.acquire(1, in(SECOND));

        assertThatThrownBy(waiter::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(RejectedExecutionException.class);
        assertThat(limiter.stats().pending()).isZero();
        assertThat(limiter.retryAfterNanos(1)).isEqualTo(SECOND_NANOS / 10);
    }

    @Test
    void acquireBlockingRefusesAnEventLoop() {
        RateLimiter limiter = tenPerSecond().build();

        assertThatThrownBy(() -> loop.submit(() -> {
                            limiter.acquireBlocking(1, in(SECOND));
                            return null;
                        })
                        .get())
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("acquire");
    }

    @Test
    void acquireBlockingIsInterruptible() {
        RateLimiter limiter = tenPerSecond().burst(1).build();
        limiter.tryAcquire();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> limiter.acquireBlocking(1, in(SECOND))).isInstanceOf(InterruptedException.class);

        assertThat(Thread.interrupted()).isFalse();
        assertThat(limiter.retryAfterNanos(1)).isEqualTo(SECOND_NANOS / 10);
    }

    @Test
    void executeMakesTheCallOrRefusesIt() throws Exception {
        RateLimiter limiter = tenPerSecond().burst(1).name("orders").build();

        assertThat(limiter.<String>execute(() -> "made")).isEqualTo("made");
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> limiter.execute(() -> {
                    throw new AssertionError("must not be called");
                }))
                .satisfies(refused -> assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(100)))
                .withMessageContaining("orders")
                .withMessageContaining("10 per 1.00 s");
    }

    /** Asking for a permit from within a call overflows the stack of resilience4j (#2038). */
    @Test
    void callsMayBeMadeWithinCalls() throws Exception {
        RateLimiter limiter = tenPerSecond().burst(1000).build();

        assertThat(nested(limiter, 500)).isEqualTo(500);
        assertThat(limiter.stats().granted()).isEqualTo(500);
    }

    private static int nested(RateLimiter limiter, int depth) throws Exception {
        return depth == 0 ? 0 : limiter.<Integer>execute(() -> 1 + nested(limiter, depth - 1));
    }

    @Test
    void executeAsyncHandsOnTheOutcomeAndTheCancel() {
        RateLimiter limiter = tenPerSecond().burst(5).build();
        CompletableFuture<String> call = new CompletableFuture<>();

        CompletableFuture<String> answered = limiter.executeAsync(() -> call);
        call.complete("answer");
        assertThat(answered.join()).isEqualTo("answer");

        assertThatThrownBy(
                        limiter.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException("no")))
                                ::join)
                .hasRootCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(limiter.executeAsync(() -> {
                    throw new IllegalStateException("at once");
                })::join)
                .hasRootCauseMessage("at once");
        assertThatThrownBy(limiter.executeAsync((Supplier<CompletionStage<String>>) () -> null)::join)
                .hasRootCauseMessage("call: must not answer null");

        CompletableFuture<String> endless = new CompletableFuture<>();
        CompletableFuture<String> abandoned = limiter.executeAsync(() -> endless);
        abandoned.cancel(true);
        time.advance(Duration.ZERO);
        assertThat(endless).isCancelled();

        assertThat(rejectionOf(limiter.executeAsync(() -> {
                            throw new AssertionError("must not be called");
                        }))
                        .reason())
                .isEqualTo(Reason.RATE_LIMITED);
    }

    @Test
    void shadowModeCountsAndLetsThrough() throws Exception {
        RateLimiter limiter = tenPerSecond().burst(1).shadow(true).build();

        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.tryAcquire()).isTrue();
        assertThat(limiter.reserve(1, 0)).isZero();
        assertThat(limiter.reserve(1, SECOND_NANOS)).isZero();
        assertThat(limiter.acquire(1, in(SECOND))).isCompleted();
        limiter.acquireBlocking(1, in(SECOND));
        assertThat(limiter.<String>execute(() -> "made")).isEqualTo("made");
        assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(2, 5, 0, 0));
        assertThat(limiter).asString().contains("shadow");
    }

    @Test
    void allOfGivesBackWhatTheEarlierOnesGave() {
        RateLimiter perSecond = tenPerSecond().burst(5).name("second").build();
        RateLimiter perMinute = RateLimiter.slidingWindowLog(7, Duration.ofMinutes(1))
                .timeSource(clock)
                .name("minute")
                .build();
        RateLimiter both = RateLimiter.allOf(perSecond, perMinute);

        assertThat(both.tryAcquire(5)).isTrue();
        time.advance(SECOND);
        assertThat(both.tryAcquire(3)).isFalse();
        assertThat(perSecond.tryAcquire(5)).as("given back").isTrue();
        assertThat(both.retryAfterNanos(2)).isEqualTo(2 * SECOND_NANOS / 10);
        assertThat(both.retryAfterNanos(3)).isEqualTo(59 * SECOND_NANOS);
        assertThat(both.reserve(3, Long.MAX_VALUE)).isEqualTo(-1);
        time.advance(SECOND);
        assertThat(both.reserve(2, Long.MAX_VALUE)).isZero();
        assertThat(perSecond.stats().granted()).isEqualTo(12);
        assertThat(perMinute.stats()).isEqualTo(new RateLimiter.Stats(7, 1, 0, 0));
        assertThat(both.name()).isEqualTo("second");
        assertThat(both).asString().contains("minute");
    }

    @Test
    void allOfWaitsForTheSlowestAndGivesUpAtTheDeadline() {
        RateLimiter fast = tenPerSecond().burst(10).build();
        RateLimiter slow = RateLimiter.fixedWindow(1, SECOND).timeSource(clock).build();
        RateLimiter both = RateLimiter.allOf(fast, slow);
        assertThat(both.acquire(1, in(SECOND))).isCompleted();
        CompletableFuture<Void> first = both.acquire(1, in(SECOND));
        CompletableFuture<Void> second = both.acquire(1, in(Duration.ofMillis(1500)));
        CompletableFuture<Void> third = both.acquire(1, in(Duration.ofSeconds(5)));
        CompletableFuture<Void> fourth = both.acquire(1, in(Duration.ofSeconds(5)));

        fourth.cancel(false);
        time.advance(SECOND);

        assertThat(first).isCompleted();
        assertThat(rejectionOf(second).retryAfter()).isEqualTo(SECOND);
        time.advance(SECOND);
        assertThat(third).isCompleted();
        assertThat(both.stats().pending()).isZero();
        assertThat(both.stats().granted()).isEqualTo(3);
        assertThat(fast.stats().granted()).isEqualTo(3);
    }

    @Test
    void wrongArgumentsAreNamed() {
        assertThatThrownBy(() -> RateLimiter.tokenBucket(0, SECOND)).hasMessageContaining("permits: 0");
        assertThatThrownBy(() -> RateLimiter.tokenBucket(9, Duration.ofNanos(1)))
                .hasMessageContaining("permits: 9");
        assertThatThrownBy(() -> RateLimiter.tokenBucket(1, Duration.ZERO)).hasMessageContaining("per: PT0S");
        assertThatThrownBy(() -> RateLimiter.fixedWindow(1, Duration.ofDays(366)))
                .hasMessageContaining("window: ");
        assertThatThrownBy(() -> RateLimiter.slidingWindowLog(1 << 25, SECOND)).hasMessageContaining("permits: ");
        assertThatThrownBy(() -> RateLimiter.slidingWindowCounter(1 << 20, SECOND))
                .hasMessageContaining("permits: 1048576 (must be 1 to 524287)");
        assertThatThrownBy(() -> tenPerSecond().burst(0)).hasMessageContaining("burst: 0");
        assertThatThrownBy(
                        () -> RateLimiter.tokenBucket(1, Duration.ofDays(365)).burst(100))
                .hasMessageContaining("burst: 100");
        assertThatThrownBy(() -> tenPerSecond().leased(-1)).hasMessageContaining("leased: -1");
        assertThatThrownBy(() -> tenPerSecond().warmUp(Duration.ofSeconds(-1))).hasMessageContaining("warmUp: ");
        assertThatThrownBy(() -> tenPerSecond().leased(2).warmUp(SECOND).build())
                .hasMessageContaining("leased: 2");
        assertThatThrownBy(() -> tenPerSecond().maxPending(-1)).hasMessageContaining("maxPending: -1");
        assertThatThrownBy(() -> tenPerSecond().name(" ")).hasMessageContaining("name: ");
        RateLimiter limiter = tenPerSecond().build();
        assertThatThrownBy(() -> limiter.tryAcquire(0)).hasMessageContaining("permits: 0 (must be 1 or more)");
        assertThatThrownBy(() -> limiter.reserve(1, -1)).hasMessageContaining("maxWaitNanos: -1");
        assertThatThrownBy(() -> limiter.cancel(-3, 0)).hasMessageContaining("permits: -3");
        assertThatThrownBy(() -> limiter.acquire(1, Deadline.after(SECOND))).hasMessageContaining("deadline: ");
        assertThatThrownBy(RateLimiter::allOf).hasMessageContaining("limiters.length: 0");
        assertThatThrownBy(() -> RateLimiter.allOf(
                        limiter, RateLimiter.fixedWindow(1, SECOND).build()))
                .hasMessageContaining("limiters: ");
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Random policies, calls and peers in virtual time, each in both forms. Whatever happens: no more attempts than allowed, no
 * wait shorter than the backoff's or the peer's, nothing begun after the deadline or the longest time, and an end.
 */
class RetryPropertyTest {

    private static final int SEEDS = 400;

    /** What one attempt does. */
    private record Attempt(long takesMillis, Throwable failure) {

        static Attempt random(Random random) {
            long takes = random.nextInt(3) == 0 ? 0 : random.nextInt(40);
            return new Attempt(
                    takes,
                    switch (random.nextInt(6)) {
                        case 0 -> null;
                        case 1 -> new CancellationException("peer");
                        case 2 ->
                            new RejectedException(
                                    "peer", Reason.OVERLOADED, Duration.ofMillis(random.nextInt(120)), "");
                        default -> new IOException("peer");
                    });
        }

        long hintNanos() {
            return failure instanceof RejectedException rejected
                    ? rejected.retryAfter().toNanos()
                    : 0;
        }
    }

    private static final class Call {
        final CallRig rig = new CallRig();
        final Random random;
        final int maxAttempts;
        final long backoffNanos;
        final long maxElapsedNanos;
        final Deadline deadline;
        final List<Attempt> script = new ArrayList<>();
        final List<Long> begins = new ArrayList<>();
        final List<Long> ends = new ArrayList<>();
        final Retry retry;

        Call(long seed) {
            random = new Random(seed);
            maxAttempts = 1 + random.nextInt(6);
            long backoffMillis = random.nextInt(4) * 10L;
            backoffNanos = TimeUnit.MILLISECONDS.toNanos(backoffMillis);
            long maxElapsedMillis = 1L + random.nextInt(300);
            maxElapsedNanos = TimeUnit.MILLISECONDS.toNanos(maxElapsedMillis);
            deadline = random.nextBoolean() ? rig.in(1 + random.nextInt(200)) : rig.in(1_000_000);
            for (int i = 0; i < maxAttempts; i++) {
                script.add(Attempt.random(random));
            }
            Backoff backoff = backoffMillis == 0
                    ? Backoff.fixed(Duration.ZERO)
                    : Backoff.exponential(Duration.ofMillis(backoffMillis), Duration.ofMillis(4 * backoffMillis))
                            .withJitter(0.5);
            retry = Retry.builder()
                    .maxAttempts(maxAttempts)
                    .backoff(backoff)
                    .maxElapsed(Duration.ofMillis(maxElapsedMillis))
                    .random(random)
                    .timeSource(rig.clock)
                    .scheduler(rig.loop)
                    .parking(rig.parking)
                    .build();
        }

        Attempt begin() {
            begins.add(rig.time.nanoTime());
            return script.get(begins.size() - 1);
        }

        CompletionStage<String> beginStage() {
            Attempt attempt = begin();
            CompletableFuture<String> stage = new CompletableFuture<>();
            Runnable end = () -> {
                ends.add(rig.time.nanoTime());
                if (attempt.failure == null) {
                    stage.complete("answer");
                } else {
                    stage.completeExceptionally(attempt.failure);
                }
            };
            if (attempt.takesMillis == 0) {
                end.run();
            } else {
                rig.loop.schedule(end, attempt.takesMillis, TimeUnit.MILLISECONDS);
            }
            return stage;
        }

        String call() throws Exception {
            Attempt attempt = begin();
            rig.advance(attempt.takesMillis);
            ends.add(rig.time.nanoTime());
            if (attempt.failure instanceof Exception failure) {
                throw failure;
            }
            return "answer";
        }

        void check(String which) {
            assertThat(begins).as(which).isNotEmpty().hasSizeLessThanOrEqualTo(maxAttempts);
            long start = begins.get(0);
            for (int i = 1; i < begins.size(); i++) {
                long wait = begins.get(i) - ends.get(i - 1);
                long shortest = Math.max(backoffNanos << Math.min(i - 1, 2), 0) / 2;
                assertThat(wait).as(which).isGreaterThanOrEqualTo(shortest);
                assertThat(wait)
                        .as(which)
                        .isGreaterThanOrEqualTo(script.get(i - 1).hintNanos());
                assertThat(wait)
                        .as(which)
                        .isLessThanOrEqualTo(Math.max(
                                backoffNanos << Math.min(i - 1, 2),
                                script.get(i - 1).hintNanos()));
                assertThat(begins.get(i) - start).as(which).isLessThan(maxElapsedNanos);
                assertThat(begins.get(i) - deadline.nanos()).as(which).isNegative();
            }
        }
    }

    /**
     * Resilience4j issue 172: with each caller's own three attempts a peer that is down gets threefold the load. Asked
     * for again in 1565, of Polly in 2348, of failsafe-go in 66; and of Envoy in 10869, whose fixed number of retries does
     * not grow with the calls.
     */
    @Test
    void aPeerThatIsDownGetsNoMoreLoadThanTheBudgetAllows() {
        try (CallRig rig = new CallRig()) {
            RetryBudget budget = RetryBudget.builder()
                    .ratio(0.2)
                    .minPerSecond(1)
                    .ttl(Duration.ofSeconds(10))
                    .timeSource(rig.clock)
                    .build();
            int[] attempts = {0};
            int calls = 5_000;
            for (int i = 0; i < calls; i++) {
                Retry caller = Retry.builder()
                        .maxAttempts(3)
                        .backoff(Backoff.fixed(Duration.ofMillis(2)))
                        .budget(budget)
                        .timeSource(rig.clock)
                        .scheduler(rig.loop)
                        .build();
                caller.executeAsync(() -> {
                    attempts[0]++;
                    return CompletableFuture.failedFuture(new IOException("down"));
                });
                rig.advance(10);
            }

            double seconds = rig.elapsedMillis() / 1_000.0;
            double law = 0.2 * calls + (seconds + 15);
            assertThat((double) attempts[0] - calls).isBetween(0.9 * 0.2 * calls, law);
        }
    }

    @Test
    void holdsForStages() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Call call = new Call(seed);
            String which = "seed " + seed + ", stages";
            CompletableFuture<String> answer = call.retry.executeAsync(call::beginStage, call.deadline);
            long[] completedAt = {Long.MAX_VALUE};
            answer.whenComplete((result, failure) -> completedAt[0] = call.rig.time.nanoTime());
            call.rig.advance(2_000);

            call.check(which);
            assertThat(answer).as(which).isDone();
            assertThat(completedAt[0] - call.deadline.nanos()).as(which).isLessThanOrEqualTo(0);
            call.rig.close();
        }
    }

    @Test
    void holdsForThreads() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Call call = new Call(seed);
            String which = "seed " + seed + ", threads";
            Throwable failure = null;
            try {
                assertThat(call.retry.execute(call::call, call.deadline)).isEqualTo("answer");
            } catch (Exception thrown) {
                failure = thrown;
            }
            call.check(which);
            // As its last attempt ended, so did the call, and at that moment.
            assertThat(failure).as(which).isSameAs(call.script.get(call.begins.size() - 1).failure);
            assertThat(call.rig.time.nanoTime()).as(which).isEqualTo(call.ends.get(call.ends.size() - 1));
            call.rig.close();
        }
    }
}

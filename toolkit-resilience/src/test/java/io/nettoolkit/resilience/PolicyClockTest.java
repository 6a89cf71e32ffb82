package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.internal.breaker.BreakerClock;
import io.nettoolkit.resilience.internal.store.NoTimers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A policy does the same wherever the readings of its clock begin: at zero, below it, or so high that they wrap. Meanwhile
 * the clock stalls, and jumps by hours.
 *
 * <p>It is the one clock there is: in Resilience4j a clock of the user's took a wrapper of its internals (2234), and its time
 * windows, as those of Failsafe, went by the time of day, which is set back.
 */
class PolicyClockTest {

    private static final long SEED = 41;
    private static final int STEPS = 3_000;
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** One thing to do with a policy; answers what came of it. */
    @FunctionalInterface
    interface Use {
        Object once(Random random) throws Exception;
    }

    static Stream<Arguments> policies() {
        return Stream.of(
                policy("token bucket", time -> using(RateLimiter.tokenBucket(100, SECOND), time)),
                policy(
                        "leased bucket",
                        time -> using(RateLimiter.tokenBucket(100, SECOND).leased(8), time)),
                policy(
                        "warming up",
                        time -> using(RateLimiter.tokenBucket(100, SECOND).warmUp(Duration.ofSeconds(3)), time)),
                policy("leaky bucket", time -> using(RateLimiter.leakyBucket(100, SECOND), time)),
                policy("fixed window", time -> using(RateLimiter.fixedWindow(100, SECOND), time)),
                policy("sliding log", time -> using(RateLimiter.slidingWindowLog(100, SECOND), time)),
                policy("sliding counter", time -> using(RateLimiter.slidingWindowCounter(100, SECOND), time)),
                policy("keyed limiter", PolicyClockTest::keyed),
                policy("distributed limiter", time -> distributed(time, 0)),
                policy("distributed limiter, leased", time -> distributed(time, 10)),
                policy("retry budget", PolicyClockTest::budget),
                policy("circuit breaker", PolicyClockTest::breaker),
                policy("aimd limit", time -> adaptive(AdaptiveLimit.aimd(), time)),
                policy("vegas limit", time -> adaptive(AdaptiveLimit.vegas(), time)),
                policy("gradient limit", time -> adaptive(AdaptiveLimit.gradient(), time)),
                policy("load shedder", PolicyClockTest::shedder),
                policy("outlier detector", PolicyClockTest::outliers),
                moving("retry", PolicyClockTest::retry),
                moving("retry, asynchronous", PolicyClockTest::retryAsync),
                moving("bulkhead", PolicyClockTest::bulkhead),
                moving("time limit", PolicyClockTest::timeLimit),
                moving("hedge", PolicyClockTest::hedge));
    }

    private static Arguments policy(String name, Function<TimeSource, Use> policy) {
        return moving(name, clock -> policy.apply(clock.timeSource()));
    }

    /** One that waits, and whose use moves the clock itself. */
    private static Arguments moving(String name, Function<BreakerClock, Use> policy) {
        return Arguments.of(name, policy);
    }

    private static Use using(RateLimiter.Builder<?> builder, TimeSource time) {
        RateLimiter limiter = builder.timeSource(time).build();
        BiFunction<Integer, Long, Object> use = (dice, permits) -> switch (dice) {
            case 0 -> limiter.retryAfterNanos(permits);
            case 1 -> limiter.reserve(permits, 20_000_000);
            default -> limiter.tryAcquire(permits);
        };
        return random -> use.apply(random.nextInt(4), 1 + random.nextLong(3));
    }

    private static Use keyed(TimeSource time) {
        KeyedRateLimiter<String> limiter =
                KeyedRateLimiter.<String>builder(1, SECOND).timeSource(time).build();
        return random -> limiter.tryAcquire("key " + random.nextInt(10));
    }

    private static Use distributed(TimeSource time, int lease) {
        DistributedRateLimiter.Builder builder = DistributedRateLimiter.builder(
                        TokenStore.inProcess(time), "key", 100, SECOND, Outage.failClosed())
                .timeSource(time)
                .scheduler(new NoTimers());
        DistributedRateLimiter limiter = (lease == 0 ? builder : builder.leased(lease)).build();
        return random -> {
            Decision decision = limiter.tryAcquire(1 + random.nextLong(3)).get(20, TimeUnit.SECONDS);
            return decision.granted() + " " + decision.source();
        };
    }

    private static Use budget(TimeSource time) {
        RetryBudget budget =
                RetryBudget.builder().minPerSecond(3).timeSource(time).build();
        return random -> {
            if (random.nextInt(3) > 0) {
                budget.deposit();
            }
            return budget.tryWithdraw();
        };
    }

    private static Use breaker(TimeSource time) {
        CircuitBreaker breaker = CircuitBreaker.builder()
                .minimumCalls(5)
                .slowCalls(Duration.ofNanos(80), 0.9)
                .openTime(Duration.ofMillis(50), Duration.ofMillis(500))
                .random(new Random(1))
                .timeSource(time)
                .build();
        return random -> {
            long permit = breaker.tryAcquire();
            breaker.onResult(permit, random.nextInt(3) == 0 ? Outcome.FAILURE : Outcome.SUCCESS, random.nextInt(100));
            return breaker.state();
        };
    }

    private static Use adaptive(AdaptiveLimit.Builder builder, TimeSource time) {
        AdaptiveLimit limit = builder.initial(4).minSamples(2).timeSource(time).build();
        return random -> {
            Outcome outcome = random.nextInt(40) == 0 ? Outcome.OVERLOAD : Outcome.SUCCESS;
            long permit = limit.tryAcquire();
            limit.onResult(limit.tryAcquire(), outcome, 1_000 + random.nextInt(500));
            limit.onResult(permit, outcome, 1_000 + random.nextInt(500));
            return limit.limit();
        };
    }

    private static Use shedder(TimeSource time) {
        LoadShedder shedder = LoadShedder.builder()
                .priorities(3)
                .random(new Random(2))
                .timeSource(time)
                .build();
        return random -> {
            shedder.onQueueDelay(random.nextInt(20_000_000));
            boolean admitted = shedder.tryAdmit(random.nextInt(3));
            if (admitted && random.nextBoolean()) {
                shedder.onRejected();
            }
            return admitted + " " + shedder.stats().shedShare();
        };
    }

    private static Use outliers(TimeSource time) {
        OutlierDetector<String> detector = OutlierDetector.<String>builder()
                .random(new Random(3))
                .timeSource(time)
                .build();
        return random -> {
            detector.report("e" + random.nextInt(5), random.nextBoolean() ? Outcome.SUCCESS : Outcome.FAILURE);
            return detector.stats().ejected();
        };
    }

    /** Keeps delayed tasks until the test moves the clock to their time; on the test's thread. */
    private static final class ClockTimers extends ScheduledThreadPoolExecutor {

        private record Task(long dueNanos, Runnable task) {}

        private final BreakerClock clock;
        private final List<Task> tasks = new ArrayList<>();

        ClockTimers(BreakerClock clock) {
            super(0);
            this.clock = clock;
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            tasks.add(new Task(clock.nanoTime() + unit.toNanos(delay), task));
            return null;
        }

        void pass(Duration time) {
            clock.advance(time);
            for (int i = 0; i < tasks.size(); i++) {
                if (clock.nanoTime() - tasks.get(i).dueNanos() >= 0) {
                    tasks.remove(i--).task().run();
                }
            }
        }

        /** A random time, 50 ms at most. */
        void pass(Random random) {
            pass(Duration.ofNanos(random.nextLong(50_000_000)));
        }
    }

    private static Retry.Builder retries(BreakerClock clock) {
        return Retry.builder()
                .maxAttempts(4)
                .backoff(Backoff.exponential(Duration.ofMillis(10), SECOND).withJitter(0.5))
                .maxElapsed(Duration.ofMillis(60))
                .random(new Random(4))
                .timeSource(clock.timeSource());
    }

    private static Use retry(BreakerClock clock) {
        Retry retry = retries(clock)
                .parking((blocker, nanos) -> clock.advance(Duration.ofNanos(nanos)))
                .build();
        return random -> {
            try {
                return retry.<String>execute(() -> answerOf(random.nextInt(3)));
            } catch (IOException failure) {
                return failure.getMessage() + " " + retry.stats() + " " + clock.elapsedNanos();
            }
        };
    }

    private static String answerOf(int dice) throws IOException {
        if (dice > 0) {
            throw new IOException("down");
        }
        return "answer";
    }

    private static Use retryAsync(BreakerClock clock) {
        ClockTimers timers = new ClockTimers(clock);
        Retry retry = retries(clock).scheduler(timers).build();
        return random -> {
            CompletableFuture<String> answer = retry.executeAsync(() -> random.nextInt(3) > 0
                    ? CompletableFuture.failedFuture(new IOException("down"))
                    : CompletableFuture.completedFuture("answer"));
            for (int i = 0; i < 4; i++) {
                timers.pass(Duration.ofMillis(81));
            }
            return outcome(answer) + " " + retry.stats();
        };
    }

    /** Of a call that is over, or about to be told so by a loop. */
    private static String outcome(CompletableFuture<String> answer) throws Exception {
        try {
            return answer.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            return failure.getCause().getClass().getSimpleName();
        }
    }

    private static Use bulkhead(BreakerClock clock) {
        TimeSource time = clock.timeSource();
        Bulkhead bulkhead = Bulkhead.builder(1)
                .maxPending(1)
                .timeSource(time)
                .parking((blocker, nanos) -> clock.advance(Duration.ofNanos(1 + nanos / 2)))
                .build();
        return random -> {
            if (random.nextBoolean() && bulkhead.stats().inFlight() > 0) {
                bulkhead.release();
            }
            long before = clock.elapsedNanos();
            try {
                bulkhead.acquireBlocking(Deadline.after(Duration.ofMillis(20), time));
                return "acquired";
            } catch (RejectedException refused) {
                return refused.reason() + " after " + (clock.elapsedNanos() - before);
            }
        };
    }

    private static Use timeLimit(BreakerClock clock) {
        ClockTimers timers = new ClockTimers(clock);
        TimeLimit limit = TimeLimit.builder(Duration.ofMillis(25))
                .timeSource(clock.timeSource())
                .scheduler(timers)
                .build();
        return random -> {
            CompletableFuture<String> stage = new CompletableFuture<>();
            CompletableFuture<String> answer = limit.executeAsync(() -> stage);
            timers.pass(random);
            stage.complete("in time");
            return outcome(answer);
        };
    }

    private static Use hedge(BreakerClock clock) {
        ClockTimers timers = new ClockTimers(clock);
        Hedge hedge = Hedge.builder()
                .quantile(0.5)
                .maxExtra(0.3)
                .timeSource(clock.timeSource())
                .scheduler(timers)
                .build();
        return random -> {
            List<CompletableFuture<String>> stages = new ArrayList<>();
            CompletableFuture<String> answer = hedge.executeAsync(() -> {
                CompletableFuture<String> stage = new CompletableFuture<>();
                stages.add(stage);
                return stage;
            });
            timers.pass(random);
            stages.get(stages.size() - 1).complete("attempt " + stages.size());
            return outcome(answer) + " " + hedge.stats();
        };
    }

    private static String trace(Function<BreakerClock, Use> policy, long start) throws Exception {
        BreakerClock clock = new BreakerClock(start);
        Random random = new Random(SEED);
        Use use = policy.apply(clock);
        StringBuilder trace = new StringBuilder();
        for (int step = 0; step < STEPS; step++) {
            clock.advance(Duration.ofNanos(
                    switch (random.nextInt(100)) {
                        case 0 -> random.nextLong(10L * 3_600 * 1_000_000_000);
                        case 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 -> 0;
                        default -> random.nextLong(30_000_000);
                    }));
            trace.append(step).append(": ").append(use.once(random)).append('\n');
        }
        return trace.toString();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void doesTheSameWhereverTheReadingsBegin(String name, Function<BreakerClock, Use> policy) throws Exception {
        String expected = trace(policy, 0);
        assertThat(expected.lines()
                        .map(line -> line.substring(line.indexOf(' ')))
                        .distinct())
                .as("different things happen")
                .hasSizeGreaterThan(1);

        for (long start : new long[] {-1_000_000_007, Long.MAX_VALUE - 2_000_000_011, 1L << 40}) {
            assertThat(trace(policy, start)).as("seed %d, from %d", SEED, start).isEqualTo(expected);
        }
    }
}

package io.nettoolkit.resilience.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every limit does: 100 permits and a period of a minute, whatever the algorithm. */
class LimitContractTest {

    private static final int PERMITS = 100;
    private static final long MINUTE = 60_000_000_000L;
    private static final int THREADS = 8;

    static Stream<Arguments> limits() {
        return Stream.of(
                limit("token bucket", now -> TokenBucket.of(rate(now), PERMITS, now)),
                limit("leased bucket of batch 0", now -> LeasedBucket.of(rate(now), PERMITS, 0, now)),
                limit("fixed window", now -> new FixedWindow(PERMITS, MINUTE, now)),
                limit("sliding window log", now -> new SlidingLog(PERMITS, MINUTE, now)),
                limit("sliding window counter", now -> new SlidingCounter(PERMITS, MINUTE, now)),
                limit(
                        "all of two",
                        now -> new AllLimits(List.of(
                                limiter(new SlidingLog(PERMITS, MINUTE, now)),
                                limiter(TokenBucket.of(rate(now), PERMITS + 50, now))))));
    }

    private static TokenRate rate(long now) {
        return new TokenRate(PERMITS, MINUTE, now);
    }

    private static Limiter limiter(Limit limit) {
        return new Limiter(limit, new LimiterOptions("member", "limit", TimeSource.system(), null, 0, false));
    }

    private static Arguments limit(String name, LongFunction<Limit> limit) {
        return Arguments.of(name, limit);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void manyThreadsGetExactlyThePermitsThereAreWhileTheClockStands(String name, LongFunction<Limit> limits)
            throws Exception {
        for (int round = 0; round < 50; round++) {
            Limit limit = limits.apply(Long.MAX_VALUE);
            assertThat(onThreads(() -> {
                        int taken = 0;
                        for (int i = 0; i < PERMITS; i++) {
                            taken += limit.tryTake(1, Long.MAX_VALUE) ? 1 : 0;
                        }
                        return taken;
                    }))
                    .isEqualTo(PERMITS);
        }
    }

    static int onThreads(Callable<Integer> task) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                results.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            start.countDown();
            int sum = 0;
            for (Future<Integer> result : results) {
                sum += result.get();
            }
            return sum;
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void aCallCostsAllOrNothingAndNoMoreThanTheCapacity(String name, LongFunction<Limit> limits) {
        Limit limit = limits.apply(0);

        assertThat(limit.capacity()).isEqualTo(PERMITS);
        assertThat(limit.tryTake(PERMITS + 1, 0)).isFalse();
        assertThat(limit.take(PERMITS + 1, 0, MINUTE)).isEqualTo(Limit.NEVER);
        assertThat(limit.tryTake(60, 0)).isTrue();
        assertThat(limit.tryTake(41, 0)).isFalse();
        assertThat(limit.tryTake(40, 0)).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void theWaitItTellsIsTheShortestThatIsLongEnough(String name, LongFunction<Limit> limits) {
        long seed = 99;
        SplittableRandom random = new SplittableRandom(seed);
        long now = Long.MAX_VALUE - 3 * MINUTE;
        Limit limit = limits.apply(now);
        int waits = 0;
        for (int i = 0; i < 2_000; i++) {
            now += random.nextLong(MINUTE / 50);
            long cost = 1 + random.nextLong(10);
            long wait = limit.take(cost, now, -1);
            assertThat(limit.tryTake(cost, now)).as("seed %d, step %d", seed, i).isEqualTo(wait == 0);
            if (wait > 0) {
                waits++;
                assertThat(limit.take(cost, now + wait - 1, -1))
                        .as("seed %d, step %d", seed, i)
                        .isPositive();
                assertThat(limit.take(cost, now + wait, -1))
                        .as("seed %d, step %d", seed, i)
                        .isZero();
            }
        }
        assertThat(waits).isGreaterThan(100);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void aRefusalIsForgotten(String name, LongFunction<Limit> limits) {
        Limit asked = limits.apply(0);
        Limit left = limits.apply(0);
        for (Limit limit : List.of(asked, left)) {
            assertThat(limit.tryTake(95, 0)).isTrue();
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(asked.tryTake(6, i)).isFalse();
            assertThat(asked.take(50, i, 0)).isPositive();
        }
        assertThat(asked.take(20, 2000, -1)).isEqualTo(left.take(20, 2000, -1));
        assertThat(asked.tryTake(5, 2000)).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void whatIsGivenBackAtOnceIsThereAgain(String name, LongFunction<Limit> limits) {
        Limit limit = limits.apply(5);
        assertThat(limit.tryTake(30, 5)).isTrue();
        assertThat(limit.tryTake(70, 5)).isTrue();

        assertThat(limit.cancel(30, 5, 5)).isTrue();

        assertThat(limit.tryTake(31, 5)).isFalse();
        assertThat(limit.tryTake(30, 5)).isTrue();
        assertThat(limit.tryTake(1, 5)).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("limits")
    void aLongRestFillsItUpAndNoMore(String name, LongFunction<Limit> limits) {
        Limit limit = limits.apply(0);
        assertThat(limit.tryTake(PERMITS, 0)).isTrue();
        long years = 10L * 365 * 24 * 60 * MINUTE;

        assertThat(limit.tryTake(PERMITS, years)).isTrue();
        assertThat(limit.tryTake(1, years)).isFalse();
    }
}

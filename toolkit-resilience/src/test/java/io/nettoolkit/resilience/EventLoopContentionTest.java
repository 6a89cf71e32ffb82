package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Event loops that share a policy neither wait for a monitor nor park in it, however many of them are at it at once. In
 * peers they do: resilience4j #2122, #2151, #2224, #2343 (a lock for each call recorded, monitors that pin virtual threads),
 * Guava #6205 (a monitor for each permit), Vert.x' circuit breaker (PR #88: monitors).
 */
@ExtendWith(LeakCheck.class)
class EventLoopContentionTest {

    private static final int LOOPS = 4;
    private static final int CALLS = 20_000;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(LOOPS, LocalIoHandler.newFactory());

    @AfterEach
    void stop() throws Exception {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).get();
    }

    /** One thing to do with a policy that all loops share. */
    @FunctionalInterface
    interface Use {
        void once(Random random);
    }

    static Stream<Arguments> policies() {
        return Stream.of(
                limiter("token bucket", RateLimiter.tokenBucket(1_000_000, SECOND)),
                limiter(
                        "leased bucket",
                        RateLimiter.tokenBucket(1_000_000, SECOND).leased(10)),
                limiter("warming up", RateLimiter.tokenBucket(1_000_000, SECOND).warmUp(SECOND)),
                limiter("leaky bucket", RateLimiter.leakyBucket(1_000_000, SECOND)),
                limiter("fixed window", RateLimiter.fixedWindow(1_000_000, SECOND)),
                limiter("sliding log", RateLimiter.slidingWindowLog(1_000_000, SECOND)),
                limiter("sliding counter", RateLimiter.slidingWindowCounter(400_000, SECOND)),
                policy("all of two", allOf()),
                policy("keys that are new", keyed(1_000_000)),
                policy("keys that are known", keyed(10)),
                policy("circuit breaker", breaker(CircuitBreaker.builder())),
                policy(
                        "circuit breaker, count window",
                        breaker(CircuitBreaker.builder().countWindow(100))),
                policy("bulkhead", bulkhead()),
                policy("retry budget", budget()),
                policy("adaptive limit", adaptive()),
                policy("load shedder", shedder()),
                policy("outlier detector", outliers()),
                policy("store of one process, one key", store(1)),
                policy("store of one process, many keys", store(100_000)),
                policy("distributed limiter", distributed()));
    }

    private static Arguments policy(String name, Use use) {
        return Arguments.of(name, use);
    }

    private static Arguments limiter(String name, RateLimiter.Builder<?> builder) {
        RateLimiter limiter = builder.build();
        return policy(name, random -> {
            if (limiter.tryAcquire(1 + random.nextInt(3)) && random.nextInt(10) == 0) {
                limiter.cancel(1, TimeSource.system().nanoTime());
            }
            limiter.reserve(1, 1_000);
            limiter.retryAfterNanos(1);
        });
    }

    private static Use allOf() {
        RateLimiter limiter = RateLimiter.allOf(
                RateLimiter.tokenBucket(100_000, SECOND).build(),
                RateLimiter.slidingWindowLog(100_000, SECOND).build());
        return random -> limiter.tryAcquire();
    }

    private static Use keyed(int keys) {
        KeyedRateLimiter<byte[]> limiter = KeyedRateLimiter.<byte[]>builder(1, Duration.ofDays(1))
                .maxKeys(10_000)
                .build();
        return random -> {
            int key = random.nextInt(keys);
            limiter.tryAcquire(new byte[] {(byte) (key >> 16), (byte) (key >> 8), (byte) key});
        };
    }

    private static Use breaker(CircuitBreaker.Builder builder) {
        CircuitBreaker breaker =
                builder.openTime(Duration.ofMillis(1), Duration.ofMillis(2)).build();
        return random ->
                breaker.onResult(breaker.tryAcquire(), random.nextBoolean() ? Outcome.SUCCESS : Outcome.FAILURE, 1_000);
    }

    private static Use bulkhead() {
        Bulkhead bulkhead = Bulkhead.builder(2).build();
        return random -> {
            if (bulkhead.tryAcquire()) {
                bulkhead.release();
            }
        };
    }

    private static Use budget() {
        RetryBudget budget = RetryBudget.builder().build();
        return random -> {
            budget.deposit();
            budget.tryWithdraw();
        };
    }

    private static Use adaptive() {
        AdaptiveLimit limit = AdaptiveLimit.gradient().initial(2).minSamples(1).build();
        return random -> limit.onResult(
                limit.tryAcquire(),
                random.nextInt(50) == 0 ? Outcome.OVERLOAD : Outcome.SUCCESS,
                random.nextInt(5_000));
    }

    private static Use shedder() {
        LoadShedder shedder = LoadShedder.builder().priorities(3).build();
        return random -> {
            shedder.onQueueDelay(random.nextInt(20_000_000));
            if (shedder.tryAdmit(random.nextInt(3)) && random.nextBoolean()) {
                shedder.onRejected();
            }
        };
    }

    /** Of endpoints that it knows: one that is new is the business of the map they are in. */
    private static Use outliers() {
        OutlierDetector<Integer> detector = OutlierDetector.<Integer>builder()
                .consecutiveFailures(3)
                .interval(Duration.ofMillis(10))
                .build();
        for (int i = 0; i < 5; i++) {
            detector.report(i, Outcome.SUCCESS);
        }
        return random -> {
            detector.report(random.nextInt(5), random.nextBoolean() ? Outcome.SUCCESS : Outcome.FAILURE);
            detector.isEjected(random.nextInt(5));
        };
    }

    private static Use store(int keys) {
        TokenStore store = TokenStore.inProcess();
        TokenStore.Limit limit = new TokenStore.Limit(1_000, SECOND, 1_000);
        Deadline deadline = Deadline.after(Duration.ofDays(1));
        return random -> store.take("key " + random.nextInt(keys), limit, 1, 1, deadline);
    }

    private static Use distributed() {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        TokenStore.inProcess(), "key", 1_000_000, SECOND, Outage.localShare(1))
                .leased(1_000)
                .build();
        return random -> limiter.tryAcquireNow(1 + random.nextInt(2));
    }

    /** Has every loop use the policy at the same time; answers how often a loop was blocked, parked or made to wait. */
    private long waits(Use use, int calls, long seed) throws Exception {
        AtomicInteger ready = new AtomicInteger();
        List<Future<Long>> counts = new ArrayList<>();
        for (int i = 0; i < LOOPS; i++) {
            Random random = new Random(seed + i);
            EventLoop loop = (EventLoop) loops.next();
            counts.add(loop.submit(() -> {
                ready.incrementAndGet();
                while (ready.get() < LOOPS) {
                    Thread.onSpinWait();
                }
                long before = waitsSoFar();
                for (int call = 0; call < calls; call++) {
                    use.once(random);
                }
                return waitsSoFar() - before;
            }));
        }
        long sum = 0;
        for (Future<Long> count : counts) {
            sum += count.get(60, TimeUnit.SECONDS);
        }
        return sum;
    }

    @SuppressWarnings("deprecation") // threadId() is of JDK 19
    private static long waitsSoFar() {
        ThreadInfo info = THREADS.getThreadInfo(Thread.currentThread().getId());
        return info.getBlockedCount() + info.getWaitedCount();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void noLoopWaitsForAnother(String name, Use use) throws Exception {
        // What classes are loaded by has monitors.
        waits(use, CALLS / 10, 7);

        assertThat(waits(use, CALLS, 17)).as("%s, seed 17", name).isZero();
    }

    /** What the counts would be if they counted nothing. */
    @Test
    void theCountsSeeAMonitor() throws Exception {
        Object monitor = new Object();
        long waits = 0;
        for (int round = 0; round < 100 && waits == 0; round++) {
            waits = waits(
                    random -> {
                        synchronized (monitor) {
                            long sum = 0;
                            for (int i = 0; i < 1_000; i++) {
                                sum += random.nextInt();
                            }
                            assertThat(sum).isNotEqualTo(Long.MIN_VALUE);
                        }
                    },
                    100,
                    round);
        }
        assertThat(waits).isPositive();
    }
}

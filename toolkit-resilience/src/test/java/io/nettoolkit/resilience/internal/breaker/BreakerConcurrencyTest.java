package io.nettoolkit.resilience.internal.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same invariants with real threads. */
class BreakerConcurrencyTest {

    private static final int THREADS = 4;
    private static final long SECOND = 1_000_000_000;

    private final BreakerClock clock = new BreakerClock(5);

    private BreakerCore core(int probes, int minimumCalls, int windowCalls, Transitions.Sink sink) {
        Thresholds thresholds = new Thresholds(minimumCalls, 0.5, Thresholds.OFF);
        BreakerRules rules = new BreakerRules(probes, 30 * SECOND, SECOND, thresholds);
        Backoff openTime = Backoff.fixed(Duration.ofMillis(1));
        BreakerCore.Parts parts = new BreakerCore.Parts(rules, openTime, new Random(1), clock.timeSource());
        parts.windowNanos = 10 * SECOND;
        parts.windowCalls = windowCalls;
        parts.slowNanos = 5;
        return new BreakerCore(parts, sink);
    }

    private static void onAllThreads(int rounds, Callable<Void> round) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Void>> done = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                done.add(threads.submit(() -> {
                    for (int i = 0; i < rounds; i++) {
                        round.call();
                    }
                    return null;
                }));
            }
            for (Future<Void> thread : done) {
                thread.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100_000})
    void noResultIsLostFromTheWindow(int windowCalls) throws Exception {
        BreakerCore breaker = core(1, 1_000_000, windowCalls, (from, to) -> {});
        int rounds = 20_000;

        onAllThreads(rounds, () -> {
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, 0);
            breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 9);
            return null;
        });

        int calls = 2 * THREADS * rounds;
        assertThat(breaker.stats().windowCalls()).isEqualTo(windowCalls == 0 ? calls : Math.min(calls, windowCalls));
        assertThat(breaker.stats().succeeded()).isEqualTo(calls / 2);
        assertThat(breaker.stats().failed()).isEqualTo(calls / 2);
        assertThat(breaker.stats().slow()).isEqualTo(calls / 2);
        if (windowCalls == 0) {
            assertThat(breaker.stats().windowFailed()).isEqualTo(calls / 2);
            assertThat(breaker.stats().windowSlow()).isEqualTo(calls / 2);
        }
    }

    @Test
    void noResultIsLostWhileBucketsFollowEachOther() throws Exception {
        BreakerCore breaker = core(1, 1_000_000, 0, (from, to) -> {});
        int rounds = 20_000;

        onAllThreads(rounds, () -> {
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, 0);
            clock.advance(Duration.ofMillis(100));
            return null;
        });

        assertThat(breaker.stats().succeeded()).isEqualTo((long) THREADS * rounds);
    }

    @Test
    void noMoreProbesRunThanAllowedAndNoScheduleLeavesItStuck() throws Exception {
        int probes = 2;
        AtomicIntegerArray running = new AtomicIntegerArray(1 << 20);
        AtomicInteger most = new AtomicInteger();
        BreakerCore breaker = core(probes, 2, 0, (from, to) -> {});
        AtomicLong seed = new AtomicLong(1);
        ThreadLocal<Random> random = ThreadLocal.withInitial(() -> new Random(seed.incrementAndGet()));

        onAllThreads(30_000, () -> {
            long permit = breaker.tryAcquire();
            if (permit < 0) {
                clock.advance(Duration.ofMillis(1));
                return null;
            }
            if (BreakerWord.state(permit) == State.HALF_OPEN) {
                int generation = BreakerWord.generation(permit);
                most.accumulateAndGet(running.incrementAndGet(generation), Math::max);
                Thread.onSpinWait();
                running.decrementAndGet(generation);
            }
            int dice = random.get().nextInt(4);
            Outcome outcome = dice == 0 ? Outcome.IGNORED : dice == 1 ? Outcome.SUCCESS : Outcome.FAILURE;
            breaker.onResult(permit, outcome, 0);
            return null;
        });

        assertThat(most).hasPositiveValue().hasValueLessThanOrEqualTo(probes);
        assertThat(breaker.stats().opened()).isGreaterThan(10);
        clock.advance(Duration.ofSeconds(70));
        for (int i = 0; breaker.state() != State.CLOSED; i++) {
            assertThat(i).as("calls until it closed").isLessThan(100);
            clock.advance(Duration.ofSeconds(1));
            breaker.onResult(breaker.tryAcquire(), Outcome.SUCCESS, 0);
        }
    }

    @Test
    void theListenerHearsOfTransitionsInTheirOrderAndOneAtATime() throws Exception {
        List<State> heard = new ArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        BreakerCore breaker = core(1, 1, 0, (from, to) -> {
            if (inside.incrementAndGet() != 1) {
                wrong.incrementAndGet();
            }
            if (!heard.isEmpty() && heard.get(heard.size() - 1) != from) {
                wrong.incrementAndGet();
            }
            heard.add(to);
            inside.decrementAndGet();
        });

        AtomicInteger turn = new AtomicInteger();
        onAllThreads(20_000, () -> {
            switch (turn.incrementAndGet() % 4) {
                case 0 -> breaker.force(State.FORCED_OPEN);
                case 1 -> breaker.force(State.CLOSED);
                case 2 -> breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
                default -> clock.advance(Duration.ofMillis(1));
            }
            return null;
        });

        assertThat(wrong).hasValue(0);
        assertThat(heard.size()).isEqualTo(BreakerWord.generation(breaker.word()));
        assertThat(heard.get(heard.size() - 1)).isEqualTo(breaker.state());
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdaptiveLimitTest {

    private static final long MILLI = 1_000_000;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final List<String> changes = new ArrayList<>();

    static Stream<Supplier<AdaptiveLimit.Builder>> rules() {
        return Stream.of(AdaptiveLimit::aimd, AdaptiveLimit::vegas, AdaptiveLimit::gradient);
    }

    private AdaptiveLimit build(AdaptiveLimit.Builder builder) {
        return builder.timeSource(TimeSource.of(ticker))
                .listener(new AdaptiveLimit.Listener() {
                    @Override
                    public void onLimitChange(int from, int to) {
                        changes.add(from + "->" + to);
                    }
                })
                .build();
    }

    /** One window of calls, {@code atOnce} of them under way together. */
    private void window(AdaptiveLimit limit, int atOnce, Outcome outcome, long rttNanos) {
        for (int round = 0; round < 10; round++) {
            long[] permits = new long[atOnce];
            for (int i = 0; i < atOnce; i++) {
                permits[i] = limit.tryAcquire();
            }
            ticker.advance(20, TimeUnit.MILLISECONDS);
            for (long permit : permits) {
                limit.onResult(permit, outcome, rttNanos);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void letsInAsManyAsTheLimitAndNotOneMore(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get().initial(3));

        assertThat(limit.tryAcquire()).isNotNegative();
        assertThat(limit.tryAcquire()).isNotNegative();
        long third = limit.tryAcquire();
        assertThat(limit.tryAcquire()).isNegative();
        assertThat(limit.inFlight()).isEqualTo(3);

        limit.onResult(third, Outcome.SUCCESS, MILLI);
        assertThat(limit.tryAcquire()).isNotNegative();
        assertThat(limit.stats().refused()).isEqualTo(1);
    }

    @Test
    void aRefusedPermitGivesNothingBack() {
        AdaptiveLimit limit = build(AdaptiveLimit.aimd().initial(1));
        limit.tryAcquire();

        limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, MILLI);

        assertThat(limit.inFlight()).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void growsWhileCallsAreQuickAndTheLimitIsUsed(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get());

        window(limit, 20, Outcome.SUCCESS, MILLI);

        assertThat(limit.limit()).isGreaterThan(20);
        assertThat(changes).isNotEmpty();
        assertThat(changes.get(0)).startsWith("20->");
    }

    @ParameterizedTest
    @MethodSource("rules")
    void doesNotGrowWhileLessThanHalfOfItIsUsed(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get());

        for (int i = 0; i < 20; i++) {
            window(limit, 9, Outcome.SUCCESS, MILLI);
        }

        assertThat(limit.limit()).isEqualTo(20);
        assertThat(changes).isEmpty();
    }

    /** Netflix/concurrency-limits #137: a service that only times out looked steady, and the limit climbed to its maximum. */
    @ParameterizedTest
    @MethodSource("rules")
    void shrinksToItsMinimumOnSteadyTimeouts(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get().timeout(Duration.ofMillis(500)).min(2));

        for (int i = 0; i < 100; i++) {
            window(limit, limit.limit(), Outcome.FAILURE, 500 * MILLI);
        }

        assertThat(limit.limit()).isEqualTo(2);
        assertThat(limit.stats().failed()).isZero();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void doesNotMoveOnFailures(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get());

        for (int i = 0; i < 20; i++) {
            window(limit, 20, Outcome.FAILURE, MILLI);
        }

        assertThat(changes).isEmpty();
        assertThat(limit.stats().failed()).isEqualTo(20 * 20 * 10);
    }

    /** Netflix/concurrency-limits #176: calls that were dropped counted for nothing. */
    @ParameterizedTest
    @MethodSource("rules")
    void shrinksByAFactorOnOverloadHoweverQuickTheCallsAre(Supplier<AdaptiveLimit.Builder> rule) {
        AdaptiveLimit limit = build(rule.get().initial(100).decrease(0.5));
        for (int i = 0; i < 99; i++) {
            limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, MILLI);
        }
        ticker.advance(100, TimeUnit.MILLISECONDS);

        limit.onResult(limit.tryAcquire(), Outcome.OVERLOAD, 1);

        assertThat(limit.limit()).isEqualTo(50);
    }

    @Test
    void oneBurstOfRefusalsIsOneDecrease() {
        AdaptiveLimit limit = build(AdaptiveLimit.aimd().initial(100).decrease(0.5));
        long[] permits = new long[100];
        for (int i = 0; i < 100; i++) {
            permits[i] = limit.tryAcquire();
        }
        for (int i = 0; i < 100; i++) {
            ticker.advance(10, TimeUnit.MILLISECONDS);
            limit.onResult(permits[i], Outcome.OVERLOAD, MILLI);
        }

        assertThat(changes).containsExactly("100->50");
    }

    @Test
    void staysWithinItsBounds() {
        AdaptiveLimit limit = build(AdaptiveLimit.gradient().initial(20).min(15).max(25));

        for (int i = 0; i < 50; i++) {
            window(limit, limit.limit(), Outcome.SUCCESS, MILLI);
        }
        assertThat(limit.limit()).isEqualTo(25);
        for (int i = 0; i < 50; i++) {
            window(limit, limit.limit(), Outcome.OVERLOAD, MILLI);
        }
        assertThat(limit.limit()).isEqualTo(15);
    }

    @Test
    void doesNotMoveOnTooFewResults() {
        AdaptiveLimit limit = build(AdaptiveLimit.aimd().initial(1).minSamples(50));

        for (int i = 0; i < 49; i++) {
            ticker.advance(1, TimeUnit.SECONDS);
            limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, MILLI);
        }
        assertThat(changes).isEmpty();

        ticker.advance(1, TimeUnit.SECONDS);
        limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, MILLI);
        assertThat(changes).containsExactly("1->2");
    }

    /** Netflix/concurrency-limits PR #125: quick health checks spoiled the samples of a service with few calls. */
    @Test
    void ignoredCallsLeaveNoTrace() {
        AdaptiveLimit limit = build(AdaptiveLimit.gradient());
        window(limit, 15, Outcome.SUCCESS, 10 * MILLI);
        int before = limit.limit();
        changes.clear();

        for (int i = 0; i < 50; i++) {
            window(limit, 1, Outcome.IGNORED, 1);
        }

        assertThat(limit.limit()).isEqualTo(before);
        assertThat(changes).isEmpty();
        assertThat(limit.stats().ignored()).isEqualTo(500);
    }

    @Test
    void countsEachEndOnce() {
        AdaptiveLimit limit = build(AdaptiveLimit.aimd());
        for (Outcome outcome : Outcome.values()) {
            limit.onResult(limit.tryAcquire(), outcome, MILLI);
        }
        limit.tryAcquire();

        assertThat(limit.stats()).isEqualTo(new AdaptiveLimit.Stats(20, 1, 1, 1, 1, 1, 0));
    }

    @Test
    void neverLetsMoreInThanTheLimitWhateverTheThreads() throws Exception {
        AdaptiveLimit limit = AdaptiveLimit.aimd().initial(3).max(3).build();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier barrier = new CyclicBarrier(4);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                try {
                    barrier.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int n = 0; n < 100_000; n++) {
                    long permit = limit.tryAcquire();
                    if (permit >= 0) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        limit.onResult(permit, Outcome.SUCCESS, 1);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(most.get()).isLessThanOrEqualTo(3);
        assertThat(limit.inFlight()).isZero();
    }

    @Test
    void bearsAListenerThatThrows() {
        AdaptiveLimit limit = AdaptiveLimit.aimd()
                .timeSource(TimeSource.of(ticker))
                .listener(new AdaptiveLimit.Listener() {
                    @Override
                    public void onLimitChange(int from, int to) {
                        throw new IllegalStateException("broken");
                    }
                })
                .build();

        window(limit, 20, Outcome.SUCCESS, MILLI);
        window(limit, 20, Outcome.SUCCESS, MILLI);

        assertThat(limit.limit()).isGreaterThan(22);
    }

    @Test
    void showsItsOptions() {
        assertThat(AdaptiveLimit.vegas().name("orders").max(40).build())
                .hasToString("AdaptiveLimit[orders, vegas, initial 20, min 1, max 40, window PT0.1S, minSamples 10,"
                        + " timeout PT5S, decrease 0.9, tolerance 1.1]");
    }

    @Test
    void takesItsOptionsToTheirBounds() {
        AdaptiveLimit.Builder builder = AdaptiveLimit.gradient()
                .window(Duration.ofMillis(50))
                .tolerance(10)
                .classifier(Classifier.defaults());
        assertThat(builder.build()).asString().contains("window PT0.05S").endsWith("tolerance 10.0]");
        assertThat(builder.tolerance(1).build()).asString().endsWith("tolerance 1.0]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.tolerance(10.1))
                .withMessage("tolerance: 10.1 (must be 1 to 10)");
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        AdaptiveLimit.Builder builder = AdaptiveLimit.gradient();
        assertThatIllegalArgumentException().isThrownBy(() -> builder.min(0)).withMessageContaining("min: 0 (");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.max(0)).withMessageContaining("max: 0 (");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.initial(-1))
                .withMessageContaining("initial: -1 (");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.minSamples(0))
                .withMessageContaining("minSamples");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.window(Duration.ZERO))
                .withMessageContaining("window: PT0S (");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ofSeconds(-1)));
        for (double wrong : new double[] {0, 1, -1, Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.decrease(wrong))
                    .withMessageContaining("decrease: " + wrong);
        }
        for (double wrong : new double[] {0.9, 11, Double.NaN}) {
            assertThatIllegalArgumentException().isThrownBy(() -> builder.tolerance(wrong));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> builder.name(" "));
        assertThatNullPointerException()
                .isThrownBy(() -> builder.listener(null))
                .withMessageContaining("listener");
        assertThatNullPointerException().isThrownBy(() -> builder.classifier(null));
        assertThatNullPointerException().isThrownBy(() -> builder.timeSource(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AdaptiveLimit.aimd().initial(5).max(4).build())
                .withMessage("initial: 5 (must be from min, 1, to max, 4)");
    }
}

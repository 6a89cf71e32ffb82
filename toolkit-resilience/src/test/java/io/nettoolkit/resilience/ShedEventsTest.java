package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recording hears of each refused call once, in whatever form the policy was asked, and of no call that went ahead. */
class ShedEventsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Callable<String> CALL = () -> "made";
    private static final Supplier<CompletionStage<String>> STAGE = () -> CompletableFuture.completedFuture("made");

    private final MockTicker ticker = Ticker.newMockTicker();
    private final TimeSource clock = TimeSource.of(ticker);

    /** What to ask of a policy that refuses. */
    @FunctionalInterface
    private interface Use<P> {
        void of(P policy) throws Exception;
    }

    private final List<String> expected = new ArrayList<>();
    private final List<Runnable> uses = new ArrayList<>();

    @TempDir
    Path directory;

    /** Has a policy of its own used in the recording, which the refusal is expected to name. */
    private <P> void refusal(String form, String reason, Function<String, P> policy, Use<P> use) {
        expected.add(form + ": " + reason);
        letThrough(form, policy, use);
    }

    private <P> void letThrough(String form, Function<String, P> policy, Use<P> use) {
        P refusing = policy.apply("recorded " + form);
        uses.add(() -> {
            try {
                use.of(refusing);
            } catch (RejectedExecutionException asExpected) {
                // What is recorded.
            } catch (Exception e) {
                throw new AssertionError(form, e);
            }
        });
    }

    private void assertRecordedAsExpected() throws Exception {
        List<String> recorded = PolicyRecording.of(directory, () -> uses.forEach(Runnable::run)).stream()
                .filter(PolicyRecording::isShed)
                .map(event ->
                        event.getString("policy").substring("recorded ".length()) + ": " + event.getString("reason"))
                .toList();
        assertThat(recorded).containsExactlyInAnyOrderElementsOf(expected);
    }

    private Deadline soon() {
        return Deadline.after(Duration.ofMillis(1), clock);
    }

    private Pipeline.Builder pipeline() {
        return Pipeline.builder().timeSource(clock);
    }

    /** One that makes the call, and one that is asked by hand. */
    private <P> void refusalsOfPipelines(
            String reason, Function<String, P> policy, BiFunction<Pipeline.Builder, P, Pipeline.Builder> with) {
        refusal(
                "pipeline",
                reason,
                policy,
                it -> with.apply(pipeline(), it).build().execute(CALL));
        refusal("by hand", reason, policy, it -> {
            Pipeline.Attempt attempt = with.apply(pipeline(), it).build().newAttempt();
            assertThat(attempt.tryBegin()).isFalse();
            throw attempt.refusal();
        });
    }

    private RateLimiter spent(RateLimiter.Builder<?> builder, String name) {
        RateLimiter limiter = builder.name(name).timeSource(clock).build();
        assertThat(limiter.tryAcquire()).isTrue();
        return limiter;
    }

    @Test
    void ofARateLimiter() throws Exception {
        Function<String, RateLimiter> limiter = name -> spent(RateLimiter.tokenBucket(1, SECOND), name);
        String reason = "RATE_LIMITED";
        refusal("tryAcquire", reason, limiter, RateLimiter::tryAcquire);
        refusal("tryAcquire more", reason, limiter, it -> it.tryAcquire(2));
        refusal("reserve", reason, limiter, it -> it.reserve(1, 0));
        refusal("acquire", reason, limiter, it -> it.acquire(1, soon()));
        refusal("acquireBlocking", reason, limiter, it -> it.acquireBlocking(1, soon()));
        refusal("execute", reason, limiter, it -> it.execute(CALL));
        refusal("executeAsync", reason, limiter, it -> it.executeAsync(STAGE));
        refusalsOfPipelines(reason, limiter, Pipeline.Builder::rateLimiter);
        refusal(
                "all of",
                reason,
                name -> RateLimiter.allOf(limiter.apply(name), limiter.apply(name)),
                RateLimiter::tryAcquire);
        refusal(
                "no place to wait",
                "PENDING_LIMIT",
                name -> {
                    RateLimiter full = spent(RateLimiter.tokenBucket(1, SECOND).maxPending(1), name);
                    assertThat(full.acquire(1, Deadline.after(SECOND, clock))).isNotDone();
                    return full;
                },
                it -> it.acquire(1, Deadline.after(Duration.ofSeconds(5), clock)));

        assertRecordedAsExpected();
    }

    @Test
    void ofAKeyedRateLimiter() throws Exception {
        Function<String, KeyedRateLimiter<String>> limiter = name -> {
            KeyedRateLimiter<String> spent = KeyedRateLimiter.<String>builder(1, SECOND)
                    .name(name)
                    .timeSource(clock)
                    .build();
            assertThat(spent.tryAcquire("key")).isTrue();
            return spent;
        };
        String reason = "RATE_LIMITED";
        refusal("tryAcquire", reason, limiter, it -> it.tryAcquire("key"));
        refusal("tryAcquire more", reason, limiter, it -> it.tryAcquire("key", 2));
        refusal("execute", reason, limiter, it -> it.execute("key", CALL));
        refusal("executeAsync", reason, limiter, it -> it.executeAsync("key", STAGE));

        assertRecordedAsExpected();
    }

    private DistributedRateLimiter.Builder distributed(TokenStore store, String name) {
        return DistributedRateLimiter.builder(store, "key", 1, SECOND, Outage.failClosed())
                .name(name)
                .timeSource(clock);
    }

    @Test
    void ofADistributedRateLimiter() throws Exception {
        Function<String, DistributedRateLimiter> spent = name -> {
            DistributedRateLimiter limiter =
                    distributed(TokenStore.inProcess(clock), name).build();
            assertThat(limiter.tryAcquire().join().granted()).isTrue();
            return limiter;
        };
        Function<String, DistributedRateLimiter> refusedBefore = name -> {
            DistributedRateLimiter limiter = spent.apply(name);
            assertThat(limiter.tryAcquire().join().granted()).isFalse();
            return limiter;
        };
        Function<String, DistributedRateLimiter> withoutStore = name -> {
            TokenStore broken =
                    (key, limit, unit, count, deadline) -> CompletableFuture.failedFuture(new IOException("gone"));
            DistributedRateLimiter limiter = distributed(broken, name).leased(1).build();
            for (int i = 0; i < 3; i++) {
                limiter.tryAcquire();
            }
            assertThat(limiter.stats().storeAway()).isTrue();
            return limiter;
        };
        String reason = "RATE_LIMITED";
        refusal("by the store", reason, spent, it -> assertThat(source(it)).isEqualTo(Source.STORE));
        refusal(
                "from the cache",
                reason,
                refusedBefore,
                it -> assertThat(source(it)).isEqualTo(Source.CACHE));
        refusal(
                "without the store",
                reason,
                withoutStore,
                it -> assertThat(source(it)).isEqualTo(Source.FALLBACK));
        refusal("now, without the store", reason, withoutStore, it -> it.tryAcquireNow(1));
        refusal("execute", reason, spent, it -> it.execute(CALL));
        refusal("executeAsync", reason, spent, it -> it.executeAsync(STAGE));

        assertRecordedAsExpected();
    }

    private static Source source(DistributedRateLimiter limiter) {
        return limiter.tryAcquire().join().source();
    }

    @Test
    void ofAnAdaptiveLimit() throws Exception {
        Function<String, AdaptiveLimit> full = name -> {
            AdaptiveLimit limit =
                    AdaptiveLimit.aimd().name(name).initial(1).timeSource(clock).build();
            assertThat(limit.tryAcquire()).isNotNegative();
            return limit;
        };
        String reason = "OVERLOADED";
        refusal("tryAcquire", reason, full, AdaptiveLimit::tryAcquire);
        refusal("execute", reason, full, it -> it.execute(CALL));
        refusal("executeAsync", reason, full, it -> it.executeAsync(STAGE));
        refusalsOfPipelines(reason, full, Pipeline.Builder::adaptiveLimit);

        assertRecordedAsExpected();
    }

    @Test
    void ofALoadShedder() throws Exception {
        Function<String, LoadShedder> shedding = name -> {
            LoadShedder shedder = LoadShedder.builder()
                    .name(name)
                    .priorities(2)
                    .withoutClientThrottle()
                    .timeSource(clock)
                    .build();
            shedder.tryAdmit(1);
            for (int interval = 0; interval < 2; interval++) {
                shedder.onQueueDelay(Duration.ofMillis(20).toNanos());
                ticker.advance(100, TimeUnit.MILLISECONDS);
                shedder.tryAdmit(0);
            }
            return shedder;
        };
        String reason = "OVERLOADED";
        refusal("tryAdmit", reason, shedding, it -> it.tryAdmit(1));
        refusal("execute", reason, shedding, it -> it.execute(1, CALL));
        refusal("executeAsync", reason, shedding, it -> it.executeAsync(1, STAGE));
        refusalsOfPipelines(reason, shedding, (pipeline, it) -> pipeline.loadShedder(it, 1));

        assertRecordedAsExpected();
    }

    @Test
    void ofABulkhead() throws Exception {
        Function<String, Bulkhead> full = name -> {
            Bulkhead bulkhead = Bulkhead.builder(1).name(name).timeSource(clock).build();
            assertThat(bulkhead.tryAcquire()).isTrue();
            return bulkhead;
        };
        String reason = "BULKHEAD_FULL";
        refusal("tryAcquire", reason, full, Bulkhead::tryAcquire);
        refusal("acquire", reason, full, it -> it.acquire(soon()));
        refusal("acquireBlocking", reason, full, it -> it.acquireBlocking(soon()));
        refusal("execute", reason, full, it -> it.execute(CALL));
        refusal("executeAsync", reason, full, it -> it.executeAsync(STAGE));
        refusalsOfPipelines(reason, full, Pipeline.Builder::bulkhead);
        refusal(
                "pipeline, async",
                reason,
                full,
                it -> pipeline().bulkhead(it).build().executeAsync(STAGE));

        assertRecordedAsExpected();
    }

    @Test
    void ofACircuitBreaker() throws Exception {
        Function<String, CircuitBreaker> open = name -> {
            CircuitBreaker breaker =
                    CircuitBreaker.builder().name(name).timeSource(clock).build();
            breaker.forceOpen();
            return breaker;
        };
        String reason = "CIRCUIT_OPEN";
        refusal("tryAcquire", reason, open, CircuitBreaker::tryAcquire);
        refusal("execute", reason, open, it -> it.execute(CALL));
        refusal("executeAsync", reason, open, it -> it.executeAsync(STAGE));
        refusalsOfPipelines(reason, open, Pipeline.Builder::circuitBreaker);

        assertRecordedAsExpected();
    }

    /** In shadow mode a policy counts, and refuses nobody. */
    @Test
    void ofNobodyWhomAShadowLetsThrough() throws Exception {
        Function<String, RateLimiter> limiter =
                name -> spent(RateLimiter.tokenBucket(1, SECOND).shadow(true), name);
        letThrough("tryAcquire", limiter, it -> assertThat(it.tryAcquire()).isTrue());
        letThrough("reserve", limiter, it -> assertThat(it.reserve(1, 0)).isZero());
        letThrough("acquire", limiter, it -> assertThat(it.acquire(1, soon())).isCompleted());
        letThrough("acquireBlocking", limiter, it -> it.acquireBlocking(1, soon()));
        letThrough("execute", limiter, it -> assertThat(it.execute(CALL)).isEqualTo("made"));
        Function<String, KeyedRateLimiter<String>> keyed = name -> {
            KeyedRateLimiter<String> spent = KeyedRateLimiter.<String>builder(1, SECOND)
                    .name(name)
                    .shadow(true)
                    .timeSource(clock)
                    .build();
            assertThat(spent.tryAcquire("key")).isTrue();
            return spent;
        };
        letThrough("keyed", keyed, it -> assertThat(it.tryAcquire("key")).isTrue());
        letThrough(
                "breaker",
                name -> {
                    CircuitBreaker breaker = CircuitBreaker.builder()
                            .name(name)
                            .shadow(true)
                            .consecutiveFailures(1)
                            .timeSource(clock)
                            .build();
                    breaker.onResult(breaker.tryAcquire(), Outcome.FAILURE, 0);
                    return breaker;
                },
                it -> assertThat(it.tryAcquire()).isNotNegative());

        assertRecordedAsExpected();
    }
}

package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.testkit.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What users hand in may throw: the policy goes on as if it had not, and calls end as they would have. */
class UserCodeTest {

    private static final Classifier BROKEN = (result, failure) -> {
        throw new IllegalStateException("the classifier");
    };

    private final CallRig rig = new CallRig();

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void anAdaptiveLimitTakesABrokenClassifiersWordForAFailure() throws Exception {
        AdaptiveLimit limit = AdaptiveLimit.vegas().classifier(BROKEN).build();

        assertThat(limit.<String>execute(() -> "sync")).isEqualTo("sync");
        assertThat(limit.executeAsync(() -> CompletableFuture.completedFuture("async")))
                .isCompletedWithValue("async");

        assertThat(limit.stats().failed()).isEqualTo(2);
        assertThat(limit.inFlight()).isZero();
    }

    @Test
    void aShedderBearsItsClassifierAndItsListener() throws Exception {
        LoadShedder shedder = LoadShedder.builder()
                .classifier(BROKEN)
                .listener(new LoadShedder.Listener() {
                    @Override
                    public void onShedChange(double before, double now) {
                        throw new IllegalStateException("the listener");
                    }
                })
                .random(() -> 0)
                .timeSource(rig.clock)
                .build();

        assertThat(shedder.<String>execute(() -> "value")).isEqualTo("value");
        assertThat(shedder.stats().accepted()).as("a failure was taken on").isEqualTo(1);
        shedder.onQueueDelay(1_000_000_000);
        rig.advance(100);
        assertThat(shedder.tryAdmit(0)).isFalse();
    }

    @Test
    void aHedgeBearsItsClassifier() {
        Hedge hedge = Hedge.builder()
                .classifier(BROKEN)
                .timeSource(rig.clock)
                .scheduler(rig.loop)
                .build();
        CompletableFuture<String> call = new CompletableFuture<>();

        CompletableFuture<String> answer = hedge.executeAsync(() -> call);
        call.complete("value");

        assertThat(answer).isCompletedWithValue("value");
    }

    @Test
    void aDistributedLimiterBearsItsListener() throws Exception {
        boolean[] down = {true};
        try (ManualTime time = ManualTime.create()) {
            TokenStore store = (key, limit, unit, count, deadline) -> down[0]
                    ? CompletableFuture.failedFuture(new IOException("down"))
                    : CompletableFuture.completedFuture(new TokenStore.Grant(count, 0, Duration.ZERO, Duration.ZERO));
            DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                            store, "key", 10, Duration.ofSeconds(1), Outage.failOpen())
                    .listener(new DistributedRateLimiter.Listener() {
                        @Override
                        public void onStoreLost(Throwable cause) {
                            throw new IllegalStateException("lost");
                        }

                        @Override
                        public void onStoreBack() {
                            throw new IllegalStateException("back");
                        }
                    })
                    .timeSource(TimeSource.of(time.ticker()))
                    .scheduler(time.executor())
                    .build();
            for (int i = 0; i < 4; i++) {
                assertThat(limiter.tryAcquire().get().granted()).isTrue();
            }
            assertThat(limiter.stats().storeAway()).isTrue();

            down[0] = false;
            time.advance(Duration.ofMillis(100));
            limiter.tryAcquire().get();
            assertThat(limiter.stats().storeAway()).isFalse();
        }
    }

    /** Nothing was decided, so its caller hears of it. */
    @Test
    void aHashThatThrowsReachesTheCallerAndTakesNothing() {
        KeyedRateLimiter<Integer> limiter = KeyedRateLimiter.<Integer>builder(1, Duration.ofDays(1))
                .hash(key -> 10 / key)
                .build();

        assertThatThrownBy(() -> limiter.tryAcquire(0)).isInstanceOf(ArithmeticException.class);
        assertThat(limiter.stats().granted() + limiter.stats().refused()).isZero();
        assertThat(limiter.tryAcquire(5)).isTrue();
    }

    @Test
    void anOutcomeOfNullIsAFailure() throws Exception {
        CircuitBreaker breaker =
                CircuitBreaker.builder().classifier((result, failure) -> null).build();

        breaker.execute(() -> "value");

        assertThat(breaker.stats().failed()).isEqualTo(1);
    }
}

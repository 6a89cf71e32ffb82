package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The primitives allocate nothing, whether they say yes or no. */
class AdaptiveAllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WARM_UP = 200_000;
    private static final int CALLS = 1_000_000;

    private static double bytesPerCall(Runnable call) {
        for (int i = 0; i < WARM_UP; i++) {
            call.run();
        }
        @SuppressWarnings("deprecation") // threadId() is of JDK 19
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        for (int i = 0; i < CALLS; i++) {
            call.run();
        }
        return (double) (THREADS.getThreadAllocatedBytes(thread) - before) / CALLS;
    }

    static Stream<AdaptiveLimit> limits() {
        return Stream.of(AdaptiveLimit.aimd(), AdaptiveLimit.vegas(), AdaptiveLimit.gradient())
                .map(AdaptiveLimit.Builder::build);
    }

    @ParameterizedTest
    @MethodSource("limits")
    void anAdaptiveLimit(AdaptiveLimit limit) {
        assertThat(bytesPerCall(() -> limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, 1_000)))
                .isLessThan(1);
    }

    @Test
    void anAdaptiveLimitThatRefuses() {
        AdaptiveLimit limit = AdaptiveLimit.aimd().initial(1).build();
        limit.tryAcquire();

        assertThat(bytesPerCall(() -> limit.onResult(limit.tryAcquire(), Outcome.SUCCESS, 1_000)))
                .isLessThan(1);
    }

    @Test
    void aShedder() {
        LoadShedder shedder = LoadShedder.builder()
                .priorities(2)
                .coDel(Duration.ofMillis(1), Duration.ofMillis(10))
                .build();

        assertThat(bytesPerCall(() -> {
                    if (shedder.tryAdmit(1)) {
                        shedder.onQueueDelay(20_000_000);
                        shedder.onRejected();
                    }
                }))
                .isLessThan(1);
        assertThat(shedder.stats().shed().get(1)).isPositive();
    }

    @Test
    void borrowedPermits() {
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        TokenStore.inProcess(TimeSource.system()),
                        "key",
                        1_000_000_000_000L,
                        Duration.ofSeconds(1),
                        Outage.failClosed())
                .burst(4_000_000_000L)
                .leased(1_000_000_000)
                .build();

        assertThat(bytesPerCall(() -> limiter.tryAcquireNow(1))).isLessThan(1);
        assertThat(limiter.stats().grantedFromLease()).isPositive();
    }

    static Stream<Outage> outages() {
        return Stream.of(Outage.failOpen(), Outage.failClosed(), Outage.localShare(1), Outage.localShare(1_000));
    }

    /** But for the probes of the store, which come too seldom to show. */
    @ParameterizedTest
    @MethodSource("outages")
    void permitsWhileTheStoreIsAway(Outage outage) {
        TokenStore gone =
                (key, limit, unit, count, deadline) -> CompletableFuture.failedFuture(new IOException("gone"));
        DistributedRateLimiter limiter = DistributedRateLimiter.builder(
                        gone, "key", 1_000_000, Duration.ofSeconds(1), outage)
                .leased(1_000)
                .build();
        for (int i = 0; i < 3; i++) {
            limiter.tryAcquire().join();
        }

        assertThat(bytesPerCall(() -> limiter.tryAcquireNow(1))).isLessThan(1);
        assertThat(limiter.stats().storeAway()).isTrue();
    }
}

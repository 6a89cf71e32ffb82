package io.nettoolkit.resilience.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Decision;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.DistributedRateLimiter.Source;
import io.nettoolkit.resilience.OutageMode;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Decisions of a limiter whose store is in trouble: none fails, and none takes longer than it may. */
final class InTime {

    /** The store's timeout, and what a machine that runs other tests too may add. */
    private static final Duration IN_TIME = Duration.ofMillis(20 + 500);

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final TimeSource TIME = TimeSource.system();

    private InTime() {}

    static Decision decide(DistributedRateLimiter limiter) throws Exception {
        long start = TIME.nanoTime();
        Decision decision = limiter.tryAcquire().get(10, TimeUnit.SECONDS);
        assertThat(Duration.ofNanos(TIME.nanoTime() - start)).isLessThan(IN_TIME);
        return decision;
    }

    static Decision decideUntil(DistributedRateLimiter limiter, Predicate<Decision> wanted) throws Exception {
        long end = TIME.nanoTime() + PATIENCE_NANOS;
        while (TIME.nanoTime() - end < 0) {
            Decision decision = decide(limiter);
            if (wanted.test(decision)) {
                return decision;
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new AssertionError("nothing of the kind within " + Duration.ofNanos(PATIENCE_NANOS));
    }

    static void decideUntilAway(DistributedRateLimiter limiter) throws Exception {
        decideUntil(limiter, decision -> limiter.stats().storeAway());
    }

    static boolean byStore(Decision decision) {
        return decision.source() == Source.STORE;
    }

    static Decision decideUntilByStore(DistributedRateLimiter limiter) throws Exception {
        return decideUntil(limiter, InTime::byStore);
    }

    /** The outage of a mode; a local share is two permits of the limit's burst. */
    static Outage outage(OutageMode mode, int wholeBurst) {
        return mode.outage(wholeBurst / 2);
    }

    /** A hundred decisions without the store are made as was chosen. */
    static void assertHonoured(OutageMode mode, DistributedRateLimiter limiter) throws Exception {
        int granted = 0;
        for (int i = 0; i < 100; i++) {
            Decision decision = decide(limiter);
            assertThat(decision.source()).isEqualTo(Source.FALLBACK);
            granted += decision.granted() ? 1 : 0;
        }
        switch (mode) {
            case FAIL_OPEN -> assertThat(granted).isEqualTo(100);
            case FAIL_CLOSED -> assertThat(granted).isZero();
            case LOCAL_SHARE -> assertThat(granted).as("a share of 2").isLessThanOrEqualTo(2);
        }
    }
}

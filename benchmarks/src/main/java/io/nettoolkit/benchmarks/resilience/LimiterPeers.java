package io.nettoolkit.benchmarks.resilience;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;

/** The limiters of other libraries, each as its documentation sets it up. */
final class LimiterPeers {

    private LimiterPeers() {}

    /** Its default, the limiter without a lock. */
    static io.github.resilience4j.ratelimiter.RateLimiter resilience4j(int permits, Duration per) {
        RateLimiterConfig config = RateLimiterConfig.custom()
                .limitForPeriod(permits)
                .limitRefreshPeriod(per)
                .timeoutDuration(Duration.ZERO)
                .build();
        return io.github.resilience4j.ratelimiter.RateLimiter.of("peer", config);
    }

    /** Its default, which reads the wall clock's milliseconds. */
    static Bucket bucket4j(long permits, Duration per) {
        return bucket4jBuilder(permits, per).build();
    }

    /** On the clock that the others use. */
    static Bucket bucket4jNanos(long permits, Duration per) {
        return bucket4jBuilder(permits, per).withNanosecondPrecision().build();
    }

    private static LocalBucketBuilder bucket4jBuilder(long permits, Duration per) {
        return Bucket.builder().addLimit(limit -> limit.capacity(permits).refillGreedy(permits, per));
    }

    /** It keeps the permits of a second. */
    @SuppressWarnings("UnstableApiUsage")
    static com.google.common.util.concurrent.RateLimiter guava(long permits, Duration per) {
        return com.google.common.util.concurrent.RateLimiter.create(permits / (per.toNanos() / 1e9));
    }

    /** Permits per period, the faster of its two. */
    static dev.failsafe.RateLimiter<Object> failsafe(long permits, Duration per) {
        return dev.failsafe.RateLimiter.burstyBuilder(permits, per).build();
    }
}

package io.nettoolkit.benchmarks.resilience;

import io.github.bucket4j.Bucket;
import io.nettoolkit.resilience.RateLimiter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A refusal: the limit is used up, and stays so for a day. {@code -t 4} shares the limiter among four threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"})
public class RateLimiterRejectBenchmark {

    private static final int PERMITS = 1;
    private static final Duration PER = Duration.ofDays(1);

    private final RateLimiter toolkit = RateLimiter.tokenBucket(PERMITS, PER).build();
    private final io.github.resilience4j.ratelimiter.RateLimiter resilience4j = LimiterPeers.resilience4j(PERMITS, PER);
    private final Bucket bucket4j = LimiterPeers.bucket4j(PERMITS, PER);
    private final Bucket bucket4jNanos = LimiterPeers.bucket4jNanos(PERMITS, PER);
    private final com.google.common.util.concurrent.RateLimiter guava = LimiterPeers.guava(PERMITS, PER);
    private final dev.failsafe.RateLimiter<Object> failsafe = LimiterPeers.failsafe(PERMITS, PER);

    /** Uses the limits up, and checks that they refuse. */
    @Setup
    public void useUp() {
        toolkit();
        resilience4j();
        bucket4j();
        bucket4jNanos();
        guava();
        failsafe();
        if (toolkit() || resilience4j() || bucket4j() || bucket4jNanos() || guava() || failsafe()) {
            throw new IllegalStateException("a contestant admits what it should refuse");
        }
    }

    /** The toolkit's token bucket. */
    @Benchmark
    public boolean toolkit() {
        return toolkit.tryAcquire();
    }

    /** Resilience4j at its default. */
    @Benchmark
    public boolean resilience4j() {
        return resilience4j.acquirePermission();
    }

    /** Bucket4j at its default. */
    @Benchmark
    public boolean bucket4j() {
        return bucket4j.tryConsume(1);
    }

    /** Bucket4j on the nanosecond clock. */
    @Benchmark
    public boolean bucket4jNanos() {
        return bucket4jNanos.tryConsume(1);
    }

    /** Guava. */
    @Benchmark
    public boolean guava() {
        return guava.tryAcquire();
    }

    /** Failsafe. */
    @Benchmark
    public boolean failsafe() {
        return failsafe.tryAcquirePermit();
    }

    /** The clock that all but one of them read. */
    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }
}

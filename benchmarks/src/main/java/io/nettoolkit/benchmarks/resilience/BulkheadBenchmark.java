package io.nettoolkit.benchmarks.resilience;

import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.nettoolkit.resilience.Bulkhead;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A permit taken and given back; there is always one. The toolkit and Resilience4j count what they grant, the bare semaphore
 * and Failsafe do not. {@code -t 4} shares one among four threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"})
public class BulkheadBenchmark {

    private static final int PERMITS = 64;

    private final Bulkhead toolkit = Bulkhead.builder(PERMITS).build();
    private final Semaphore semaphore = new Semaphore(PERMITS);
    private final LongAdder granted = new LongAdder();
    private final io.github.resilience4j.bulkhead.Bulkhead resilience4j = io.github.resilience4j.bulkhead.Bulkhead.of(
            "default", BulkheadConfig.custom().maxConcurrentCalls(PERMITS).build());
    private final io.github.resilience4j.bulkhead.Bulkhead resilience4jUnfair =
            io.github.resilience4j.bulkhead.Bulkhead.of(
                    "unfair",
                    BulkheadConfig.custom()
                            .maxConcurrentCalls(PERMITS)
                            .fairCallHandlingStrategyEnabled(false)
                            .build());
    private final dev.failsafe.Bulkhead<Object> failsafe = dev.failsafe.Bulkhead.of(PERMITS);

    /** The toolkit. */
    @Benchmark
    public boolean toolkit() {
        boolean acquired = toolkit.tryAcquire();
        toolkit.release();
        return acquired;
    }

    /** The JDK's semaphore alone, which counts nothing. */
    @Benchmark
    public boolean semaphore() {
        boolean acquired = semaphore.tryAcquire();
        semaphore.release();
        return acquired;
    }

    /** The semaphore and the JDK's counter. */
    @Benchmark
    public boolean semaphoreCounted() {
        boolean acquired = semaphore.tryAcquire();
        granted.increment();
        semaphore.release();
        return acquired;
    }

    /** Resilience4j by default: a fair semaphore. */
    @Benchmark
    public boolean resilience4j() {
        boolean acquired = resilience4j.tryAcquirePermission();
        resilience4j.onComplete();
        return acquired;
    }

    /** Resilience4j at its best: an unfair one. */
    @Benchmark
    public boolean resilience4jUnfair() {
        boolean acquired = resilience4jUnfair.tryAcquirePermission();
        resilience4jUnfair.onComplete();
        return acquired;
    }

    /** Failsafe. */
    @Benchmark
    public boolean failsafe() {
        boolean acquired = failsafe.tryAcquirePermit();
        failsafe.releasePermit();
        return acquired;
    }
}

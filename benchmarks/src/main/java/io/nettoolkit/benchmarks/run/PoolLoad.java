package io.nettoolkit.benchmarks.run;

import com.sun.management.OperatingSystemMXBean;
import io.nettoolkit.benchmarks.pool.EchoCalls;
import io.nettoolkit.core.TimeSource;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Callers that make one call after the other for a given time. */
final class PoolLoad {

    /**
     * What came of it.
     *
     * @param perSecond calls
     * @param p99Micros of a call, from before the acquire to the answer
     * @param cpuMicros of this process, for each call
     */
    record Result(double perSecond, double p99Micros, double cpuMicros) {}

    private final TimeSource time = TimeSource.system();
    private final int callers;
    private final long measureNanos;

    PoolLoad(int callers, double seconds) {
        this.callers = callers;
        measureNanos = (long) (seconds * 1e9);
    }

    Result run(EchoCalls calls, boolean blocking) {
        Histogram latency = new ConcurrentHistogram(3);
        List<CompletableFuture<Void>> ended = new ArrayList<>();
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = system.getProcessCpuTime();
        long begin = time.nanoTime();
        long end = begin + measureNanos;
        AtomicLong done = new AtomicLong();
        for (int i = 0; i < callers; i++) {
            CompletableFuture<Void> caller = new CompletableFuture<>();
            ended.add(caller);
            Callers its = new Callers(calls, latency, done, end, caller);
            if (blocking) {
                new Thread(its::block, "caller-" + i).start();
            } else {
                its.next();
            }
        }
        CompletableFuture.allOf(ended.toArray(new CompletableFuture<?>[0])).join();
        double seconds = (time.nanoTime() - begin) / 1e9;
        double cpuMicros = (system.getProcessCpuTime() - cpu) / 1e3;
        long count = Math.max(1, done.get());
        return new Result(count / seconds, latency.getValueAtPercentile(99) / 1e3, cpuMicros / count);
    }

    /** One of them. */
    private final class Callers {

        private final EchoCalls calls;
        private final Histogram latency;
        private final AtomicLong done;
        private final long endNanos;
        private final CompletableFuture<Void> ended;

        Callers(EchoCalls calls, Histogram latency, AtomicLong done, long endNanos, CompletableFuture<Void> ended) {
            this.calls = calls;
            this.latency = latency;
            this.done = done;
            this.endNanos = endNanos;
            this.ended = ended;
        }

        void block() {
            try {
                for (long begun = time.nanoTime(); begun - endNanos < 0; begun = time.nanoTime()) {
                    calls.call();
                    answered(begun);
                }
                ended.complete(null);
            } catch (Exception e) {
                ended.completeExceptionally(e);
            }
        }

        /** Does not go deeper and deeper, because an answer comes from the network, never within the call. */
        void next() {
            long begun = time.nanoTime();
            if (begun - endNanos >= 0) {
                ended.complete(null);
                return;
            }
            calls.begin().whenComplete((answer, failure) -> {
                if (failure != null) {
                    ended.completeExceptionally(failure);
                } else {
                    answered(begun);
                    next();
                }
            });
        }

        private void answered(long begunNanos) {
            latency.recordValue(time.nanoTime() - begunNanos);
            done.incrementAndGet();
        }
    }
}

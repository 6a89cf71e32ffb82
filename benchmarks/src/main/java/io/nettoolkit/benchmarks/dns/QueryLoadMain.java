package io.nettoolkit.benchmarks.dns;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.nettoolkit.core.TimeSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * One contestant in a JVM of its own: keeps a number of lookups of distinct names in flight for as long as it is told, and
 * prints what that came to. Lines on its input are seconds to measure; its end ends it.
 */
public final class QueryLoadMain {

    /** What a line with results begins with: queries a second, failures, bytes and processor microseconds a query. */
    public static final String RESULT = "result ";

    private static final String ZONE = ".bench.test";

    private final QueryContestant.Asker asker;
    private final int inFlight;
    private final TimeSource time = TimeSource.system();
    private final AtomicInteger numbers = new AtomicInteger();

    private QueryLoadMain(QueryContestant.Asker asker, int inFlight) {
        this.asker = asker;
        this.inFlight = inFlight;
    }

    /** Arguments: contestant, port of the server, lookups in flight. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        InetSocketAddress server =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
        QueryContestant contestant = QueryContestant.valueOf(arguments[0]);
        QueryLoadMain load = new QueryLoadMain(contestant.open(server), Integer.parseInt(arguments[2]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(RESULT + load.run(Duration.ofNanos((long) (Double.parseDouble(line) * 1e9))));
        }
        System.exit(0);
    }

    private String run(Duration duration) throws InterruptedException {
        LongAdder answers = new LongAdder();
        LongAdder failures = new LongAdder();
        CountDownLatch ended = new CountDownLatch(inFlight);
        long bytes = allocatedBytes();
        long cpu = cpuNanos();
        long start = time.nanoTime();
        long end = start + duration.toNanos();
        for (int i = 0; i < inFlight; i++) {
            new Asking(answers, failures, ended, end).next();
        }
        ended.await();
        double seconds = (time.nanoTime() - start) / 1e9;
        double queries = Math.max(1, answers.sum() + failures.sum());
        return String.format(
                Locale.ROOT,
                "%.0f %d %.0f %.2f",
                answers.sum() / seconds,
                failures.sum(),
                (allocatedBytes() - bytes) / queries,
                (cpuNanos() - cpu) / 1e3 / queries);
    }

    /** One of those in flight: asks the next name when the last one is answered. */
    private final class Asking {
        private final LongAdder answers;
        private final LongAdder failures;
        private final CountDownLatch ended;
        private final long endNanos;

        Asking(LongAdder answers, LongAdder failures, CountDownLatch ended, long endNanos) {
            this.answers = answers;
            this.failures = failures;
            this.ended = ended;
            this.endNanos = endNanos;
        }

        void next() {
            if (time.nanoTime() - endNanos < 0) {
                asker.ask("n" + numbers.getAndIncrement() + ZONE, this::answered);
            } else {
                ended.countDown();
            }
        }

        private void answered(String name) {
            (name.isEmpty() ? failures : answers).increment();
            next();
        }
    }

    private static long allocatedBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(bytes, 0);
        }
        return sum;
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}

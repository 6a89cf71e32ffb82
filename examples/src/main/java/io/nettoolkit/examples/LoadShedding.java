package io.nettoolkit.examples;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.LoadShedder;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar load-shedding
 * Output:
 *   half the load:  <n> of 100 interactive and <n> of 100 batch jobs let in
 *   twice the load: <n> of 400 interactive and <n> of 1200 batch jobs let in, longest wait <n> ms
 *   interactive jobs are refused last: yes
 *   a server that refuses everything: asked <n> times instead of 2000
 *   it accepts again: the client asks every time after <n> calls
 */

/** A server that keeps its queue short by refusing batch jobs first, and a client that spares a server that refuses. */
@Command(
        name = "load-shedding",
        description = "Refuses work early, the least important first.",
        mixinStandardHelpOptions = true)
public final class LoadShedding implements Callable<Integer> {

    private static final int INTERACTIVE = 0;
    private static final int BATCH = 1;
    private static final Duration JOB = Duration.ofMillis(2);
    private static final Duration TICK = Duration.ofMillis(10);

    private final TimeSource time = TimeSource.system();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new LoadShedding(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        server();
        client();
        return 0;
    }

    // ---- a server: what it is told is how long jobs waited

    private void server() throws InterruptedException {
        LoadShedder shedder = LoadShedder.builder()
                .name("jobs")
                .priorities(2)
                .coDel(Duration.ofMillis(5), Duration.ofMillis(100))
                .build();
        AtomicLong longestWaitNanos = new AtomicLong();
        // One worker and 2 ms a job: five jobs in each tick of 10 ms are all it can do.
        ExecutorService worker = Executors.newSingleThreadExecutor();
        int[] half = load(shedder, worker, longestWaitNanos, new int[] {1, 1}, 100);
        System.out.printf(
                "half the load:  %d of 100 interactive and %d of 100 batch jobs let in%n",
                half[INTERACTIVE], half[BATCH]);

        longestWaitNanos.set(0);
        int[] twice = load(shedder, worker, longestWaitNanos, new int[] {2, 6}, 200);
        System.out.printf(
                "twice the load: %d of 400 interactive and %d of 1200 batch jobs let in, longest wait %d ms%n",
                twice[INTERACTIVE], twice[BATCH], TimeUnit.NANOSECONDS.toMillis(longestWaitNanos.get()));
        worker.shutdown();
        worker.awaitTermination(10, TimeUnit.SECONDS);
        boolean batchFirst = twice[INTERACTIVE] / 400.0 >= twice[BATCH] / 1200.0;
        System.out.println("interactive jobs are refused last: " + (batchFirst ? "yes" : "no"));
    }

    private int[] load(
            LoadShedder shedder, ExecutorService worker, AtomicLong longestWaitNanos, int[] jobsInATick, int ticks) {
        int[] admitted = new int[2];
        long start = time.nanoTime();
        for (int tick = 0; tick < ticks; tick++) {
            for (int priority = 0; priority < 2; priority++) {
                for (int i = 0; i < jobsInATick[priority]; i++) {
                    if (shedder.tryAdmit(priority)) {
                        admitted[priority]++;
                        long queued = time.nanoTime();
                        worker.execute(() -> {
                            long waited = time.nanoTime() - queued;
                            shedder.onQueueDelay(waited);
                            longestWaitNanos.accumulateAndGet(waited, Math::max);
                            pause(time.nanoTime() + JOB.toNanos());
                        });
                    }
                }
            }
            pause(start + (tick + 1) * TICK.toNanos());
        }
        return admitted;
    }

    private void pause(long untilNanos) {
        for (long left = untilNanos - time.nanoTime(); left > 0; left = untilNanos - time.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    // ---- a client: what it is told is what the server refused

    private void client() throws Exception {
        LoadShedder shedder = LoadShedder.builder()
                .name("calls")
                .clientThrottle(2, Duration.ofSeconds(1))
                .build();
        int[] asked = new int[1];
        boolean[] refusing = {true};
        Callable<String> server = () -> {
            asked[0]++;
            if (refusing[0]) {
                throw new RejectedException("server", Reason.OVERLOADED, Duration.ZERO, "");
            }
            return "done";
        };
        for (int i = 0; i < 2_000; i++) {
            tryOnce(shedder, server);
        }
        System.out.println("a server that refuses everything: asked " + asked[0] + " times instead of 2000");

        refusing[0] = false;
        int calls = 0;
        for (int inARow = 0; inARow < 100; calls++) {
            inARow = tryOnce(shedder, server) ? inARow + 1 : 0;
        }
        System.out.printf(Locale.ROOT, "it accepts again: the client asks every time after %d calls%n", calls - 100);
    }

    private boolean tryOnce(LoadShedder shedder, Callable<String> server) throws Exception {
        pause(time.nanoTime() + Duration.ofMillis(1).toNanos());
        try {
            shedder.execute(server);
            return true;
        } catch (RejectedException refused) {
            return false;
        }
    }
}

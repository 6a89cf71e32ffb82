package io.nettoolkit.examples;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.resilience.Bulkhead;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar bulkhead
 * Output:
 *   begun: report 1
 *   begun: report 2
 *   refused: report 5, PENDING_LIMIT
 *   gave up waiting: report 4
 *   begun: report 3
 *   in the end: 0 under way, 0 waiting, 3 begun, 1 refused, 1 gave up
 */

/** Two reports at a time, two more in a queue: a slow peer takes no more of its callers than that. */
@Command(
        name = "bulkhead",
        description = "Bounds calls at once, with a queue for a few more.",
        mixinStandardHelpOptions = true)
public final class BulkheadExample implements Callable<Integer> {

    private static final int PATIENCE_SECONDS = 10;

    private final Bulkhead bulkhead = Bulkhead.builder(2)
            .maxPending(2)
            .maxWait(Duration.ofSeconds(5))
            .name("reports")
            .build();

    /** Reports the slow peer is at. */
    private final BlockingQueue<CompletableFuture<String>> peer = new LinkedTransferQueue<>();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new BulkheadExample(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            int number = i;
            answers.add(bulkhead.executeAsync(() -> begin(number)));
        }
        try {
            answers.get(4).join();
        } catch (CompletionException refused) {
            System.out.println("refused: report 5, " + reasonOf(refused.getCause()));
        }

        answers.get(3).cancel(true);
        while (bulkhead.stats().cancelled() == 0) {
            // The cancel is on its way over an event loop.
            Thread.onSpinWait();
        }
        System.out.println("gave up waiting: report 4");

        // The first ends, and the third begins in its place.
        for (int i = 1; i <= 3; i++) {
            next().complete("done");
        }
        for (int i = 0; i < 3; i++) {
            answers.get(i).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        Bulkhead.Stats end = bulkhead.stats();
        System.out.println("in the end: " + end.inFlight() + " under way, " + end.queued() + " waiting, "
                + end.granted() + " begun, " + end.refused() + " refused, " + end.cancelled() + " gave up");
        return 0;
    }

    private CompletableFuture<String> begin(int number) {
        System.out.println("begun: report " + number);
        CompletableFuture<String> report = new CompletableFuture<>();
        peer.add(report);
        return report;
    }

    private CompletableFuture<String> next() throws IOException, InterruptedException {
        CompletableFuture<String> report = peer.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (report == null) {
            throw new IOException("no report was begun for " + PATIENCE_SECONDS + " s");
        }
        return report;
    }

    private static String reasonOf(@Nullable Throwable refusal) {
        return refusal instanceof RejectedException rejected ? rejected.reason().toString() : String.valueOf(refusal);
    }
}
